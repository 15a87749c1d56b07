"""Letters about what a client answers between booking and visit: a nudge two days before, and links that were asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from clinic.accounts import services as accounts
from clinic.accounts import signed_links
from clinic.accounts.models import LinkPurpose
from clinic.booking.models import Appointment, State
from clinic.db import db
from clinic.intake import queries as intake
from clinic.intake.models import Submission, SubmissionKind
from clinic.language import N_
from clinic.messaging.due.shape import DueQuery, DueRules, due_query, never_owed
from clinic.messaging.due.visits import ADDRESS, visits
from clinic.messaging.kinds.content import public_url
from clinic.messaging.kinds.declaration import DeclaredKind
from clinic.messaging.kinds.sample import SampleScene, sample_visit
from clinic.messaging.kinds.visit_letter import booked, visit_letter
from clinic.messaging.kinds.wording import Words
from clinic.messaging.models import MessageKind
from clinic.messaging.services import SIGN_IN_WORTH, Claim, Owed, owe
from clinic.plans import preparation
from clinic.plans.models import VisitPreparation
from clinic.practice.models import IntakeRule, Practice, Treatment

NUDGED_BEFORE = timedelta(hours=48)

_sooner = sa.orm.aliased(Appointment)  # Made once: every pass asks.
_newer = sa.orm.aliased(Submission)


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterPreparation:
    """What a letter says of a visit's preparation: its URL, and about how long the rest takes."""

    link: str
    minutes: int

    @classmethod
    def of(cls, appointment: Appointment, now: datetime) -> "LetterPreparation | None":
        """The preparation as it stands; None if nothing is left to do."""
        progress = preparation.progress_of(appointment, now)
        if progress is None or not progress.left:
            return None
        path = signed_links.preparation_path(appointment.id, appointment.link_epoch)
        return cls(link=public_url(path), minutes=progress.minutes)

    @classmethod
    def sample(cls, scene: SampleScene) -> "LetterPreparation":
        """An invented one."""
        return cls(link=scene.link, minutes=7)


def preparation_facts(appointment: Appointment, practice: Practice, now: datetime) -> Mapping[str, Any]:
    """What a letter about a booking prints of its preparation."""
    return {"preparation": LetterPreparation.of(appointment, now)}


def nudges(rules: DueRules, now: datetime) -> Sequence[DueQuery]:
    """Two days before a client's next visit some of its parts are still to do; not for what was booked later than that."""
    of_client = (Submission.client_id == Appointment.client_id, Submission.kind == SubmissionKind.FULL)
    leaves_parts = sa.exists().where(
        *of_client,
        Submission.parts_open > 0,
        intake.still_lasts(rules.until(now)),
        intake.is_agreed_to(),
        ~sa.exists().where(
            _newer.client_id == Submission.client_id,
            _newer.kind == SubmissionKind.FULL,
            _newer.submitted_at > Submission.submitted_at,
        ),
    )
    is_done = sa.exists().where(
        VisitPreparation.appointment_id == Appointment.id, VisitPreparation.parts_open == 0
    )
    comes_sooner = sa.exists().where(
        _sooner.client_id == Appointment.client_id,
        _sooner.state == State.BOOKED,
        _sooner.starts_at > rules.until(now),
        _sooner.starts_at < Appointment.starts_at,
    )
    to_do = (
        visits(
            Appointment.state == State.BOOKED,
            Appointment.starts_at > now,
            Appointment.starts_at <= rules.until(now) + NUDGED_BEFORE,
            Appointment.time_agreed_at <= Appointment.starts_at - NUDGED_BEFORE,
            ADDRESS.c.wants_reminders,
            leaves_parts,
            ~is_done,
            ~comes_sooner,
            never_owed(MessageKind.PREPARATION, Appointment.id),
        )
        .join(Treatment, Treatment.id == Appointment.treatment_id)
        .where(Treatment.intake != IntakeRule.NONE)
    )
    return [
        due_query(
            MessageKind.PREPARATION,
            to_do,
            rules.until(now),
            occasion=lambda row: "nudge",
            due_at=lambda row: rules.quiet(row.zone).after(row.starts_at - NUDGED_BEFORE),
            expires_at=lambda row: row.starts_at,
        )
    ]


def owe_link(appointment_id: UUID, now: datetime) -> None:
    """Queue a one-time link to a visit's parts, for the client's address to use; does nothing without one.

    Asking again within the same minute is the same occasion. Like a sign-in link it is minted at delivery. The caller
    commits.
    """
    found = db.session.execute(visits(Appointment.id == appointment_id)).one_or_none()
    if found is not None:
        owe(
            [
                Owed(
                    kind=MessageKind.PREPARATION_LINK,
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


def _still_to_do(claim: Claim, appointment: Appointment, now: datetime) -> str | None:
    progress = preparation.progress_of(appointment, now)
    if progress is None or not progress.left:
        return "answered"
    return booked(claim, appointment, now)


def _still_open(claim: Claim, appointment: Appointment, now: datetime) -> str | None:
    return None if preparation.is_open(appointment, now) else str(appointment.state)


def _one_time_link(appointment: Appointment, practice: Practice, now: datetime) -> Mapping[str, Any]:
    raw = accounts.mint_link(purpose=LinkPurpose.PREPARATION, subject_id=appointment.id, now=now)
    return {"link": public_url(signed_links.preparation_link_path(raw))}


KINDS = (
    DeclaredKind(
        kind=MessageKind.PREPARATION,
        label="Before the visit: parts still to do",
        due=(nudges,),
        words=Words(
            subject=N_("Before your visit on {day}: a few questions are left"),
            heading=N_("A few minutes before you come, {client}"),
        ),
        compose=visit_letter(
            _still_to_do, wanted=lambda contact: contact.wants_reminders, more=preparation_facts
        ),
        sample=lambda scene: {**sample_visit(scene), "preparation": LetterPreparation.sample(scene)},
    ),
    DeclaredKind(
        kind=MessageKind.PREPARATION_LINK,
        label="Link to the questions before the visit",
        words=Words(
            subject=N_("Your link for {day}"),
            heading=N_("Go on with your questions, {client}"),
        ),
        compose=visit_letter(_still_open, more=_one_time_link),
        sample=lambda scene: {**sample_visit(scene), "link": scene.link},
        is_one_time=True,
    ),
)
