"""Two doors: before a booking a chosen treatment asks only what can change it, a suggestion what it is made of besides."""

from collections.abc import Collection
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from clinic.db import db
from clinic.guidance import questionnaire
from clinic.guidance.gate import SUGGESTION_FIELDS, gate_fields
from clinic.guidance.levels import Level
from clinic.intake import drafts, path, queries, services
from clinic.intake.explanation import safety_of, unasked_of
from clinic.intake.models import Clearance, Door, Draft, RaisedLevel, Submission
from clinic.intake.queries import SafetyStanding, safety_standing
from tests.intake import walk
from tests.intake.walk import BROWSER, OTHER_BROWSER
from tests.make import Make

pytestmark = pytest.mark.usefixtures("database")

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def begun(now: datetime, *types: str, door: Door = Door.CHOSEN, browser: bytes = BROWSER) -> Draft:
    return drafts.start(browser=browser, client_id=None, mail=None, now=now, door=door, types=types)


def met(draft: Draft, now: datetime, **changes: list[str]) -> list[str]:
    """The pages somebody answers by this draft, in order."""
    slugs = []
    while (page := walk.following(draft)) is not None:
        slugs.append(page.slug)
        posted = walk.page_of_posts(page.slug, draft.answers, changes)
        draft, _ = drafts.save_page(draft.browser, page.slug, posted, now)
    return slugs


def sent(now: datetime, *types: str, **changes: list[str]) -> Submission:
    """Answers sent by the door of a chosen treatment with these types."""
    begun(now, *types)
    return walk.sent(now, **changes)


def standing(now: datetime) -> SafetyStanding:
    return safety_standing(browser=BROWSER, client_id=None, now=now, zone="Europe/Berlin")


def completed(before: Submission, now: datetime, types: Collection[str]) -> Draft:
    given = queries.consent_of(before)
    assert given is not None
    return drafts.complete(before, given, browser=BROWSER, types=list(types), now=now)


SAFETY = ["safety-1", "safety-2", "safety-3", "safety-4", "safety-5", "today"]
GATE = ["you", *SAFETY, "pain", "arms-and-legs", "conditions", "medicines", "operations"]


def test_a_chosen_treatment_asks_only_what_can_change_its_booking(now: datetime) -> None:
    draft = begun(now, "swedish")
    assert met(draft, now) == GATE
    assert {"age_years", "clinician_seen", "recent_surgery"} <= draft.answers.keys()
    assert not {"allergies", "visit_goals", "muscle_findings", "pain_areas", "mood"} & draft.answers.keys()


def test_a_page_shows_only_the_questions_that_the_chosen_types_need(now: datetime) -> None:
    draft = begun(now, "aromatherapy")
    assert met(draft, now) == GATE
    assert draft.answers["allergies"] == []
    draft = begun(now, "deep_tissue", browser=OTHER_BROWSER)
    assert met(draft, now) == [*GATE[:8], "feel", *GATE[8:]]
    assert draft.answers["muscle_findings"] == ["general_tightness"]
    assert "pain_quality" not in draft.answers


def test_a_suggestion_asks_besides_what_it_is_made_of(now: datetime) -> None:
    draft = begun(now, door=Door.SUGGESTION)
    expected = ["you", "goals", *SAFETY, "where", "pain", "feel", "arms-and-legs", "stress", *GATE[9:]]
    assert met(draft, now) == [*expected, "pressure", "types"]
    assert not {"occupation_type", "peg_pain", "touch_concern", "other_care"} & draft.answers.keys()


def test_the_treatment_chosen_last_decides_what_is_asked(now: datetime) -> None:
    draft = begun(now, door=Door.SUGGESTION)
    drafts.choose(BROWSER, ["swedish"], now)
    assert (draft.door, draft.types) == (Door.CHOSEN, ["swedish"])
    walk.walk(now)
    drafts.choose(BROWSER, ["deep_tissue"], now)
    page = walk.following(draft)
    assert page is questionnaire.page("feel")
    drafts.choose(OTHER_BROWSER, ["deep_tissue"], now)
    assert queries.draft(OTHER_BROWSER, now) is None


