"""Fitting a visit to the client's answers: another treatment or therapist at the same time, in one step.

A therapist does this when what was asked for does not suit (`suitability`). The time stays, so nobody is asked to come at
another one; treatment, length, price and perhaps the therapist change, and the next letter says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self
from uuid import UUID

from clinic.accounts import audit
from clinic.booking import availability, changes, suitability
from clinic.booking.models import Appointment, State
from clinic.booking.placing import agreed_terms, get_appointment, lock_all, place, reload_locked
from clinic.booking.search_criteria import SearchCriteria
from clinic.booking.states import NotNow, forget_undo, raise_revision
from clinic.booking.suitability import Proposed, judge
from clinic.booking.waivers import Rule, waive
from clinic.db import db
from clinic.intake import queries as intake
from clinic.practice import queries as practice
from clinic.practice.models import Therapist, Treatment
from clinic.practice.supply import Supply, supply_of
from clinic.refusal import Stale

MOST_SHOWN: Final = 6
MOST_LOOKED_AT: Final = 6
"""Treatments whose free times are read, best first, so that a page asks no more of a greater practice."""
_AGREED = (Rule.NOTICE, Rule.HORIZON, Rule.DAILY_CAP, Rule.STEP)
"""Rules about when a client may choose a time: this one was chosen already."""


@dataclass(frozen=True, kw_only=True)
class Fit:
    """What a visit can become: a treatment by a therapist."""

    treatment_id: UUID
    therapist_id: UUID

    @property
    def code(self) -> str:
        """As a form sends it."""
        return f"{self.treatment_id}.{self.therapist_id}"

    @classmethod
    def read(cls, code: str) -> Self:
        """Back from a form. Raises ValueError."""
        treatment, _, therapist = code.partition(".")
        return cls(treatment_id=UUID(treatment), therapist_id=UUID(therapist))


@dataclass(frozen=True, kw_only=True)
class Alternative:
    """Something that suits, and is free at the visit's time."""

    treatment: Treatment
    therapist: Therapist

    @property
    def fit(self) -> Fit:
        """Its ids."""
        return Fit(treatment_id=self.treatment.id, therapist_id=self.therapist.id)


def alternatives(visit: Appointment, suggested: Sequence[str], now: datetime) -> list[Alternative]:
    """What the visit could be instead, at the same time and no longer, best first; `suggested` types come first.

    Among equals: the same therapist, then the longest session.
    """
    if visit.client_id is None or visit.starts_at <= now:
        return []
    suitable = _suitable(visit, now)
    suitable.sort(key=lambda one: _rank(one, visit, suggested))
    looked_at = list(dict.fromkeys(one.treatment for one in suitable))[:MOST_LOOKED_AT]
    free = {treatment.id: _free_then(visit, treatment, now) for treatment in looked_at}
    found = [one for one in suitable if one.therapist.id in free.get(one.treatment.id, ())]
    return found[:MOST_SHOWN]


def _suitable(visit: Appointment, now: datetime) -> list[Alternative]:
    assert visit.client_id is not None
    standing = intake.safety_standing(browser=None, client_id=visit.client_id, now=now, zone=visit.zone)
    aside = suitability.set_aside_for(standing, visit.client_id, visit.id)
    return [
        Alternative(treatment=treatment, therapist=person)
        for treatment in practice.treatments()
        if treatment.length_minutes <= visit.length_minutes
        for person in treatment.therapists
        if (treatment.id, person.id) != (visit.treatment_id, visit.therapist_id)
        and not judge(Proposed.by(treatment, person), standing.limits, aside)
    ]


def _rank(one: Alternative, visit: Appointment, suggested: Sequence[str]) -> tuple[int, bool, int]:
    places = [suggested.index(each) for each in one.treatment.modalities if each in suggested]
    return (
        min(places, default=len(suggested)),
        one.therapist.id != visit.therapist_id,
        -one.treatment.length_minutes,
    )


def _free_then(visit: Appointment, treatment: Treatment, now: datetime) -> frozenset[UUID]:
    supply = _supply(treatment.id)
    days = availability.days_around(visit.starts_at, supply)
    start = availability.find_offers(supply, _criteria(visit, treatment.id), days, now).offers.at(
        visit.starts_at
    )
    return frozenset(each.therapist for each in start.candidates) if start else frozenset()


def _supply(treatment_id: UUID) -> Supply:
    return waive(supply_of(treatment_id), _AGREED)


def _criteria(visit: Appointment, treatment_id: UUID, therapist_id: UUID | None = None) -> SearchCriteria:
    return SearchCriteria(
        treatment_id, therapist_id=therapist_id, location_id=visit.location_id, moving=(visit.id,)
    )


def refit(visit_id: UUID, fit: Fit, *, actor: str, now: datetime, revision: int | None = None) -> Appointment:
    """Give a visit another treatment or therapist at its own time.

    Raises Stale, NotNow, Unbookable, NotOffered if it is not free, and NotSuitable if it does not suit either.
    """
    seen = get_appointment(visit_id)
    supply, criteria = _supply(fit.treatment_id), _criteria(seen, fit.treatment_id, fit.therapist_id)
    lock_all(supply, criteria, [seen])
    visit = reload_locked(seen)
    if revision is not None and visit.revision != revision:
        raise Stale
    if visit.state not in (State.REQUESTED, State.BOOKED) or visit.starts_at <= now:
        raise NotNow
    changes.end_undo_holds(visit, now)
    forget_undo(visit)
    for column, value in agreed_terms(supply).items():
        setattr(visit, column, value)
    place(supply, criteria, visit.starts_at, visit, now)
    db.session.refresh(visit)
    suitability.refuse_unsuitable(visit, now)
    raise_revision(visit, now, time_too=visit.state == State.BOOKED)
    db.session.flush()
    audit.record(
        actor,
        "change",
        visit,
        client_id=visit.client_id,
        fields=["treatment_id", "length_minutes", "price_cents", "therapist_id"],
        now=now,
    )
    return visit
