"""An answer that is "none" or "no" is never read as nothing where it says something, in no list of answers."""

from collections.abc import Iterator

import pytest
from flask import Flask

from clinic import language
from clinic.guidance.fields import FIELDS
from clinic.guidance.questions import QUESTIONS
from clinic.intake.answered_parts import parts_of
from clinic.public import answers as answered
from clinic.staff.clinical.answers import words as staff_words

NAMED = {"back_pain_now": "yes", "diagnoses": ["herniated_disc"], "diagnoses_past": []}
SAYS_NOTHING = frozenset(
    {
        *(
            "life_stage_change",
            "lifestyle_factors",
            "today",
            "radiation",
            "muscle_findings",
            "mobility_limit",
        ),
        *("sport_context", "limb_symptoms", "diagnoses", "mood", "sleep_problem", "tension_headaches"),
        *("conditions", "medications", "osteoporosis", "pregnancy", "pregnancy_high_risk", "fall_started_it"),
        *("cancer_pain_changed", "began_before_45", "recent_surgery", "swelling", "skin_issues", "allergies"),
        *("approach_interest", "touch_concern", "other_care", "home_help"),
        *("past_reaction", "pressure_preference"),
        *("guardian_consent", "consent_health_data"),
    }
)
"""Fields whose "no" or "none" is truly nothing to report, each looked at; the last two end the questions at once."""


@pytest.fixture(params=["en", "de"])
def spoken(app: Flask, request: pytest.FixtureRequest) -> Iterator[str]:
    with app.test_request_context("/"):
        language.speak(request.param)
        yield request.param


def read_back(answers: dict[str, object]) -> tuple[dict[str, str], list[str]]:
    """What a client reads before sending: title and answer of each row, and the titles under *Nothing to report*."""
    found = answered.parts(answers)
    rows = {title: said for part in found for title, said, _ in part.rows}
    return rows, [title for part in found for title, _ in part.nothing]


def test_no_name_in_the_past_is_said_as_still_having_them_and_is_not_nothing(spoken: str) -> None:
    rows, nothing = read_back(NAMED)
    title, said = {
        "en": ("Names now in the past", "None: I still have all of them"),
        "de": ("Diagnosen, die vorbei sind", "Nichts davon ist vorbei"),
    }[spoken]
    assert rows[title] == said
    assert title not in nothing
    portal = dict(row for part in parts_of(NAMED) for row in part.rows)
    assert portal[title] == said


def test_a_therapist_reads_it_in_the_words_of_the_client() -> None:
    assert staff_words(FIELDS["diagnoses_past"], []) == "None: I still have all of them"
    assert staff_words(FIELDS["conditions"], []) == "None"


@pytest.mark.parametrize("field", sorted(name for name, one in FIELDS.items() if one.no_tells))
def test_a_no_that_tells_something_stands_as_a_row(app: Flask, field: str) -> None:
    no = "none" if "none" in FIELDS[field].codes else "no"
    value: object = [] if FIELDS[field].is_list else no
    with app.test_request_context("/"):
        language.speak("en")
        assert not answered._is_nothing(QUESTIONS[field], {field: value})
        assert answered.words(QUESTIONS[field], value) == FIELDS[field].label(no)


def test_every_field_that_can_be_answered_with_no_has_been_looked_at() -> None:
    with_no = {name for name, one in FIELDS.items() if name in QUESTIONS and one.codes & {"no", "none"}}
    telling = {name for name, one in FIELDS.items() if one.no_tells}
    assert telling & SAYS_NOTHING == set()
    assert with_no == telling | SAYS_NOTHING
