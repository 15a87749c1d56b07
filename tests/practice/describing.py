"""What an owner sends, with values that are valid and dull."""

from typing import Any

from clinic.practice.models import Practice, Therapist, Treatment
from clinic.practice.practice_settings import BookingRules, rules_of
from clinic.practice.therapists import Person, person_of
from clinic.practice.treatments import Terms, terms_of


def rules(practice: Practice, **changed: Any) -> BookingRules:
    """The rules as they stand, with some changed."""
    return BookingRules(**{**vars(rules_of(practice)), **changed})


def terms(sold: Treatment, **changed: Any) -> Terms:
    """A treatment as it stands, with some terms changed."""
    return Terms(**{**vars(terms_of(sold)), **changed})


def person(known: Therapist, **changed: Any) -> Person:
    """A therapist as they stand, with something changed."""
    return Person(**{**vars(person_of(known)), **changed})
