"""Answering the whole intake as somebody would: dull answers for every question, and what a test changes in them."""

from collections.abc import Mapping
from datetime import datetime

from clinic.guidance import questionnaire
from clinic.guidance.fields import FieldKind
from clinic.guidance.levels import Level
from clinic.guidance.questions import Question, QuestionPage
from clinic.intake import drafts, path, queries, returning, services
from clinic.intake.models import Draft, Submission

Posted = dict[str, list[str]]

BROWSER = b"b" * 32
OTHER_BROWSER = b"o" * 32

DULL: Mapping[str, list[str]] = {
    "age_years": ["41"],
    "sex_at_birth": ["male"],
    "occupation_type": ["desk"],
    "sitting_hours_per_day": ["5"],
    "activity_level": ["light"],
    "visit_goals": ["pain_relief"],
    "back_pain_now": ["yes"],
    "pain_areas": ["lower_back"],
    "pain_avg_nrs": ["4"],
    "pain_now_nrs": ["3"],
    "pain_duration": ["6w_12w"],
    "onset_type": ["gradual"],
    "pain_course": ["comes_and_goes"],
    "pain_trend": ["same"],
    "muscle_findings": ["general_tightness"],
    "onset_triggers": ["none_obvious"],
    "mobility_limit": ["some"],
    "radiation": ["none"],
    "clinician_seen": ["no"],
    "stress_level": ["2"],
    "swelling": ["none"],
    "recent_surgery": ["none"],
    "pressure_preference": ["medium"],
    "clothing_preference": ["undress_ok"],
    "massage_experience": ["some"],
    "past_reaction": ["none"],
    "peg_pain": ["4"],
    "peg_enjoyment": ["3"],
    "peg_activity": ["3"],
    "understood_not_diagnosis": ["yes"],
    "accuracy_confirmed": ["yes"],
    "guardian_consent": ["yes"],
    "limb_symptom_trend": ["stable"],
    "osteoporosis": ["no"],
    "pregnancy": ["no"],
    "pregnancy_high_risk": ["no"],
    "sport_context": ["none"],
    "skin_areas": ["legs"],
}


def answer_to(question: Question, changes: Mapping[str, list[str]]) -> list[str]:
    """What is sent for a question: the test's answer, else a dull one; optional ones are left blank."""
    if question.field in changes:
        return list(changes[question.field])
    if question.field in DULL:
        return list(DULL[question.field])
    if question.kind is FieldKind.RED_FLAG:
        return ["no"]
    return [] if question.optional else ["none"]


def page_of_posts(slug: str, answers: Mapping[str, object], changes: Mapping[str, list[str]]) -> Posted:
    """What is sent for one page, asked whole."""
    return {
        question.field: answer_to(question, changes)
        for question in path.asked_questions(questionnaire.page(slug), answers)
    }


def following(draft: Draft) -> QuestionPage | None:
    """The next page of a draft by its door; None when only the list is left."""
    return path.next_unanswered(draft.answers, path.scope_of(draft))


def begun(now: datetime, *, browser: bytes = BROWSER, mail: str | None = None, **columns: object) -> Draft:
    """A draft with nothing answered yet."""
    return drafts.start(browser=browser, client_id=None, mail=mail, now=now, **columns)


def walk(now: datetime, *, browser: bytes = BROWSER, until: str | None = None, **changes: list[str]) -> Draft:
    """Answer page after page, up to but not including `until`; stops where the form stops.

    `changes` are the answers that matter to the test; a red flag is written `red_flags_<code>`.
    """
    told = {key_of(name): value for name, value in changes.items()}
    draft = queries.draft(browser, now) or drafts.start(browser=browser, client_id=None, mail=None, now=now)
    while (page := following(draft)) is not None and page.slug != until:
        posted = page_of_posts(page.slug, draft.answers, told)
        draft, reached = drafts.save_page(browser, page.slug, posted, now)
        if reached.level is Level.URGENT:
            break
    return draft


def sent(
    now: datetime, *, browser: bytes = BROWSER, seen: tuple[str, ...] = (), **changes: list[str]
) -> Submission:
    """A submission of a whole intake."""
    walk(now, browser=browser, until=None, **changes)
    told = {key_of(name): value for name, value in changes.items()}
    draft = queries.draft(browser, now)
    assert draft is not None
    if returning.is_open(draft):
        draft = returning.say_still_true(browser, now)
    return services.submit(browser, page_of_posts(path.CLOSING, draft.answers, told), seen, now)


def key_of(name: str) -> str:
    """The key of an answer as a test writes it: `red_flags_<code>` for a red flag."""
    return name.replace("red_flags_", "red_flags.", 1) if name.startswith("red_flags_") else name
