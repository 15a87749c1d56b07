"""Retention: what is deleted by itself, how long after which moment, and why. One row for each kind of record.

A sweep deletes what a row names; nothing else is deleted by the clock. How long most are kept an owner chooses (`periods`). The others
are fixed: `keep` says how long, and where it is a domain's own constant, its pages already refuse what is older and so must not wait
for a sweep. The text of a message has no period, because it is
never stored: `messaging.letters` writes it anew from the facts each time.

What `due` finds is what the preview counts and what the sweep deletes.

Sources: GDPR, article 5(1)(c) and (e), data minimisation and storage limitation (read 2026-11-29).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
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
from clinic.db import RowsToDelete
from clinic.intake import consent, documents, own_pages
from clinic.intake import services as intake
from clinic.language import N_
from clinic.maintenance import erasure, periods, unseen_clients
from clinic.maintenance.periods import Period
from clinic.maintenance.processing import Ground
from clinic.plans import kept_forms, preparation
from clinic.practice import invitations
from clinic.tasks import services as tasks

MINUTE: Final = 7
"""Of each hour, at which the hourly step runs."""
NIGHT: Final = time(3, 20)
UNSEEN_NIGHT: Final = time(3, 30)
"""In UTC. After the other nightly step, so that a client who is erased counts once."""


class Sweep(Enum):
    """Which step deletes it."""

    TIDY = "every hour"
    DRAFTS = "every night"
    UNSEEN = "every night, one by one"

    def next_run(self, now: datetime) -> datetime:
        """When the step runs next, as the worker's timetable says."""
        if self is Sweep.TIDY:
            this_hour = now.replace(minute=MINUTE, second=0, microsecond=0)
            return this_hour if this_hour > now else this_hour + timedelta(hours=1)
        at = NIGHT if self is Sweep.DRAFTS else UNSEEN_NIGHT
        tonight = datetime.combine(now.astimezone(UTC).date(), at, UTC)
        return tonight if tonight > now else tonight + timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long one kind of record is kept. `due` and `delete` take the instant before which it may no longer be there, or, if the rows
    are `judged`, the present and the period."""

    kind: str
    """Names it in the database, in addresses and in the audit."""
    what: str
    after: str
    """The moment from which the period counts."""
    why: str
    ground: Ground
    keep: timedelta | None = None
    """None where an owner chooses."""
    due: tuple[Callable[..., RowsToDelete], ...]
    delete: Callable[..., int] | None = None
    """For rows that take others along; without it what is due is deleted."""
    sweep: Sweep = Sweep.TIDY
    judged: bool = False
    """Whether more than one moment decides what is due."""
    happens: str = N_("It is deleted.")

    def period(self, known: Mapping[str, int] | None = None) -> Period | None:
        """How long it is kept now; None if it is not deleted by itself. `known` is `periods.chosen()`, for many rows."""
        return periods.period_of(self.keep) if self.keep else periods.current(self.kind, known)

    def count_due(self, now: datetime, known: Mapping[str, int] | None = None) -> int:
        """How many rows a run at this instant takes away."""
        period = self.period(known)
        return sum(rows(*self._asked(now, period)).count() for rows in self.due) if period else 0

    def delete_due(self, now: datetime) -> int:
        """Take them away; returns how many. The caller commits, except for `Sweep.UNSEEN`."""
        period = self.period()
        if period is None:
            return 0
        asked = self._asked(now, period)
        return self.delete(*asked) if self.delete else sum(rows(*asked).delete() for rows in self.due)

    def _asked(self, now: datetime, period: Period) -> tuple[datetime] | tuple[datetime, Period]:
        return (now, period) if self.judged else (period.before(now),)


RETENTION: Final = (
    Retention(
        kind="tries",
        what=N_("How often something was tried (rate limits)"),
        keep=timedelta(days=2),
        after=N_("the window began"),
        why=N_("the longest window is a day; nothing older counts"),
        ground=Ground.SECURITY,
        due=(limits.old_windows,),
        delete=limits.delete_windows,
    ),
    Retention(
        kind="links",
        what=N_("One-time links"),
        keep=timedelta(days=1),
        after=N_("the link expired"),
        why=N_("an expired link opens nothing; for a day it can be looked into why one failed"),
        ground=Ground.SECURITY,
        due=(accounts.old_links,),
    ),
    Retention(
        kind="replaced_addresses",
        what=N_("Replaced email addresses"),
        after=N_("the address was replaced"),
        why=N_("a mistaken or malicious change can be undone for a month"),
        ground=Ground.SECURITY,
        due=(client_records.old_replaced,),
    ),
    Retention(
        kind="address_changes",
        what=N_("New email addresses that nobody proved"),
        keep=address_changes.KEPT,
        after=N_("the link was last asked for"),
        why=N_("an address that nobody proved does not count"),
        ground=Ground.CONTRACT,
        due=(address_changes.old_changes,),
    ),
    Retention(
        kind="sessions",
        what=N_("Sessions of signed-in browsers"),
        after=N_("staff were last seen in it, or a client’s session expired"),
        why=N_("a sign-in that somebody else made can still be looked into"),
        ground=Ground.SECURITY,
        due=(sessions.old_staff_sessions, sessions.old_client_sessions),
    ),
    Retention(
        kind="typed_details",
        what=N_("Details typed into an unsent booking form"),
        keep=typed_details.KEPT,
        after=N_("they were typed"),
        why=N_("long enough to choose another time; nobody agreed to more"),
        ground=Ground.CONTRACT,
        due=(typed_details.old_details,),
    ),
    Retention(
        kind="invitations",
        what=N_("Invitations to the team"),
        after=N_("the invitation expired"),
        why=N_(
            "owners see who never came; then the address of somebody who may never have come is forgotten"
        ),
        ground=Ground.WORK,
        due=(invitations.old_invitations,),
    ),
    Retention(
        kind="lapsed_reservations",
        what=N_("Lapsed reservations that nobody booked"),
        keep=timedelta(days=1),
        after=N_("they lapsed"),
        why=N_("they hold nothing about anybody"),
        ground=Ground.CONTRACT,
        due=(lapsed_reservations.old_reservations,),
    ),
    Retention(
        kind="waiting_list",
        what=N_("Waiting-list entries and their offers"),
        after=N_("the entry ended"),
        why=N_("the desk can say what was offered and when"),
        ground=Ground.CONTRACT,
        due=(entries.old_entries,),
        delete=entries.delete_ended,
    ),
    Retention(
        kind="repeated_forms",
        what=N_("Answers to forms that are sent twice"),
        keep=timedelta(days=30),
        after=N_("the first answer"),
        why=N_("a form or a caller that repeats itself gets the first answer"),
        ground=Ground.CONTRACT,
        due=(idempotency.old_keys,),
        delete=idempotency.delete_old,
    ),
    Retention(
        kind="task_words",
        what=N_("Words and marks on tasks, and to-dos that are done"),
        after=N_("they were written, handed over or done"),
        why=N_("long enough to ask who had taken something on"),
        ground=Ground.WORK,
        due=(tasks.old_words, tasks.old_to_dos, tasks.old_marks),
    ),
    Retention(
        kind="downtime_sheets",
        what=N_("Encrypted sheets of who comes, for a day without the server"),
        keep=downtime_sheet.KEPT,
        after=N_("they were made"),
        why=N_("a sheet is for one day, and the day after to type in what happened"),
        ground=Ground.CONTRACT,
        due=(downtime_sheet.old_sheets,),
        delete=downtime_sheet.delete_old,
    ),
    Retention(
        kind="data_exports",
        what=N_("Copies of everything about one client, encrypted"),
        keep=data_exports.KEPT,
        after=N_("they were ready"),
        why=N_("long enough to download it; a new one can be asked for at any time"),
        ground=Ground.LAW,
        due=(data_exports.old_copies,),
        delete=data_exports.delete_old,
    ),
    Retention(
        kind="unusual_readings",
        what=N_("That somebody here read unusually many files, or at night"),
        after=N_("it was last noticed"),
        why=N_("long enough to look into it; who read what stays in the record of access"),
        ground=Ground.SECURITY,
        due=(unusual_reading.old_readings,),
    ),
    Retention(
        kind="notes",
        what=N_("Records of treatment of erased clients, sealed"),
        after=N_("the last visit, for a child after the 18th birthday"),
        why=N_("the law obliges the practice to keep notes; then nothing of the client is left"),
        ground=Ground.CARE,
        judged=True,
        due=(erasure.ended_records,),
    ),
    Retention(
        kind="backup_runs",
        what=N_("Attempts to make or prove a backup"),
        keep=runs.KEPT,
        after=N_("they began"),
        why=N_("longer than the oldest backup file stays"),
        ground=Ground.SECURITY,
        due=(runs.old_runs,),
    ),
    Retention(
        kind="own_pages",
        what=N_("Addresses that a page about your answers was sent to"),
        keep=own_pages.KEPT,
        after=N_("the link was last asked for"),
        why=N_("long enough to ask for another link, for example before seeing the doctor"),
        ground=Ground.CONSENT,
        due=(own_pages.old_pages,),
        sweep=Sweep.DRAFTS,
    ),
    Retention(
        kind="drafts",
        what=N_("Unfinished health answers"),
        keep=consent.DRAFTS_KEPT,
        after=N_("the last change"),
        why=N_("the consent text promises it"),
        ground=Ground.CONSENT,
        due=(intake.old_drafts,),
        sweep=Sweep.DRAFTS,
    ),
    Retention(
        kind="visit_preparations",
        what=N_("Answers given page by page before a visit"),
        keep=preparation.KEPT,
        after=N_("the last change"),
        why=N_(
            "the consent text promises it of unfinished answers; what became a version is part of the record"
        ),
        ground=Ground.CONSENT,
        due=(preparation.old_preparations,),
        sweep=Sweep.DRAFTS,
    ),
    Retention(
        kind="unread_documents",
        what=N_("Letters and reports that clients sent and no therapist opened"),
        after=N_("they were sent, or the visit they were sent for"),
        why=N_("nobody needed them; what a therapist has opened is part of the health record"),
        ground=Ground.CONSENT,
        due=(documents.old_unread,),
        sweep=Sweep.DRAFTS,
    ),
    Retention(
        kind="kept_forms",
        what=N_("Unsaved session notes and plans"),
        keep=kept_forms.KEPT,
        after=N_("the therapist was signed out"),
        why=N_("long enough to come back the same day; what counts is saved"),
        ground=Ground.CARE,
        due=(kept_forms.old_forms,),
        sweep=Sweep.DRAFTS,
    ),
    Retention(
        kind=periods.UNSEEN,
        what=N_("Clients who have not been here for a long time"),
        after=N_("they last had a visit, used our pages or waited for a time"),
        why=N_("nobody needs them any more; as long as the law keeps notes about them, they stay"),
        ground=Ground.LAW,
        due=(unseen_clients.unseen,),
        delete=unseen_clients.erase_unseen,
        sweep=Sweep.UNSEEN,
        judged=True,
        happens=N_(
            "Everything about them is erased. The visits stay in the calendar of the past, without the person."
        ),
    ),
)
"""Rows stand before those whose deletion takes them along, so that each is counted where it was announced."""


def in_force() -> list[tuple[Retention, Period]]:
    """Each row by which something is deleted now, with its period. One statement."""
    known = periods.chosen()
    found = [(row, row.period(known)) for row in RETENTION]
    return [(row, period) for row, period in found if period is not None]


def row_of(kind: str) -> Retention:
    """The row of a kind. Raises KeyError."""
    return {row.kind: row for row in RETENTION}[kind]


def count_next(now: datetime) -> list[tuple[Retention, int]]:
    """What the next run of each row's step takes away, where that is anything."""
    known = periods.chosen()
    found = [(row, row.count_due(row.sweep.next_run(now), known)) for row in RETENTION]
    return [(row, count) for row, count in found if count]
