"""Retention: what is deleted by itself, how long after which moment, and why. One row for each kind of record.

A sweep deletes what a row names; nothing else is deleted by the clock. Three periods are the domain's own constants, because
its pages already refuse what is older and so must not wait for a sweep. The text of a message has no period, because it is
never stored: `messaging.letters` writes it anew from the facts each time.

Sources: GDPR, article 5(1)(c) and (e), data minimisation and storage limitation (read 2026-11-29).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from clinic.accounts import (
    address_changes,
    client_records,
    data_exports,
    limits,
    sessions,
    typed_details,
    unusual_reading,
)
from clinic.accounts import services as accounts
from clinic.backup import downtime_sheet, runs
from clinic.booking import idempotency, lapsed_reservations
from clinic.booking.waiting import entries
from clinic.intake import consent, documents, own_pages
from clinic.intake import services as intake
from clinic.language import N_
from clinic.maintenance import erasure
from clinic.plans import kept_forms, preparation
from clinic.practice import invitations
from clinic.tasks import services as tasks


class Sweep(Enum):
    """Which step deletes it."""

    TIDY = "every hour"
    DRAFTS = "every night"


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long one kind of record is kept; `delete` takes the instant before which it may no longer be there."""

    what: str
    keep: timedelta
    after: str
    """The moment from which the period counts."""
    why: str
    delete: Callable[[datetime], object]
    sweep: Sweep = Sweep.TIDY


RETENTION: Final = (
    Retention(
        what=N_("How often something was tried (rate limits)"),
        keep=timedelta(days=2),
        after=N_("the window began"),
        why=N_("the longest window is a day; nothing older counts"),
        delete=limits.delete_windows,
    ),
    Retention(
        what=N_("One-time links"),
        keep=timedelta(days=1),
        after=N_("the link expired"),
        why=N_("an expired link opens nothing; for a day it can be looked into why one failed"),
        delete=accounts.delete_links,
    ),
    Retention(
        what=N_("Replaced email addresses"),
        keep=timedelta(days=30),
        after=N_("the address was replaced"),
        why=N_("a mistaken or malicious change can be undone for a month"),
        delete=client_records.delete_replaced,
    ),
    Retention(
        what=N_("New email addresses that nobody proved"),
        keep=address_changes.KEPT,
        after=N_("the link was last asked for"),
        why=N_("an address that nobody proved does not count"),
        delete=address_changes.delete_old,
    ),
    Retention(
        what=N_("Sessions of signed-in browsers"),
        keep=timedelta(days=30),
        after=N_("staff were last seen in it, or a client’s session expired"),
        why=N_("a sign-in that somebody else made can still be looked into"),
        delete=sessions.delete_old,
    ),
    Retention(
        what=N_("Details typed into an unsent booking form"),
        keep=typed_details.KEPT,
        after=N_("they were typed"),
        why=N_("long enough to choose another time; nobody agreed to more"),
        delete=typed_details.delete_old,
    ),
    Retention(
        what=N_("Invitations to the team"),
        keep=timedelta(days=90),
        after=N_("the invitation expired"),
        why=N_(
            "owners see who never came; then the address of somebody who may never have come is forgotten"
        ),
        delete=invitations.delete_expired,
    ),
    Retention(
        what=N_("Waiting-list entries and their offers"),
        keep=timedelta(days=90),
        after=N_("the entry ended"),
        why=N_("the desk can say what was offered and when"),
        delete=entries.delete_ended,
    ),
    Retention(
        what=N_("Lapsed reservations that nobody booked"),
        keep=timedelta(days=1),
        after=N_("they lapsed"),
        why=N_("they hold nothing about anybody"),
        delete=lapsed_reservations.delete_lapsed,
    ),
    Retention(
        what=N_("Answers to forms that are sent twice"),
        keep=timedelta(days=30),
        after=N_("the first answer"),
        why=N_("a form or a caller that repeats itself gets the first answer"),
        delete=idempotency.delete_old,
    ),
    Retention(
        what=N_("Words and marks on tasks, and to-dos that are done"),
        keep=tasks.KEPT,
        after=N_("they were written, handed over or done"),
        why=N_("long enough to ask who had taken something on"),
        delete=tasks.delete_old,
    ),
    Retention(
        what=N_("Encrypted sheets of who comes, for a day without the server"),
        keep=downtime_sheet.KEPT,
        after=N_("they were made"),
        why=N_("a sheet is for one day, and the day after to type in what happened"),
        delete=downtime_sheet.delete_old,
    ),
    Retention(
        what=N_("Copies of everything about one client, encrypted"),
        keep=data_exports.KEPT,
        after=N_("they were ready"),
        why=N_("long enough to download it; a new one can be asked for at any time"),
        delete=data_exports.delete_old,
    ),
    Retention(
        what=N_("That somebody here read unusually many files, or at night"),
        keep=unusual_reading.KEPT,
        after=N_("it was last noticed"),
        why=N_("long enough to look into it; who read what stays in the record of access"),
        delete=unusual_reading.delete_old,
    ),
    Retention(
        what=N_("Records of treatment of erased clients, sealed"),
        keep=timedelta(days=1),
        after=N_("the period of the law ended"),
        why=N_("the law obliges the practice to keep notes; then nothing of the client is left"),
        delete=erasure.delete_ended,
    ),
    Retention(
        what=N_("Attempts to make or prove a backup"),
        keep=runs.KEPT,
        after=N_("they began"),
        why=N_("longer than the oldest backup file stays"),
        delete=runs.delete_old,
    ),
    Retention(
        what=N_("Unfinished health answers"),
        keep=consent.DRAFTS_KEPT,
        after=N_("the last change"),
        why=N_("the consent text promises it"),
        delete=intake.delete_old_drafts,
        sweep=Sweep.DRAFTS,
    ),
    Retention(
        what=N_("Answers given page by page before a visit"),
        keep=preparation.KEPT,
        after=N_("the last change"),
        why=N_(
            "the consent text promises it of unfinished answers; what became a version is part of the record"
        ),
        delete=preparation.delete_old,
        sweep=Sweep.DRAFTS,
    ),
    Retention(
        what=N_("Letters and reports that no therapist opened"),
        keep=documents.UNREAD_KEPT,
        after=N_("they were sent, or the visit they were sent for"),
        why=N_("nobody needed them; what a therapist has opened is part of the health record"),
        delete=documents.delete_unread,
        sweep=Sweep.DRAFTS,
    ),
    Retention(
        what=N_("Addresses that a page about your answers was sent to"),
        keep=own_pages.KEPT,
        after=N_("the link was last asked for"),
        why=N_("long enough to ask for another link, for example before seeing the doctor"),
        delete=own_pages.delete_old,
        sweep=Sweep.DRAFTS,
    ),
    Retention(
        what=N_("Unsaved session notes and plans"),
        keep=kept_forms.KEPT,
        after=N_("the therapist was signed out"),
        why=N_("long enough to come back the same day; what counts is saved"),
        delete=kept_forms.delete_old,
        sweep=Sweep.DRAFTS,
    ),
)
