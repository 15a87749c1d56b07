"""Letters after a visit that took place."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from clinic.accounts import services as accounts
from clinic.accounts import signed_links
from clinic.accounts.models import LinkPurpose
from clinic.booking.models import CAME, OCCUPYING, Appointment, State
from clinic.booking.past_visits import TIPS_KEPT
from clinic.db import db
from clinic.language import N_
from clinic.messaging import preferences
from clinic.messaging.due.shape import DueQuery, DueRules, Row, due_query, never_owed
from clinic.messaging.due.visits import ADDRESS, is_told, visits
from clinic.messaging.kinds.content import public_url
from clinic.messaging.kinds.declaration import DeclaredKind
from clinic.messaging.kinds.sample import sample_visit
from clinic.messaging.kinds.visit_letter import LetterVisit, over, visit_letter
from clinic.messaging.kinds.wording import Words
from clinic.messaging.models import Message, MessageKind
from clinic.messaging.preferences import Topic
from clinic.messaging.services import SIGN_IN_WORTH, Claim, Owed, owe
from clinic.plans import check_ins as after_visits
from clinic.plans import score_sheets
from clinic.plans.models import ScoreSheet, SessionNote
from clinic.plans.score_sheets import Way
from clinic.practice.models import Practice

AFTERCARE_WORTH = timedelta(days=7)
REBOOKING_WORTH = timedelta(days=14)
CHECK_IN_WORTH = timedelta(days=3)
"""How long after it is due a check-in still makes sense."""

_later = sa.orm.aliased(Appointment)  # Made once: every pass asks.


def aftercare(rules: DueRules, now: datetime) -> Sequence[DueQuery]:
    """Visits that took place: as soon as the note is signed, at the latest the next morning."""

    def due_at(row: Row) -> datetime:
        quiet = rules.quiet(row.zone)
        morning = quiet.next_morning(row.ends_at)
        if row.signed_at is None:
            return morning
        return min(morning, quiet.after(max(row.signed_at, row.ends_at)))

    ended = (
        visits(
            Appointment.state.in_(CAME),
            Appointment.starts_at > now - AFTERCARE_WORTH,
            Appointment.ends_at <= rules.until(now),
            ADDRESS.c.wants_reminders,
            ~is_told(MessageKind.AFTERCARE),
        )
        .add_columns(SessionNote.signed_at)
        .outerjoin(SessionNote, SessionNote.appointment_id == Appointment.id)
    )
    return [
        due_query(
            MessageKind.AFTERCARE,
            ended,
            rules.until(now),
            occasion=lambda row: "visit",
            due_at=due_at,
            expires_at=lambda row: row.ends_at + AFTERCARE_WORTH,
        )
    ]


def check_ins(rules: DueRules, now: datetime) -> Sequence[DueQuery]:
    """Visits that took place, two days after their end."""
    ended = visits(
        Appointment.state.in_(CAME),
        Appointment.ends_at <= rules.until(now) - after_visits.AFTER,
        Appointment.ends_at > now - after_visits.AFTER - CHECK_IN_WORTH,
        ADDRESS.c.wants_check_ins,
        ~is_told(MessageKind.CHECK_IN),
    )
    return [
        due_query(
            MessageKind.CHECK_IN,
            ended,
            rules.until(now),
            occasion=lambda row: "visit",
            due_at=lambda row: rules.quiet(row.zone).after(row.ends_at + after_visits.AFTER),
            expires_at=lambda row: row.ends_at + after_visits.AFTER + CHECK_IN_WORTH,
        )
    ]


def scores_asked(rules: DueRules, now: datetime) -> Sequence[DueQuery]:
    """Clients whom staff asked for scores by letter: at once, outside the quiet hours, until the page closes."""
    asked = (
        visits(
            ScoreSheet.way == Way.LETTER,
            ScoreSheet.answered_at.is_(None),
            ScoreSheet.closes_at > now,
            ADDRESS.c.wants_check_ins,
            never_owed(
                MessageKind.SCORES_ASKED,
                Appointment.id,
                Message.occasion == sa.cast(ScoreSheet.id, sa.Text),
            ),
        )
        .add_columns(ScoreSheet.id.label("sheet_id"), ScoreSheet.asked_at, ScoreSheet.closes_at)
        .join(ScoreSheet, ScoreSheet.appointment_id == Appointment.id)
    )
    return [
        due_query(
            MessageKind.SCORES_ASKED,
            asked,
            rules.until(now),
            occasion=lambda row: str(row.sheet_id),
            due_at=lambda row: rules.quiet(row.zone).after(row.asked_at),
            expires_at=lambda row: row.closes_at,
        )
    ]


def rebookings(rules: DueRules, now: datetime) -> Sequence[DueQuery]:
    """Clients whose last visit was some weeks ago, who have nothing booked since, and who agreed to be invited
    again."""
    came_or_comes = sa.exists().where(
        _later.client_id == Appointment.client_id,
        _later.starts_at > Appointment.starts_at,
        _later.state.in_(OCCUPYING),
    )
    last = visits(
        Appointment.state.in_(CAME),
        Appointment.ends_at <= rules.until(now) - rules.rebooking_after,
        Appointment.ends_at > now - rules.rebooking_after - REBOOKING_WORTH,
        preferences.agreed_to_news(Appointment.client_id),
        ~came_or_comes,
        ~is_told(MessageKind.REBOOKING),
    )
    return [
        due_query(
            MessageKind.REBOOKING,
            last,
            rules.until(now),
            occasion=lambda row: "visit",
            due_at=lambda row: rules.quiet(row.zone).after(row.ends_at + rules.rebooking_after),
            expires_at=lambda row: row.ends_at + rules.rebooking_after + REBOOKING_WORTH,
        )
    ]


def owe_own_tips(appointment_id: UUID, now: datetime) -> None:
    """Queue a one-time link to this client's own tips, for the address to use; does nothing without one.

    Asking again within the same minute is the same occasion. Like a sign-in link it is minted at delivery. The caller
    commits.
    """
    found = db.session.execute(visits(Appointment.id == appointment_id)).one_or_none()
    if found is not None:
        owe(
            [
                Owed(
                    kind=MessageKind.OWN_TIPS,
                    subject_id=appointment_id,
                    recipient_id=found.recipient_id,
                    client_id=found.client_id,
                    occasion=f"{now:%Y-%m-%dT%H:%M}",
                    due_at=now,
                    expires_at=now + SIGN_IN_WORTH,
                )
            ],
            now,
        )


def _free(claim: Claim, appointment: Appointment, now: datetime) -> str | None:
    """Invitations to come again are for those with nothing booked."""
    later = sa.exists().where(
        Appointment.client_id == appointment.client_id,
        Appointment.starts_at > appointment.starts_at,
        Appointment.state.in_(OCCUPYING),
    )
    if db.session.scalar(sa.select(later)):
        return "booked"
    return over(claim, appointment, now)


def _next_visit(client_id: UUID | None, practice: Practice, now: datetime) -> LetterVisit | None:
    coming = db.session.scalar(
        sa.select(Appointment)
        .where(
            Appointment.client_id == client_id,
            Appointment.state == State.BOOKED,
            Appointment.starts_at > now,
        )
        .order_by(Appointment.starts_at)
        .limit(1)
    )
    return LetterVisit.of(coming, coming.client, practice, now) if coming and coming.client else None


def _tips(appointment: Appointment, practice: Practice, now: datetime) -> Mapping[str, Any]:
    path = signed_links.aftercare_path(appointment.id, appointment.link_epoch)
    return {
        "tips_link": public_url(path),
        "days": TIPS_KEPT.days,
        "next_visit": _next_visit(appointment.client_id, practice, now),
    }


def _one_time_link(appointment: Appointment, practice: Practice, now: datetime) -> Mapping[str, Any]:
    raw = accounts.mint_link(purpose=LinkPurpose.OWN_TIPS, subject_id=appointment.id, now=now)
    return {"link": public_url(signed_links.own_tips_path(raw))}


def _still_asked(claim: Claim, appointment: Appointment, now: datetime) -> str | None:
    if score_sheets.open_letter(appointment.id, now) is None:
        return "answered"
    return over(claim, appointment, now)


def _scores(appointment: Appointment, practice: Practice, now: datetime) -> Mapping[str, Any]:
    sheet = score_sheets.open_letter(appointment.id, now)
    return {"questions_link": public_url(signed_links.scores_path(sheet.id)) if sheet else ""}


def _questions(appointment: Appointment, practice: Practice, now: datetime) -> Mapping[str, Any]:
    path = signed_links.check_in_path(appointment.id, appointment.link_epoch)
    return {"questions_link": public_url(path)}


KINDS = (
    DeclaredKind(
        kind=MessageKind.AFTERCARE,
        label=N_("Aftercare"),
        due=(aftercare,),
        words=Words(
            subject=N_("Your tips after {day}"),
            heading=N_("Thank you for coming, {client}"),
        ),
        compose=visit_letter(over, wanted=lambda contact: contact.wants_reminders, more=_tips),
        sample=lambda scene: {
            **sample_visit(scene),
            "tips_link": scene.link,
            "days": TIPS_KEPT.days,
            "next_visit": scene.later_visit,
        },
    ),
    DeclaredKind(
        kind=MessageKind.OWN_TIPS,
        label=N_("Link to own tips"),
        words=Words(
            subject=N_("Your link for {day}"),
            heading=N_("The rest of your tips, {client}"),
        ),
        compose=visit_letter(over, more=_one_time_link),
        sample=lambda scene: {**sample_visit(scene), "link": scene.link},
        is_one_time=True,
    ),
    DeclaredKind(
        kind=MessageKind.CHECK_IN,
        label=N_("Check-in"),
        due=(check_ins,),
        words=Words(
            subject=N_("Two questions after {day}"),
            heading=N_("How are things, {client}?"),
            opening=N_("Two questions about the days since your session with {therapist}."),
        ),
        compose=visit_letter(
            over, wanted=lambda contact: contact.wants_check_ins, stops=Topic.CHECK_INS, more=_questions
        ),
        sample=lambda scene: {**sample_visit(scene), "questions_link": scene.link},
    ),
    DeclaredKind(
        kind=MessageKind.SCORES_ASKED,
        label=N_("Questions about how you have been"),
        due=(scores_asked,),
        words=Words(
            subject=N_("A few questions after {day}"),
            heading=N_("How have you been, {client}?"),
            opening=N_("Before your next session {therapist} would like to look back with you."),
        ),
        compose=visit_letter(
            _still_asked, wanted=lambda contact: contact.wants_check_ins, stops=Topic.CHECK_INS, more=_scores
        ),
        sample=lambda scene: {**sample_visit(scene), "questions_link": scene.link},
    ),
    DeclaredKind(
        kind=MessageKind.REBOOKING,
        label=N_("Invitation to come again"),
        due=(rebookings,),
        words=Words(
            subject=N_("Time for another session at {practice}?"),
            heading=N_("Time for another session, {client}?"),
            opening=N_("You asked us to write when it is time to come again."),
        ),
        compose=visit_letter(
            _free, wanted=lambda contact: preferences.wants_news(contact.client_id), stops=Topic.REBOOKING
        ),
        sample=sample_visit,
    ),
)
