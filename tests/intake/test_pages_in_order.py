"""Drafts: the way through the pages, what is judged after each, and what is refused."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from clinic.db import db
from clinic.guidance import questionnaire
from clinic.guidance.fields import FIELDS
from clinic.guidance.levels import Disposition, Level
from clinic.guidance.questions import DAY_OF_VISIT_FIELDS, QUESTIONS, SCORE_FIELDS, SHORT_SAFETY_FIELDS
from clinic.intake import drafts, history, path, queries, returning, services
from clinic.intake.explanation import unasked_of
from clinic.intake.models import Consent, Draft, Outcome, Purpose, RaisedLevel, Submission
from tests.intake import walk
from tests.intake.walk import BROWSER, OTHER_BROWSER
from tests.make import Make

pytestmark = pytest.mark.usefixtures("database")


def raised() -> list[tuple[str, str | None]]:
    rows = db.session.scalars(sa.select(RaisedLevel).order_by(RaisedLevel.raised_at)).all()
    return [(row.level, row.disposition) for row in rows]


def you(**changes: list[str]) -> dict[str, list[str]]:
    """What is sent for the first page."""
    return walk.page_of_posts("you", {}, changes)


def named(*diagnoses: str) -> dict[str, list[str]]:
    """What is sent for the page that asks for names, by somebody in pain."""
    return walk.page_of_posts("arms-and-legs", {"back_pain_now": "yes"}, {"diagnoses": list(diagnoses)})


def test_a_whole_intake_of_dull_answers_is_sent_with_outcome_and_consent(now: datetime) -> None:
    submission = walk.sent(now)
    assert submission.outcome.level == "ok"
    assert submission.outcome.explanation["suggestion"]["ranked"]
    assert submission.outcome.explanation["plan"]["course"]["sessions"]
    assert submission.answers["visit_goals"] == ["pain_relief"]
    assert submission.answers["consent_health_data"] == "yes"
    consents = db.session.scalars(sa.select(Consent)).all()
    assert [given.purpose for given in consents] == [Purpose.HEALTH_DATA]
    assert queries.draft(BROWSER, now) is None


def test_an_optional_question_left_blank_is_passed_and_sent_as_asked(now: datetime) -> None:
    draft = walk.walk(now)
    assert draft.answers["mood"] is None
    assert path.next_unanswered(draft.answers) is None
    sent = walk.sent(now)
    assert sent.answers["mood"] is None
    assert unasked_of(sent.outcome) == frozenset()


def test_a_rule_that_asks_again_waits_for_its_single_question(now: datetime) -> None:
    draft = walk.walk(now, until="accident", red_flags_major_trauma=["yes"])
    assert path.next_unanswered(draft.answers) is questionnaire.page("accident")
    assert raised() == []
    draft, reached = drafts.save_page(BROWSER, "accident", {"accident_checked": ["yes"]}, now)
    assert (reached.level, draft.stopped_at) == (Level.OK, None)
    assert raised() == []
    draft, reached = drafts.save_page(BROWSER, "accident", {"accident_checked": ["unsure"]}, now)
    assert (reached.level, draft.stopped_at) == (Level.URGENT, now)
    assert raised() == [("urgent", "emergency")]


def test_a_fall_at_seventy_is_asked_about_again_before_it_counts(now: datetime) -> None:
    fall = {"age_years": ["70"], "onset_triggers": ["fall"], "clinician_seen": ["no"]}
    walk.walk(now, until="short-questions", **fall)
    assert raised() == []
    posted = {"fall_started_it": ["yes"], "fall_checked": ["no"]}
    _, reached = drafts.save_page(BROWSER, "short-questions", posted, now)
    assert reached.level is Level.REFER
    assert raised() == [("refer", "doctor")]


def test_an_open_draft_with_an_older_sign_goes_on_and_the_sign_is_asked_anew(now: datetime) -> None:
    draft = walk.walk(now, until="today")
    older = {name: value for name, value in draft.answers.items() if name != "red_flags.small_fall"}
    draft.answers = {**older, "red_flags.minor_fall_fragile": "yes"}
    db.session.flush()
    assert path.next_unanswered(draft.answers) is questionnaire.page("safety-4")
    assert questionnaire.page_of("red_flags.minor_fall_fragile").slug == "safety-4"
    posted = walk.page_of_posts("safety-4", draft.answers, {})
    draft, _ = drafts.save_page(BROWSER, "safety-4", posted, now)
    assert "red_flags.minor_fall_fragile" not in draft.answers
    assert walk.sent(now).outcome.rules == []


def test_consent_to_speak_with_the_doctor_is_kept_as_its_own_consent(now: datetime) -> None:
    submission = walk.sent(now, consent_share_with_clinician=["yes"])
    purposes = db.session.scalars(
        sa.select(Consent.purpose).where(Consent.submission_id == submission.id)
    ).all()
    assert set(purposes) == {Purpose.HEALTH_DATA, Purpose.SHARE_WITH_CLINICIAN}


@pytest.mark.parametrize(
    "flag",
    [
        question.field
        for question in QUESTIONS.values()
        if question.field.startswith("red_flags.")
        and question.field not in questionnaire.SUCCESSORS
        and question.field != "red_flags.major_trauma"
        and questionnaire.page_of(question.field).slug in ("safety-1", "safety-2")
    ],
)
def test_an_urgent_flag_stops_the_form_at_its_own_page(now: datetime, flag: str) -> None:
    page = questionnaire.page_of(flag)
    walk.walk(now, until=page.slug)
    posted = {question.field: ["no"] for question in page.questions} | {flag: ["yes"]}
    draft, reached = drafts.save_page(BROWSER, page.slug, posted, now)
    assert reached.level is Level.URGENT
    assert draft.stopped_at == now
    assert raised() == [("urgent", "emergency")]
    with pytest.raises(services.Stopped):
        services.submit(BROWSER, {}, (), now)


def test_an_urgent_answer_stops_even_when_the_rest_of_the_page_is_blank(now: datetime) -> None:
    walk.walk(now, until="safety-1")
    draft, reached = drafts.save_page(BROWSER, "safety-1", {"red_flags.saddle_numbness": ["yes"]}, now)
    assert reached.level is Level.URGENT
    assert draft.answers["red_flags.saddle_numbness"] == "yes"


def test_an_urgent_combination_stops_where_its_last_answer_is_given(now: datetime) -> None:
    """U05: weakness that gets worse; neither page alone is urgent."""
    draft = walk.walk(now, until="limb-trend", limb_symptoms=["weakness"], radiation=["leg_below_knee"])
    assert draft.stopped_at is None
    draft, reached = drafts.save_page(BROWSER, "limb-trend", {"limb_symptom_trend": ["worse"]}, now)
    assert reached.level is Level.URGENT
    assert draft.stopped_at == now


def test_a_wrong_tap_can_be_corrected_and_the_form_goes_on(now: datetime) -> None:
    walk.walk(now, red_flags_both_legs_new=["yes"])
    page = questionnaire.page("safety-1")
    posted = {question.field: ["no"] for question in page.questions}
    draft, reached = drafts.save_page(BROWSER, "safety-1", posted, now)
    assert reached.level is Level.OK
    assert draft.stopped_at is None
    assert raised() == [("urgent", "emergency")]


def test_a_referred_client_may_finish_the_form(now: datetime) -> None:
    submission = walk.sent(now, red_flags_weight_loss=["yes"])
    assert (submission.outcome.level, submission.outcome.disposition) == ("refer", "doctor")
    assert submission.outcome.explanation["suggestion"] is None
    assert ("refer", "doctor") in raised()


def test_unsure_at_an_urgent_sign_is_a_doctors_matter(now: datetime) -> None:
    submission = walk.sent(now, red_flags_saddle_numbness=["unsure"])
    assert submission.outcome.level == "refer"
    assert submission.outcome.rules == ["unsure:saddle_numbness"]


def test_a_child_is_not_judged_unseen_before_the_question_is_asked(now: datetime) -> None:
    """R21 needs an answer to clinician_seen; before it is given nothing may be kept against the child."""
    walk.walk(now, until="arms-and-legs", age_years=["14"])
    assert ("refer", "doctor") not in raised()
    submission = walk.sent(now, age_years=["14"], clinician_seen=["no"])
    assert "R21" in submission.outcome.rules
    assert ("refer", "doctor") in raised()


def test_a_contradiction_is_first_shown_and_then_goes_to_a_therapist(now: datetime) -> None:
    changes: dict[str, Any] = {"pain_areas": ["leg_left"], "radiation": ["none"]}
    with pytest.raises(services.LookAgain) as shown:
        walk.sent(now, **changes)
    assert [found.rule for found in shown.value.found] == ["X01"]
    assert raised() == []
    submission = walk.sent(now, seen=("X01",), **changes)
    assert submission.outcome.level == "therapist_review"


def test_an_answered_contradiction_leaves_nothing_behind(now: datetime) -> None:
    walk.walk(now, pain_areas=["leg_left"], radiation=["none"])
    draft = queries.draft(BROWSER, now)
    assert draft is not None
    posted = walk.page_of_posts("pain", draft.answers, {"radiation": ["leg_above_knee"]})
    drafts.save_page(BROWSER, "pain", posted, now)
    assert walk.sent(now).outcome.level == "caution"
    assert raised() == []


def test_hiding_a_branch_clears_its_answers(now: datetime) -> None:
    walk.walk(now)
    draft, _ = drafts.save_page(BROWSER, "you", you(back_pain_now=["no"]), now)
    hidden = {"pain_areas", "pain_avg_nrs", "muscle_findings", "radiation", "peg_pain"}
    assert not hidden & set(draft.answers)
    assert path.next_unanswered(draft.answers) is None


def test_opening_a_branch_asks_only_what_it_needs(now: datetime) -> None:
    walk.walk(now, massage_experience=["never"])
    draft, _ = drafts.save_page(BROWSER, "you", you(), now)
    following = path.next_unanswered(draft.answers)
    assert following is not None
    assert following.slug == "medicines"
    draft, _ = drafts.save_page(BROWSER, "medicines", walk.page_of_posts("medicines", draft.answers, {}), now)
    assert path.next_unanswered(draft.answers) is None


def test_a_question_that_becomes_required_is_asked_again(now: datetime) -> None:
    """Thin bones are optional at 41 and left blank; at 52 they must be answered."""
    draft = walk.walk(now, osteoporosis=[])
    assert draft.answers["osteoporosis"] is None
    draft, _ = drafts.save_page(BROWSER, "you", you(age_years=["52"]), now)
    following = path.next_unanswered(draft.answers)
    assert following is not None
    assert following.slug == "medicines"


def test_pages_open_in_their_order(now: datetime) -> None:
    walk.begun(now)
    with pytest.raises(drafts.NotReached):
        drafts.save_page(BROWSER, "conditions", {"conditions": ["none"]}, now)
    with pytest.raises(drafts.NotReached):
        services.submit(BROWSER, {"understood_not_diagnosis": ["yes"]}, (), now)


def test_a_page_that_is_not_asked_cannot_be_answered(now: datetime) -> None:
    walk.walk(now, age_years=["41"])
    with pytest.raises(drafts.NotReached):
        drafts.save_page(BROWSER, "guardian", {"guardian_consent": ["no"]}, now)


def test_a_forged_field_of_another_page_is_not_taken(now: datetime) -> None:
    walk.begun(now)
    posted = {**you(), "clinician_seen": ["yes_cleared"], "red_flags.weight_loss": ["no"]}
    draft, _ = drafts.save_page(BROWSER, "you", posted, now)
    assert set(draft.answers) == set(you())


@pytest.mark.parametrize(
    ("slug", "posted"),
    [
        ("you", {"age_years": ["111"]}),
        ("you", {"age_years": ["-1"]}),
        ("you", {"age_years": ["4e1"]}),
        ("you", {"age_years": ["٤١"]}),
        ("you", {"age_years": ["9" * 5000]}),
        ("you", {"age_years": ["41", "12"]}),
        ("you", {}),
        ("goals", {"visit_goals": ["pain_relief", "cure"]}),
        ("goals", {"visit_goals": ["pain_relief", "mobility", "sleep", "posture"]}),
        ("today", {"today": ["none", "fever"]}),
        ("you", {"back_pain_now": ["maybe"]}),
        ("you", {"back_pain_now": ["yes", "no"]}),
    ],
)
def test_an_answer_no_page_offers_is_refused_with_a_sentence(
    now: datetime, slug: str, posted: dict[str, list[str]]
) -> None:
    walk.walk(now, until=slug)
    if slug == "you":
        posted = {**you(), **(posted or {"age_years": []})}
    with pytest.raises(drafts.DraftIncomplete) as refused:
        drafts.save_page(BROWSER, slug, posted, now)
    assert len(refused.value.problems) == 1
    given = {text for texts in posted.values() for text in texts}
    assert not any(text in str(refused.value) for text in given)


def test_every_warning_sign_must_be_answered(now: datetime) -> None:
    walk.walk(now, until="safety-3")
    page = questionnaire.page("safety-3")
    posted = {question.field: ["no"] for question in page.questions[1:]}
    with pytest.raises(drafts.DraftIncomplete) as refused:
        drafts.save_page(BROWSER, "safety-3", posted, now)
    assert list(refused.value.problems) == [page.questions[0].field]


def test_none_of_these_answers_what_is_open_and_is_kept_as_a_group(now: datetime) -> None:
    walk.walk(now, until="safety-1")
    first, *others = [question.field for question in questionnaire.page("safety-1").questions]
    draft, _ = drafts.save_page(BROWSER, "safety-1", {first: ["no"]}, now, none_of_these=True)
    assert {draft.answers[sign] for sign in (first, *others)} == {"no"}
    assert draft.as_group == others
    # A sign that is answered by itself afterwards belongs to no group.
    posted = {sign: ["no"] for sign in (first, others[0])}
    draft, _ = drafts.save_page(BROWSER, "safety-1", posted, now, none_of_these=True)
    assert draft.as_group == others[1:]
    assert walk.sent(now).as_group == others[1:]


@pytest.mark.parametrize("said", ["yes", "unsure"])
def test_none_of_these_is_refused_beside_a_sign_that_says_otherwise(now: datetime, said: str) -> None:
    walk.walk(now, until="safety-3")
    sign = questionnaire.page("safety-3").questions[2].field
    with pytest.raises(drafts.DraftIncomplete) as refused:
        drafts.save_page(BROWSER, "safety-3", {sign: [said]}, now, none_of_these=True)
    assert refused.value.problems == {sign: drafts.WHICH_IS_RIGHT}
    draft = queries.draft(BROWSER, now)
    assert draft is not None
    assert not {question.field for question in questionnaire.page("safety-3").questions} & set(draft.answers)
    assert draft.as_group == []


def test_none_of_these_answers_no_other_page(now: datetime) -> None:
    walk.walk(now, until="conditions")
    with pytest.raises(drafts.DraftIncomplete):
        drafts.save_page(BROWSER, "conditions", {}, now, none_of_these=True)


def test_the_closing_confirmations_are_needed(now: datetime) -> None:
    walk.walk(now)
    with pytest.raises(drafts.DraftIncomplete) as refused:
        services.submit(BROWSER, {"understood_not_diagnosis": ["yes"]}, (), now)
    assert list(refused.value.problems) == ["accuracy_confirmed"]


def test_a_no_keeps_nothing(now: datetime) -> None:
    walk.walk(now, until="goals")
    drafts.withhold(BROWSER)
    assert queries.draft(BROWSER, now) is None
    with pytest.raises(drafts.NoDraft):
        drafts.save_page(BROWSER, "goals", {"visit_goals": ["sleep"]}, now)


def test_beginning_again_finds_the_answers_under_way(now: datetime) -> None:
    walk.walk(now, until="goals")
    again = drafts.start(browser=BROWSER, client_id=None, mail="ada@client.example", now=now)
    assert again.answers["age_years"] == 41
    assert again.mail == "ada@client.example"


def test_a_draft_of_another_browser_is_not_found(now: datetime) -> None:
    walk.walk(now, until="goals")
    assert queries.draft(OTHER_BROWSER, now) is None
    assert queries.draft(None, now) is None


def test_drafts_are_deleted_fourteen_days_after_the_last_change(now: datetime, make: Make) -> None:
    walk.begun(now)
    walk.begun(now + timedelta(days=1), browser=OTHER_BROWSER)
    assert queries.draft(BROWSER, now + timedelta(days=14)) is None
    assert services.old_drafts(now).delete() == 1
    assert services.old_drafts(now).delete() == 0
    assert make.count(Draft) == 1


def test_a_client_who_returns_answers_again_what_can_have_changed(now: datetime, make: Make) -> None:
    person = make.client()
    first = walk.sent(now, conditions=["diabetes"])
    services.adopt(BROWSER, person.id, now)
    later = now + timedelta(days=30)
    draft = drafts.start(browser=OTHER_BROWSER, client_id=person.id, mail=None, now=later)
    assert draft.answers["conditions"] == ["diabetes"]
    assert not {*SHORT_SAFETY_FIELDS, "pain_now_nrs"} & set(draft.answers)
    asked = []
    while (page := path.next_unanswered(draft.answers)) is not None:
        asked.append(page.slug)
        posted = walk.page_of_posts(page.slug, draft.answers, {"conditions": ["diabetes"]})
        draft, _ = drafts.save_page(OTHER_BROWSER, page.slug, posted, later)
    expected = ["safety-1", "safety-2", "safety-3", "safety-4", "safety-5", "today", "where"]
    assert asked == [*expected, "pain", "medicines", "scores", "activities"]
    closing = walk.page_of_posts(path.CLOSING, draft.answers, {})
    with pytest.raises(drafts.NotReached):
        services.submit(OTHER_BROWSER, closing, (), later)
    returning.say_still_true(OTHER_BROWSER, later)
    second = services.submit(OTHER_BROWSER, closing, (), later)
    assert second.client_id == person.id
    assert second.answers == first.answers
    # Looked over, but not renewed: each answer keeps the date on which it was given.
    assert second.answered_at is not None
    assert second.answered_at["conditions"] == now.isoformat()
    assert second.answered_at["today"] == later.isoformat()
    assert second.safety_from == later


def returned(now: datetime, make: Make, **before: list[str]) -> Draft:
    """The draft of a client who answered 30 days before `now` and begins again on another device."""
    person = make.client()
    walk.sent(now - timedelta(days=30), **before)
    services.adopt(BROWSER, person.id, now - timedelta(days=30))
    return drafts.start(browser=OTHER_BROWSER, client_id=person.id, mail=None, now=now)


def test_a_new_name_for_the_problem_asks_everything_again(now: datetime, make: Make) -> None:
    returned(now, make, conditions=["diabetes"], diagnoses=["muscle_strain"], diagnoses_past=["none"])
    draft = walk.walk(now, browser=OTHER_BROWSER, until="arms-and-legs")
    assert draft.answers["conditions"] == ["diabetes"]
    draft, _ = drafts.save_page(OTHER_BROWSER, "arms-and-legs", named("sciatica"), now)
    assert draft.answers["diagnoses"] == ["sciatica"]
    assert draft.answers["today"] == []
    assert {"pain_duration", "radiation", "conditions", "hopes"} & set(draft.answers) == set()
    assert drafts.said_before(draft)["conditions"] == ["diabetes"]
    page = path.next_unanswered(draft.answers)
    assert page is not None
    assert page.slug == "usual-day"


def test_what_was_answered_after_a_new_name_stays_when_another_is_added(now: datetime, make: Make) -> None:
    returned(now, make)
    told = {"diagnoses": ["sciatica"], "diagnoses_past": ["none"]}
    walk.walk(now, browser=OTHER_BROWSER)
    drafts.save_page(OTHER_BROWSER, "arms-and-legs", named("sciatica"), now)
    draft = walk.walk(now, browser=OTHER_BROWSER, **told)
    assert path.next_unanswered(draft.answers) is None
    draft, _ = drafts.save_page(OTHER_BROWSER, "arms-and-legs", named("sciatica", "scoliosis"), now)
    assert draft.answers["pain_duration"]
    assert path.next_unanswered(draft.answers) is None


def test_a_name_told_before_renews_nothing(now: datetime, make: Make) -> None:
    told = {"diagnoses": ["sciatica"], "diagnoses_past": ["sciatica"]}
    returned(now, make, **told)
    draft = walk.walk(now, browser=OTHER_BROWSER, until="arms-and-legs")
    draft, _ = drafts.save_page(OTHER_BROWSER, "arms-and-legs", named("sciatica"), now)
    assert draft.answers["age_years"]


def test_a_client_who_had_no_pain_is_asked_whether_it_hurts_now(now: datetime, make: Make) -> None:
    draft = returned(now, make, back_pain_now=["no"])
    assert "back_pain_now" not in draft.answers
    assert draft.answers["age_years"]


def test_after_six_months_everything_is_asked_again(now: datetime, make: Make) -> None:
    person = make.client()
    walk.sent(now - timedelta(days=183))
    services.adopt(BROWSER, person.id, now - timedelta(days=183))
    draft = drafts.start(browser=OTHER_BROWSER, client_id=person.id, mail=None, now=now)
    assert draft.answers == {}


@pytest.mark.parametrize(
    ("field", "code", "weeks"),
    [
        ("recent_surgery", "lt_6w", 6),
        ("recent_surgery", "6w_12w", 6),
        ("pain_duration", "lt_6w", 6),
        ("pain_duration", "6w_12w", 6),
        ("conditions", "recent_head_injury", 4),
        ("conditions", "recent_fracture_lt_12w", 12),
        ("conditions", "recent_heart_attack_or_stroke", 13),
    ],
)
def test_an_answer_that_names_a_period_is_asked_anew_once_it_has_passed(
    now: datetime, field: str, code: str, weeks: int
) -> None:
    before = Submission(submitted_at=now, outcome=Outcome())
    before.outcome.explanation = {}
    value = [code, "diabetes"] if field == "conditions" else code
    before.answers = {"back_pain_now": "yes", field: value, "swelling": "none"}
    passed = now + timedelta(weeks=weeks)
    assert history.filled_in(before, passed - timedelta(days=1))[field] == value
    assert field not in history.filled_in(before, passed)
    assert history.filled_in(before, passed)["swelling"] == "none"


def test_every_answer_that_names_a_period_is_known_or_asked_again() -> None:
    """Options that say since when, but for the ones that only grow older."""
    named = {
        (field.name, option.code)
        for field in FIELDS.values()
        if field.name not in (*DAY_OF_VISIT_FIELDS, *SCORE_FIELDS)
        for option in field.options
        if re.search(
            r"\b(in the last|last \d+|less than|under \d|weeks ago|to 12 weeks)\b",
            option.label,
            re.IGNORECASE,
        )
    }
    known = {(field, code) for field, periods in history.PERIODS.items() for code in periods}
    assert named - known == {("recent_surgery", "gt_12w")}
    assert known <= named


def test_a_visitor_does_not_find_the_history_of_a_client(now: datetime, make: Make) -> None:
    walk.sent(now)
    services.adopt(BROWSER, make.client().id, now)
    assert drafts.start(browser=BROWSER, client_id=None, mail=None, now=now).answers == {}


def test_postponement_carries_its_own_disposition(now: datetime) -> None:
    submission = walk.sent(now, today=["contagious_illness"])
    assert (submission.outcome.level, submission.outcome.disposition) == ("refer", Disposition.POSTPONE)


def test_what_is_stored_names_the_rule_set_it_was_made_with(now: datetime, make: Make) -> None:
    submission = walk.sent(now)
    outcome = make.found(Outcome, submission.outcome.id)
    assert outcome.rule_set == outcome.explanation["safety"]["rule_set"]
    assert make.count(Submission) == 1
