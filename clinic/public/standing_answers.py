"""Answers from before that still count for whoever is here: complete but for a few questions, or to be looked over."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from clinic.booking import queries as appointments
from clinic.booking.models import Appointment
from clinic.guidance import questionnaire
from clinic.intake import consent, queries
from clinic.intake.models import Consent, Door, Submission
from clinic.practice.models import IntakeRule
from clinic.web.browser import known_browser
from clinic.web.signed_in_client import signed_in_client_id


@dataclass(frozen=True)
class Lacking:
    """Answers sent a short time ago, the consent given with them, and what they lack."""

    sent: Submission
    consent: Consent
    missing: frozenset[str]

    @property
    def pages(self) -> int:
        """How many pages ask what is missing."""
        return len({questionnaire.page_of(field).slug for field in self.missing})


@dataclass(frozen=True)
class Earlier:
    """What a signed-in client told us before, with the consent that still stands."""

    sent: Submission
    consent: Consent
    lasts: bool
    """Whether it was sent within six months: then it is only looked over."""


def earlier(now: datetime) -> Earlier | None:
    """The earlier answers of the client who is signed in here; None for anybody else, and without a consent that stands.

    Only a signed-in client has proven an address.
    """
    person = signed_in_client_id()
    sent = queries.earlier_answers(person, now) if person is not None else None
    given = queries.consent_of(sent) if sent is not None else None
    if sent is None or given is None or given.text_version != consent.HEALTH_DATA.version:
        return None
    return Earlier(sent, given, queries.lasts(sent, now))


def lacking(reservation: Appointment, now: datetime) -> Lacking | None:
    """Answers that need only be completed for the reserved treatment; None if they are enough, or have to be asked anew."""
    person, types = signed_in_client_id(), reservation.treatment.modalities
    standing = queries.safety_standing(
        browser=known_browser(), client_id=person, now=now, zone=reservation.zone
    )
    sent = standing.submission
    if sent is None or not standing.fresh or sent.client_id != person or standing.is_answered_for(types):
        return None
    if reservation.treatment.intake != IntakeRule.BEFORE_BOOKING or (standing.level and standing.level.stops):
        return None
    given = queries.consent_of(sent)
    if given is None or given.text_version != consent.HEALTH_DATA.version:
        return None
    return Lacking(sent, given, standing.missing_for(types))


def reservation_here(now: datetime) -> Appointment | None:
    """The time that was chosen first and is reserved meanwhile, if any."""
    return appointments.reservation_of(known_browser(), now)


def next_visit_here(now: datetime) -> Appointment | None:
    """The next visit of the client who is signed in here, if any; none while another time is reserved."""
    person = signed_in_client_id()
    if person is None or reservation_here(now) is not None:
        return None
    return next(iter(appointments.upcoming(person, now)), None)


def door_here(now: datetime, *, only_corrects: bool = False) -> tuple[Door, Sequence[str]]:
    """What the visitor came for: the treatment whose time is kept, with its types, or else a suggestion.

    Who only corrects answers is asked no more than the treatment of their next visit needs.
    """
    visit = reservation_here(now) or (next_visit_here(now) if only_corrects else None)
    if visit is None or visit.treatment.intake != IntakeRule.BEFORE_BOOKING:
        return Door.SUGGESTION, ()
    return Door.CHOSEN, visit.treatment.modalities