def test_place_and_list_follow_the_door(now: datetime) -> None:
    draft = begun(now, "swedish")
    scope = path.scope_of(draft)
    place = questionnaire.progress("you", draft.answers, scope)
    titles = [part.title for part, _ in place.parts]
    assert titles == ["About you", "Safety check", "Your back", "Health", "Consent"]
    assert questionnaire.progress("pain", {"back_pain_now": "yes"}, scope).of == 2
    with pytest.raises(drafts.NotReached):
        drafts.save_page(BROWSER, "usual-day", {}, now)


def test_what_was_not_asked_is_kept_apart_from_what_was_left_blank(now: datetime) -> None:
    submission = sent(now, "swedish", osteoporosis=[])
    unasked = unasked_of(submission.outcome)
    assert {"mood", "visit_goals", "allergies", "muscle_findings"} <= unasked
    assert not unasked & gate_fields(["swedish"])
    assert unasked >= SUGGESTION_FIELDS - gate_fields(["swedish"])
    assert submission.answers["osteoporosis"] is None
    assert not unasked & submission.answers.keys()
    assert not {"guardian_consent", "accident_checked", "limb_symptom_trend"} & unasked


def test_nobody_is_asked_about_a_contradiction_with_what_was_not_asked(now: datetime) -> None:
    """Weakness without travelling pain sounds odd only to somebody who said where it hurts (X02)."""
    weak = {
        "limb_symptoms": ["weakness"],
        "limb_symptom_trend": ["stable"],
        "clinician_seen": ["yes_cleared"],
    }
    submission = sent(now, "swedish", **weak)
    assert "X02" not in submission.outcome.rules
    listed = {row["rule"] for row in submission.outcome.explanation["safety"]["not_yet_asked"]}
    assert "X02" in listed
    drafts.start(browser=BROWSER, client_id=None, mail=None, now=now, door=Door.SUGGESTION)
    with pytest.raises(services.LookAgain):
        walk.sent(now, **weak)


def test_rules_that_wait_for_answers_are_listed_for_the_therapist(now: datetime) -> None:
    whys = safety_of(sent(now, "swedish").outcome).not_yet_asked
    assert whys
    assert "Fever, or feeling very unwell" not in whys


def test_a_standing_knows_for_which_types_enough_was_asked(now: datetime) -> None:
    assert not standing(now).is_answered_for(["swedish"])
    sent(now, "swedish")
    found = standing(now)
    assert found.is_answered_for(["swedish"])
    assert found.is_answered_for(["relaxation"])
    assert not found.is_answered_for(["swedish", "deep_tissue"])
    assert found.missing_for(["aromatherapy"]) == {"allergies"}
    assert not standing(now + 3 * DAY).is_answered_for(["swedish"])


def test_only_what_is_missing_is_asked_for_another_treatment(now: datetime) -> None:
    before = sent(now, "swedish", red_flags_cough_sneeze_worse=["unsure"])
    draft = completed(before, now + HOUR, ["deep_tissue"])
    assert draft.answers["red_flags.cough_sneeze_worse"] == "unsure"
    assert draft.consented_at == now
    assert met(draft, now + HOUR) == ["feel"]
    after = services.submit(BROWSER, walk.page_of_posts(path.CLOSING, draft.answers, {}), (), now + HOUR)
    assert standing(now + HOUR).is_answered_for(["deep_tissue"])
    assert {**after.answers, **before.answers} == after.answers
    assert after.as_group == before.as_group


