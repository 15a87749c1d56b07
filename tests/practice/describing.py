"""What an owner sends, with values that are valid and dull."""

from typing import Any

from clinic.practice.booking_rules import BookingRules, rules_of
from clinic.practice.models import Practice, Therapist, Treatment
from clinic.practice.therapists import TherapistDetails, person_of
from clinic.practice.treatments import TreatmentDetails, terms_of


def rules(practice: Practice, **changed: Any) -> BookingRules:
    """The rules as they stand, with some changed."""
    return BookingRules(**{**vars(rules_of(practice)), **changed})


def terms(sold: Treatment, **changed: Any) -> TreatmentDetails:
    """A treatment as it stands, with some terms changed."""
    return TreatmentDetails(**{**vars(terms_of(sold)), **changed})


def person(known: Therapist, **changed: Any) -> TherapistDetails:
    """A therapist as they stand, with something changed."""
    return TherapistDetails(**{**vars(person_of(known)), **changed})
