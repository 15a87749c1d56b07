"""A page for the doctor: the client's own answers on one sheet to print, without advice.

It is in the language that the doctor reads, as the client chooses it. `own_page` sends it to the client.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import EmailField
from wtforms.validators import InputRequired

from clinic import clock, language
from clinic.accounts import audit
from clinic.db import transaction
from clinic.guidance import own_words, questionnaire
from clinic.guidance.fields import FIELDS, FieldKind
from clinic.guidance.questions import FLAG_PREFIX, QUESTIONS
from clinic.intake import own_pages, queries
from clinic.intake.models import Draft, Submission
from clinic.language import N_, gettext
from clinic.language.health_texts import health_text
from clinic.practice.queries import practice_zone
from clinic.refusal import Refusal
from clinic.web import access
from clinic.web.access import anyone, audience
from clinic.web.browser import known_browser
from clinic.web.forms import Form
from clinic.web.signed_in_client import signed_in_client_id

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
NONE_ASKED: Final = N_("None of those we asked about")


class NoPageForDoctor(Refusal):
    """Nothing that was answered in this browser asks for a doctor's look."""

    status = 404
    code = "no-page-for-doctor"
    sentence = N_(
        "There is no page for a doctor here. There is one after answers that a doctor should look at first, "
        "on the device where they were given."
    )


class MailForm(Form):
    """Where to send the link to the page."""

    mail = EmailField(
        N_("Your e-mail address"),
        description=N_("Anyone who can read that inbox can open the page, so please check the address."),
        validators=[InputRequired(N_("Enter your e-mail address"))],
        render_kw={"autocomplete": "email", "inputmode": "email", "spellcheck": "false"},
    )


@blueprint.get("")
@audience(anyone)
def show() -> ResponseReturnValue:
    """The page for the answers of this browser, in the language `in`; without a stop there is none."""
    now = clock.now()
    with language.speaking(request.args.get("in", language.current())), transaction():
        return page(source_here(now), now, purpose="doctor's letter", mail=url_for("own_page.ask"))


def source_here(now: datetime) -> Draft | Submission:
    """The answers of this browser that a doctor should see; raises NoPageForDoctor."""
    browser, client_id = known_browser(), signed_in_client_id()
    standing = queries.safety_standing(
        browser=browser, client_id=client_id, now=now, zone=practice_zone(now.date())
    )
    found = own_pages.stopped_here(browser=browser, client_id=client_id, standing=standing, now=now)
    if found is None:
        raise NoPageForDoctor
    return found


def page(source: Draft | Submission, now: datetime, *, purpose: str, mail: str | None) -> str:
    """The page of these answers, and the record that it was opened; `mail` is where to have it sent, if anywhere."""
    told = own_pages.told(source, now)
    led = [field for field, _ in told.led]
    reasons, others, signs = sheet(told.answers, led)
    words = own_words.told(told.answers)
    audit.record(
        access.actor(),
        "read",
        source,
        client_id=source.client_id,
        purpose=purpose,
        fields=sorted(
            {
                field.split(".")[0]
                for field in (*led, *_TOLD, *own_words.TITLES)
                if told.answers.get(field) is not None
            }
        ),
        now=now,
    )
    return render_template(
        "public/outcome/letter.html",
        led=reasons,
        others=others,
        signs=signs,
        words=[(health_text(one.title), one.text) for one in words],
        answered_at=source.changed_at if isinstance(source, Draft) else source.submitted_at,
        zone=practice_zone(now.date()),
        mail=mail,
        is_shown_once=mail is None,
    )


Rows = list[tuple[str, str]]


def sheet(answers: Mapping[str, Any], led: list[str]) -> tuple[Rows, Rows, Rows]:
    """The answers that led here, what else a doctor would ask, and the signs answered with yes or not sure."""
    return (
        _rows(answers, led),
        _rows(answers, [field for field in _TOLD if field not in led]),
        [
            (health_text(QUESTIONS[field].text), questionnaire.in_words(field, value, health_text))
            for field, value in answers.items()
            if field.startswith(FLAG_PREFIX) and value in ("yes", "unsure") and field not in led
        ],
    )


def _rows(answers: Mapping[str, Any], fields: list[str]) -> Rows:
    return [
        (health_text(FIELDS[field].title), _in_words(field, answers[field]))
        if field in FIELDS
        else (health_text(QUESTIONS[field].text), questionnaire.in_words(field, answers[field], health_text))
        for field in fields
        if answers.get(field) is not None
    ]


def _in_words(field: str, value: Any) -> str:
    """The answer; where nothing of a list applied, in words that do not need the list."""
    is_list = FIELDS[field].kind is FieldKind.MANY and "none" in FIELDS[field].codes
    if is_list and value in ([], ["none"]):
        return gettext(NONE_ASKED)
    return questionnaire.in_words(field, value, health_text)