def test_pages_without_safety_answers_renew_neither_the_48_hours_nor_the_week(now: datetime) -> None:
    before = sent(now, "swedish", medications=["anticoagulant"])
    (row,) = db.session.scalars(sa.select(RaisedLevel)).all()
    later = now + 30 * HOUR
    draft = completed(before, later, ["deep_tissue"])
    assert met(draft, later) == ["feel"]
    after = services.submit(BROWSER, walk.page_of_posts(path.CLOSING, draft.answers, {}), (), later)
    assert (after.submitted_at, after.safety_from) == (later, now)
    assert not standing(now + 2 * DAY).fresh
    rows = db.session.scalars(sa.select(RaisedLevel)).all()
    assert [one.raised_at for one in rows] == [row.raised_at] == [now]
    assert standing(later).level is Level.THERAPIST_REVIEW
    assert standing(now + 8 * DAY).level is Level.THERAPIST_REVIEW


def test_a_new_sign_among_the_missing_pages_counts_from_when_it_was_given(now: datetime) -> None:
    before = sent(now, "swedish", medications=["anticoagulant"])
    later = now + 30 * HOUR
    draft = completed(before, later, ["deep_tissue"])
    posted = walk.page_of_posts("safety-3", draft.answers, {"red_flags.weight_loss": ["yes"]})
    draft, reached = drafts.save_page(BROWSER, "safety-3", posted, later)
    assert reached.level is Level.REFER
    rows = db.session.scalars(sa.select(RaisedLevel).order_by(RaisedLevel.raised_at)).all()
    assert [(one.level, one.raised_at) for one in rows] == [("therapist_review", now), ("refer", later)]


def test_what_a_therapist_cleared_stays_cleared_when_more_is_asked(now: datetime, make: Make) -> None:
    """A fracture cleared by a therapist (R17): the missing page changes nothing, one red flag does."""
    person = make.client()
    broken = {"conditions": ["recent_fracture_lt_12w"], "clinician_seen": ["yes_not_discussed"]}
    before = sent(now, "swedish", **broken)
    services.adopt(BROWSER, person.id, now)
    clearance = Clearance(
        submission_id=before.id, cleared_by_id=make.user().id, cleared_at=now, until=now + 90 * DAY
    )
    clearance.rules, clearance.reason = ["R17"], "Seen"
    db.session.add(clearance)
    db.session.flush()

    def of_person() -> SafetyStanding:
        return safety_standing(browser=None, client_id=person.id, now=now + HOUR, zone="Europe/Berlin")

    assert of_person().level is Level.OK
    draft = completed(before, now + HOUR, ["deep_tissue"])
    assert met(draft, now + HOUR) == ["feel"]
    services.submit(BROWSER, walk.page_of_posts(path.CLOSING, draft.answers, {}), (), now + HOUR)
    assert of_person().level is Level.OK
    assert of_person().is_answered_for(["deep_tissue"])


def test_what_was_never_asked_is_not_filled_in_as_blank_for_a_returning_client(
    now: datetime, make: Make
) -> None:
    person = make.client()
    before = sent(now, "swedish")
    services.adopt(BROWSER, person.id, now)
    later = now + 30 * DAY
    draft = drafts.start(
        browser=OTHER_BROWSER, client_id=person.id, mail=None, now=later, door=Door.CHOSEN, types=["swedish"]
    )
    assert not unasked_of(before.outcome) & draft.answers.keys()
    assert draft.answers["osteoporosis"] == "no"


def test_the_short_form_of_a_visit_knows_what_the_full_one_did_not_ask(now: datetime, make: Make) -> None:
    person = make.client()
    before = sent(now, "swedish")
    services.adopt(BROWSER, person.id, now)
    posted = {
        question.field: walk.answer_to(question, {})
        for question in services.questions_before_visit({"back_pain_now": "yes"})
    }
    short = services.answer_before_visit(client_id=person.id, posted=posted, now=now + HOUR)
    assert unasked_of(short.outcome) == unasked_of(before.outcome) - {"pain_now_nrs"}
    found = safety_standing(browser=None, client_id=person.id, now=now + HOUR, zone="Europe/Berlin")
    assert not found.is_answered_for(["aromatherapy"])
