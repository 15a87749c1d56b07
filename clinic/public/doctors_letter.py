"""A page for the doctor: the client's own answers on one sheet to print, without advice."""

from collections.abc import Mapping
from typing import Any, Final

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from clinic import clock
from clinic.accounts import audit
from clinic.db import transaction
from clinic.guidance import questionnaire
from clinic.guidance.questions import FLAG_PREFIX, QUESTIONS
from clinic.intake import drafts, queries
from clinic.intake.assessment import advice_so_far
from clinic.practice.queries import practice_zone
from clinic.refusal import NotFound
from clinic.web import access
from clinic.web.access import anyone, audience
from clinic.web.browser import known_browser

blueprint = Blueprint("doctors_letter", __name__, url_prefix="/intake/letter")

_TOLD: Final = (
    "age_years",
    "sex_at_birth",
    "pain_areas",
    "pain_avg_nrs",
    "pain_duration",
    "pain_course",
    "pain_trend",
    "onset_triggers",
    "radiation",
    "limb_symptoms",
    "limb_symptom_trend",
    "diagnoses",
    "clinician_seen",
    "conditions",
    "medications",
    "osteoporosis",
    "pregnancy",
    "recent_surgery",
)
"""What a doctor would ask first; the page leaves out what was not answered."""


@blueprint.get("")
@audience(anyone)
def show() -> ResponseReturnValue:
    """The letter of the answers that are being given in this browser; there is none without a stop."""
    now = clock.now()
    with transaction():
        draft = queries.draft(known_browser(), now)
        if draft is None:
            raise NotFound
        answers = dict(draft.answers)
        said = advice_so_far(answers, drafts.cleared_rules(draft, answers, now))
        if not said.verdict.level.stops:
            raise NotFound
        led = [field for field, _ in said.led]
        rows = sheet(answers, led)
        audit.record(
            access.actor(),
            "read",
            draft,
            client_id=draft.client_id,
            purpose="doctor's letter",
            fields=sorted(
                {field.split(".")[0] for field in (*led, *_TOLD) if answers.get(field) is not None}
            ),
            now=now,
        )
        return render_template(
            "public/outcome/letter.html",
            led=rows[0],
            others=rows[1],
            signs=rows[2],
            now=now,
            zone=practice_zone(now.date()),
        )


Rows = list[tuple[str, str]]


def sheet(answers: Mapping[str, Any], led: list[str]) -> tuple[Rows, Rows, Rows]:
    """The answers that led here, what else a doctor would ask, and the signs answered with yes or not sure."""
    return (
        _rows(answers, led),
        _rows(answers, [field for field in _TOLD if field not in led]),
        [
            (QUESTIONS[field].text, questionnaire.in_words(field, value))
            for field, value in answers.items()
            if field.startswith(FLAG_PREFIX) and value in ("yes", "unsure") and field not in led
        ],
    )


def _rows(answers: Mapping[str, Any], fields: list[str]) -> Rows:
    return [
        (QUESTIONS[field].text, questionnaire.in_words(field, answers[field]))
        for field in fields
        if answers.get(field) is not None
    ]
