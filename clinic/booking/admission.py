"""Admission: whether something may be booked, and whether it is then booked at once or requested.

`admission_of` asks in this order. The first refusal ends it; a booking that became a request keeps its first reason.

1. Safety. Answers that call for a doctor, or a visit before the date they allow: refused (`NotCleared`).
2. Age. Someone under 18 without a parent's or guardian's consent: refused (`GuardianNeeded`).
3. Health questions, if the treatment asks them before booking. Someone who would rather not answer makes a request (`plain`).
   Unanswered, too long ago, or not all that this treatment needs: refused (`IntakeNeeded`). The desk books without them.
4. What was answered. A therapist has to look first: a request (`level`). The treatment, its length or the therapist does
   not suit the answers (`suitability`): a request (`excluded`).
5. New clients. The treatment is not for a first visit: refused (`NotFirst`). New clients ask first: a request (`first_visit`).
6. Approval. The practice, or the treatment if it differs, confirms every booking: a request (`approval`).

How the time was agreed decides whether 3, 5 and 6 are asked: see `Agreed`. Moving a visit asks only 1 (`refuse_unsafe`).
A visitor who is not signed in counts as a new client: nobody is looked up by a typed address.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from clinic.booking import states, suitability
from clinic.booking.models import CAME, Appointment, State
from clinic.booking.suitability import Proposed
from clinic.db import db
from clinic.guidance.levels import Disposition, Level
from clinic.intake.queries import SafetyStanding
from clinic.intake.visit_limits import NO_LIMITS
from clinic.language import N_
from clinic.practice import queries as practice
from clinic.practice.booking_rules import Approval
from clinic.practice.models import IntakeRule, NewClientRule, Therapist, Treatment
from clinic.refusal import Refusal


class NotCleared(Refusal):
    """Safety comes first: no booking now. The surface shows the care card of the level, not a form."""

    status = 403
    code = "not-cleared"
    sentence = N_(
        "Some of your answers need to be looked at before a massage. We have not booked an appointment."
    )

    def __init__(self, level: Level, disposition: Disposition | None) -> None:
        super().__init__()
        self.level = level
        self.disposition = disposition


class GuardianNeeded(Refusal):
    """Somebody under 18, for whom no parent or guardian has agreed yet."""

    status = 403
    code = "guardian-needed"
    sentence = N_("Under 18, a parent or guardian has to agree first. We send them a link.")


class IntakeNeeded(Refusal):
    """The treatment asks for the health questions first, or for their short safety part again."""

    status = 409
    code = "intake-needed"
    sentence = N_(
        "This treatment starts with a few questions about your health. Your time is kept while you answer them."
    )


class NotFirst(Refusal):
    """They have to book another treatment first."""

    code = "not-first"
    sentence = N_(
        "This treatment is not for a first visit. Have you been here before? Then please sign in first. "
        "Otherwise please begin with another treatment."
    )


class Agreed(Enum):
    """How a time was agreed on, which decides what is still asked."""

    ONLINE = "online"
    """The client chose it: everything is asked."""
    COURSE = "course"
    """The client chose it for a course planned with a therapist: approval is not asked."""
    OFFERED = "offered"
    """Staff offered it by hand and the client accepts: neither new clients nor approval are asked."""
    DESK = "desk"
    """Staff book: only what was answered counts, and whether a guardian agreed."""


@dataclass(frozen=True)
class Admission:
    """How a booking begins: booked at once, or requested, and then why (`Appointment.request_reason`)."""

    state: State
    reason: str | None = None

    def columns(self, starts_at: datetime, now: datetime) -> dict[str, Any]:
        """What a new appointment at `starts_at` (UTC) records about how it began; its state is not among them."""
        if self.state is State.REQUESTED:
            decision = {"decide_by": states.decide_by(starts_at, now)}
        else:
            decision = {"booked_at": now}
        return {"request_reason": self.reason, "time_agreed_at": now, **decision}


BOOKED = Admission(State.BOOKED)


def admission_of(
    treatment: Treatment,
    standing: SafetyStanding,
    starts_at: datetime,
    *,
    client_id: UUID,
    therapist_id: UUID,
    agreed: Agreed,
    minutes: int | None = None,
    plain: bool = False,
) -> Admission:
    """How the booking of a client with a therapist begins (the numbered steps above).

    `minutes` is the length that was agreed, if not the treatment's.
    `standing` is what the client's health answers mean; `plain` asks for the time without any.
    Raises NotCleared, GuardianNeeded, IntakeNeeded and NotFirst.
    """
    found = _admission_by_health(treatment, standing, starts_at, plain=plain, by_staff=agreed is Agreed.DESK)
    if found.state is State.BOOKED and not _is_suitable(
        treatment, standing, client_id, therapist_id, minutes
    ):
        found = Admission(State.REQUESTED, "excluded")
    if agreed in (Agreed.ONLINE, Agreed.COURSE):
        refuse_first_visit(treatment.new_clients, client_id)
        if found.state is State.BOOKED and _asks_as_new_client(treatment, client_id):
            found = Admission(State.REQUESTED, "first_visit")
    if agreed is Agreed.ONLINE and found.state is State.BOOKED and needs_approval(treatment):
        found = Admission(State.REQUESTED, "approval")
    return found


def _admission_by_health(
    treatment: Treatment, standing: SafetyStanding, starts_at: datetime, *, plain: bool, by_staff: bool
) -> Admission:
    refuse_unsafe(standing, starts_at)
    if standing.needs_guardian:
        raise GuardianNeeded
    if treatment.intake == IntakeRule.BEFORE_BOOKING and not by_staff:
        if plain:
            return Admission(State.REQUESTED, "plain")
        if not standing.is_answered_for(treatment.modalities):
            raise IntakeNeeded
    if standing.level_at(starts_at) is Level.THERAPIST_REVIEW:
        return Admission(State.REQUESTED, "level")
    return BOOKED


def _is_suitable(
    treatment: Treatment, standing: SafetyStanding, client_id: UUID, therapist_id: UUID, minutes: int | None
) -> bool:
    if standing.limits == NO_LIMITS:
        return True
    proposed = Proposed.by(treatment, db.session.get_one(Therapist, therapist_id), minutes)
    return not suitability.objections(proposed, standing, client_id)


def refuse_unsafe(standing: SafetyStanding, starts_at: datetime) -> None:
    """Raise NotCleared for someone who should see a doctor first, or, postponed, before the date given.

    A hold asks this alone, because its health questions may still come.
    """
    level = standing.level_at(starts_at)
    if level is not None and level.stops:
        raise NotCleared(level, standing.disposition)


def refuse_first_visit(rule: NewClientRule | str, client_id: UUID | None) -> None:
    """Raise NotFirst if a treatment with this rule is not for a first visit and this would be one."""
    if rule == NewClientRule.NOT_FIRST and _is_new_client(client_id):
        raise NotFirst


def needs_approval(treatment: Treatment) -> bool:
    """Whether everyone who books this treatment online asks first: as it says itself, or else the practice."""
    return (treatment.approval or practice.the_practice().approval) == Approval.ASK_FIRST


def is_requested_first(treatment: Treatment, client_id: UUID | None) -> bool:
    """Whether this client, or a visitor (None), would ask first whatever their health answers are."""
    return needs_approval(treatment) or _asks_as_new_client(treatment, client_id)


def _asks_as_new_client(treatment: Treatment, client_id: UUID | None) -> bool:
    return treatment.new_clients == NewClientRule.ASK_FIRST and _is_new_client(client_id)


def _is_new_client(client_id: UUID | None) -> bool:
    """Whether nobody here has treated this client yet."""
    if client_id is None:
        return True
    treated = sa.exists().where(Appointment.client_id == client_id, Appointment.state.in_(CAME))
    return not db.session.scalar(sa.select(treated))
