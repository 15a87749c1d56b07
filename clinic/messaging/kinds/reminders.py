"""Reminders of visits to come."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.dialects import postgresql as pg

from clinic import language
from clinic.accounts import signed_links
from clinic.accounts.models import Contact
from clinic.booking.models import Appointment, State
from clinic.db import db
from clinic.language import N_, gettext
from clinic.language.reading import local_time, short_date, with_plain_spaces
from clinic.messaging import sms
from clinic.messaging.due.quiet_hours import Quiet
from clinic.messaging.due.shape import DueQuery, DueRules, Row
from clinic.messaging.due.shape import rules as rules_of
from clinic.messaging.due.visits import ADDRESS, PHONE, number, texted_visits, visits
from clinic.messaging.kinds.content import Drop, public_url
from clinic.messaging.kinds.declaration import DeclaredKind
from clinic.messaging.kinds.sample import sample_visit
from clinic.messaging.kinds.visit_letter import booked, revision, visit_letter
from clinic.messaging.kinds.wording import Words
from clinic.messaging.models import Message, MessageKind
from clinic.messaging.services import Claim, Owed
from clinic.messaging.sms import TextMessage
from clinic.plans import before_visit
from clinic.practice.models import IntakeRule, Location, Practice

ONE_DAY = timedelta(days=1)
WISHED = sa.case((ADDRESS.c.wants_reminders, ADDRESS.c.reminder_offsets_minutes))
"""How long before (minutes) the client wants reminders, by mail and text message alike; NULL where the practice decides."""


def reminders(rules: DueRules, now: datetime) -> Sequence[DueQuery]:
    """Booked visits whose reminder is due; if several are due at once, only the last one before the visit goes.

    The practice or the client chooses how long before, for mail and text messages alike. A reminder is due only if the time
    was agreed before that. One that falls into quiet hours goes before them, or not at all if an earlier one went.
    """
    practices = [int(offset.total_seconds() // 60) for offset in rules.reminder_offsets]
    windows = [
        (zone, minutes, _latest_start(rules, zone, timedelta(minutes=minutes), now))
        for zone in rules.zones
        for minutes in sorted({*practices, *rules.offsets_of_clients})
    ]
    if not windows:
        return []
    # Arrays, because a list of rows in the statement would have it compiled anew each time.
    zones, offsets, latest_starts = zip(*windows, strict=True)
    window = (
        sa.func.unnest(
            sa.cast(zones, pg.ARRAY(sa.Text)),
            sa.cast(offsets, pg.ARRAY(sa.Integer)),
            sa.cast(latest_starts, pg.ARRAY(sa.DateTime(timezone=True))),
        )
        .table_valued(
            sa.column("zone", sa.Text),
            sa.column("minutes", sa.Integer),
            sa.column("until", sa.DateTime(timezone=True)),
            name="due_window",
        )
        .render_derived()
    )
    sent_minutes = number(r"/(\d+)$")

    def due_by(channel: str, booked_visits: sa.Select[Any], *recipient: sa.ColumnElement[bool]) -> DueQuery:
        of_this_time = sa.and_(
            Message.kind == MessageKind.REMINDER,
            Message.channel == channel,
            Message.subject_id == Appointment.id,
            number(r"^r(\d+)/") == Appointment.time_revision,
            *recipient,
        )
        earlier_went = sa.exists().where(of_this_time, sent_minutes > window.c.minutes)
        question = (
            booked_visits.add_columns(window.c.minutes, earlier_went.label("earlier_went"))
            .join(window, window.c.zone == Location.zone)
            .where(
                Appointment.starts_at <= window.c.until,
                window.c.minutes
                == sa.any_(sa.func.coalesce(WISHED, sa.cast(practices, pg.ARRAY(sa.Integer)))),
                ~sa.exists().where(of_this_time, sent_minutes <= window.c.minutes),
            )
        )
        return DueQuery(question, lambda rows: _reminders(rows, channel, rules, now))

    to_come = (Appointment.state == State.BOOKED, Appointment.starts_at > now)
    mail = due_by("mail", visits(*to_come, ADDRESS.c.wants_reminders))
    if not rules.texts:
        return [mail]
    return [mail, due_by(sms.CHANNEL, texted_visits(*to_come), Message.recipient_id == PHONE.id)]


def _latest_start(rules: DueRules, zone: str, offset: timedelta, now: datetime) -> datetime:
    """The latest start whose reminder with this offset can be due."""
    if not rules.ahead:
        return rules.quiet(zone).reminded_until(now, offset)
    # Quiet hours bring a reminder forward by less than a day; each is then checked exactly.
    return rules.until(now) + offset + ONE_DAY


def reminded_at(
    starts_at: datetime, offset: timedelta, agreed_at: datetime | None, quiet: Quiet, *, earlier_went: bool
) -> datetime | None:
    """When a reminder of this offset goes (UTC); None when it does not. Both the sender and the pages use this.

    One that falls into quiet hours goes before them, or not at all if an earlier one went. One whose moment had passed
    when the time was agreed does not go.
    """
    meant_at = starts_at - offset
    due_at = quiet.before(meant_at)
    if agreed_at is None or agreed_at >= due_at or (due_at != meant_at and earlier_went):
        return None
    return due_at


def to_come(visit: Appointment, now: datetime) -> list[datetime]:
    """When email reminders of this visit will still go if nothing changes, earliest first: what a page may promise."""
    question = visits(
        Appointment.id == visit.id, Appointment.state == State.BOOKED, ADDRESS.c.wants_reminders
    )
    return _moments(question, rules_of(now), now)


def texts_to_come(visit: Appointment, now: datetime) -> list[datetime]:
    """The same for text messages: none while they are off, or to a telephone whose owner has not agreed."""
    is_on = sms.sms_provider(current_app) is not None
    question = texted_visits(Appointment.id == visit.id, Appointment.state == State.BOOKED)
    return _moments(question, rules_of(now, texts=True), now) if is_on else []


def _moments(question: sa.Select[Any], rules: DueRules | None, now: datetime) -> list[datetime]:
    row = db.session.execute(question.add_columns(WISHED.label("wished")).limit(1)).one_or_none()
    if rules is None or row is None:
        return []
    own: list[int] | None = row.wished
    offsets = rules.reminder_offsets if own is None else [timedelta(minutes=minutes) for minutes in own]
    found: list[datetime] = []
    for offset in sorted(offsets, reverse=True):
        at = reminded_at(
            row.starts_at, offset, row.time_agreed_at, rules.quiet(row.zone), earlier_went=bool(found)
        )
        if at is not None:
            found.append(at)
    return [at for at in found if at > now]


def _reminders(rows: Iterable[Row], channel: str, rules: DueRules, now: datetime) -> list[Owed]:
    """Of one recipient's reminders of a visit that are due now, only the last before the visit goes; in a forecast, later ones
    follow in turn."""
    found = []
    ordered = sorted(rows, key=lambda row: (row.id, row.recipient_id, row.minutes))
    for _, of_visit in groupby(ordered, key=lambda row: (row.id, row.recipient_id)):
        went = False
        for row in reversed(_still_to_go(list(of_visit), rules, now)):
            owed = _reminder(row, channel, rules, now, earlier_went=row.earlier_went or went)
            if owed is not None:
                found.append(owed)
                went = True
    return found


def _still_to_go(rows: Sequence[Row], rules: DueRules, now: datetime) -> Sequence[Row]:
    """The rows of one visit without those made unnecessary by a later one that is also due."""
    due = [number for number, row in enumerate(rows) if _due_at(row, rules) <= now]
    return rows[: due[0] + 1] if due else rows


def _due_at(row: Row, rules: DueRules) -> datetime:
    return rules.quiet(row.zone).before(row.starts_at - timedelta(minutes=row.minutes))


def _reminder(row: Row, channel: str, rules: DueRules, now: datetime, *, earlier_went: bool) -> Owed | None:
    offset = timedelta(minutes=row.minutes)
    due_at = reminded_at(
        row.starts_at, offset, row.time_agreed_at, rules.quiet(row.zone), earlier_went=earlier_went
    )
    if due_at is None or due_at > rules.until(now):
        return None
    return Owed(
        kind=MessageKind.REMINDER,
        channel=channel,
        subject_id=row.id,
        recipient_id=row.recipient_id,
        client_id=row.client_id,
        occasion=f"r{row.time_revision}/{row.minutes}",
        due_at=due_at,
        expires_at=row.starts_at,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyForm:
    """The short form before a visit: its URL, and when it opens."""

    link: str
    opens_at: datetime
    is_open: bool

    @classmethod
    def of(cls, appointment: Appointment, now: datetime) -> "SafetyForm":
        """The form of this visit, as `clinic.public.safety_form` opens it."""
        path = signed_links.visit_form_path(appointment.id, appointment.link_epoch)
        opens_at = before_visit.opens_at(appointment)
        return cls(link=public_url(path), opens_at=opens_at, is_open=opens_at <= now)


def _soon(claim: Claim, appointment: Appointment, now: datetime) -> str | None:
    return "moved" if revision(claim) != appointment.time_revision else booked(claim, appointment, now)


def _to_do(appointment: Appointment, practice: Practice, now: datetime) -> Mapping[str, Any]:
    """The short form, if there is one, and whether the client has said that they come."""
    asks = appointment.treatment.intake != IntakeRule.NONE
    return {"form": SafetyForm.of(appointment, now) if asks else None, "is_coming": appointment.is_coming}


def _text(claim: Claim, practice: Practice, now: datetime) -> TextMessage | Drop:
    """The text of a claimed message from today's facts, or the reason why it must not go."""
    appointment = db.session.get(Appointment, claim.subject_id)
    contact = db.session.get(Contact, claim.recipient_id)
    if appointment is None or contact is None or appointment.client is None:
        return Drop("gone")
    if appointment.client.erased_at is not None:
        return Drop("erased")
    if contact.bounced_at is not None:
        return Drop("does_not_arrive")
    if contact.sms_agreed_at is None or contact.client_id != appointment.client_id:
        return Drop("no_consent")
    if appointment.state != State.BOOKED:
        return Drop("cancelled")
    if claim.occasion.partition("/")[0] != f"r{appointment.time_revision}":
        return Drop("moved")
    if appointment.starts_at <= now:
        return Drop("over")
    with language.speaking(appointment.client.language):
        text = gettext(
            "%(practice)s: your appointment is on %(day)s, %(time)s, %(place)s. Change or cancel: %(link)s"
        ) % {
            "practice": practice.name,
            "day": short_date(appointment.starts_at, appointment.zone),
            "time": local_time(appointment.starts_at, appointment.zone),
            "place": appointment.location.name,
            "link": public_url(signed_links.manage_path(appointment.id, appointment.link_epoch)),
        }
    return TextMessage(
        reference=claim.id,
        to=contact.normalised,
        text=with_plain_spaces(text),
        visit_starts_at=appointment.starts_at,
    )


KINDS = (
    DeclaredKind(
        kind=MessageKind.REMINDER,
        label=N_("Reminder"),
        due=(reminders,),
        words=Words(
            subject=N_("{day}, {time}: your session at {practice}"),
            heading=N_("See you on {weekday}, {client}"),
        ),
        compose=visit_letter(_soon, wanted=lambda contact: contact.wants_reminders, more=_to_do),
        compose_text=_text,
        sample=lambda scene: {
            **sample_visit(scene),
            "form": SafetyForm(link=scene.link, opens_at=scene.visit.starts_at - ONE_DAY, is_open=True),
            "is_coming": False,
        },
    ),
)
