"""Who may be offered to a client: a supply without the therapists who lack a training that the client's answers call for.

`suitability.judge` says what somebody lacks; this is the one place where pages, the desk, the interface, series and the
waiting list leave them out beforehand, so that nobody chooses a time that would only be refused. Whatever is booked is
judged again (`admission`, `changes`). Before anything was answered nobody is left out.
"""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from clinic.booking import suitability
from clinic.booking.suitability import Mismatch, Proposed, judge
from clinic.db import db
from clinic.intake.answered_limits import NOT_ANSWERED, AnsweredLimits, answered_limits
from clinic.intake.visit_limits import NO_LIMITS
from clinic.language import N_
from clinic.practice.models import Treatment
from clinic.practice.supply import Supply
from clinic.refusal import Refusal


class NobodyTrained(Refusal):
    """None of the therapists who give a treatment may be offered to this client."""

    code = "nobody-trained"
    sentence = N_(
        "Nobody here who gives this treatment has the training that your health answers call for. "
        "Please choose another treatment, or call us."
    )


class TherapistUntrained(Refusal):
    """The therapist who was asked for may not be offered to this client; others may."""

    code = "therapist-untrained"
    sentence = N_(
        "This therapist does not have the training that your health answers call for. "
        "Please choose another therapist."
    )


def offered_to(
    supply: Supply, answered: AnsweredLimits, client_id: UUID | None, visit_id: UUID | None = None
) -> Supply:
    """The supply without those who lack a training; without anybody if all of them do.

    What a therapist set aside counts: for the course, and for the visit about to change (`visit_id`).
    """
    lacking = _lacking(supply.treatment_id, answered, client_id, visit_id)
    left = tuple(each for each in supply.therapists if each not in lacking)
    return replace(supply, therapists=left) if lacking else supply


def offered_to_client(
    supply: Supply, client_id: UUID | None, now: datetime, visit_id: UUID | None = None
) -> Supply:
    """The same by the answers on a client's record; the whole supply for nobody in particular."""
    if client_id is None:
        return supply
    answered = answered_limits([client_id], now).get(client_id, NOT_ANSWERED)
    return offered_to(supply, answered, client_id, visit_id)


def left_out(whole: Supply, offered: Supply) -> frozenset[UUID]:
    """Those who give the treatment, but may not be offered to this client."""
    return frozenset(whole.therapists) - frozenset(offered.therapists)


def why_nobody(without: Collection[UUID], offered: Supply, therapist_id: UUID | None) -> Refusal | None:
    """Why there is nobody to offer, if those left out are the reason: nobody at all, or not the therapist asked for."""
    if without and not offered.therapists:
        return NobodyTrained()
    return TherapistUntrained() if therapist_id in without else None


def left_out_of(treatment_id: UUID, answered: AnsweredLimits, client_id: UUID | None) -> frozenset[UUID]:
    """Those who give a treatment and lack a training that the answers call for."""
    return _lacking(treatment_id, answered, client_id, None)


def lacking(pairs: Iterable[tuple[UUID, UUID]], now: datetime) -> dict[tuple[UUID, UUID], frozenset[UUID]]:
    """Who lacks a training, for pairs of a client and a treatment; pairs for which nobody does are left out."""
    asked = set(pairs)
    answers = answered_limits({client_id for client_id, _ in asked}, now)
    found = {
        (client_id, treatment_id): _lacking(treatment_id, answers[client_id], client_id, None)
        for client_id, treatment_id in asked
        if client_id in answers
    }
    return {pair: therapists for pair, therapists in found.items() if therapists}


def _lacking(
    treatment_id: UUID, answered: AnsweredLimits, client_id: UUID | None, visit_id: UUID | None
) -> frozenset[UUID]:
    limits = answered.limits
    if limits == NO_LIMITS:
        return frozenset()
    treatment = db.session.get_one(Treatment, treatment_id)
    each = [(person.id, Proposed.by(treatment, person)) for person in treatment.therapists]
    found = frozenset(id_ for id_, proposed in each if _is_untrained(proposed, answered, frozenset()))
    if not found or client_id is None:
        return found
    aside = suitability.set_aside_keys(client_id, answered.submission_id, visit_id)
    return frozenset(id_ for id_, proposed in each if _is_untrained(proposed, answered, aside))


def _is_untrained(proposed: Proposed, answered: AnsweredLimits, aside: frozenset[str]) -> bool:
    return any(one.mismatch is Mismatch.NOT_TRAINED for one in judge(proposed, answered.limits, aside))
