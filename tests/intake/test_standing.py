"""Which level counts for a person: the newest answers, the floor of seven days, postponements, clearances."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from clinic.accounts.models import Client
from clinic.db import db
from clinic.guidance import questionnaire
from clinic.guidance.levels import Disposition, Level
from clinic.intake import drafts, path, queries, services
from clinic.intake.explanation import safety_of
from clinic.intake.models import Clearance, RaisedLevel, Submission
from clinic.intake.queries import SafetyStanding, safety_standing
from tests.intake import walk
from tests.intake.walk import BROWSER, OTHER_BROWSER
from tests.make import Make

pytestmark = pytest.mark.usefixtures("database")

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def of_browser(now: datetime, browser: bytes | None = BROWSER, zone: str = "Europe/Berlin") -> SafetyStanding:
    return safety_standing(browser=browser, client_id=None, now=now, zone=zone)


def of_client(person: Client, now: datetime, browser: bytes | None = None) -> SafetyStanding:
    return safety_standing(browser=browser, client_id=person.id, now=now, zone="Europe/Berlin")


def test_nothing_answered_is_no_level(now: datetime) -> None:
    assert of_browser(now) == queries.UNKNOWN
    assert of_browser(now, None) == queries.UNKNOWN


def test_an_ok_submission_is_bookable_and_fresh(now: datetime) -> None:
    submission = walk.sent(now)
    found = of_browser(now)
    assert (found.level, found.disposition) == (Level.OK, None)
    assert found.submission == submission
    assert found.fresh
    assert found.consented
    assert found.level_at(now + HOUR) is Level.OK


def test_the_safety_part_is_fresh_for_48_hours(now: datetime) -> None:
    walk.sent(now)
    assert of_browser(now + timedelta(hours=47, minutes=59)).fresh
    assert not of_browser(now + timedelta(hours=48)).fresh


def test_a_submission_counts_for_six_months(now: datetime) -> None:
    walk.sent(now)
    assert of_browser(now + 182 * DAY).submission is not None
    found = of_browser(now + 183 * DAY)
    assert found.submission is None
    assert found.level is None


def test_exclusions_are_handed_on_for_the_booking(now: datetime) -> None:
    walk.sent(now, conditions=["hypertension_controlled"])
    found = of_browser(now)
    assert found.level is Level.CAUTION
    assert {"deep_tissue", "mechanical_impulse"} <= found.excluded


def test_another_browser_knows_nothing_of_it(now: datetime) -> None:
    walk.sent(now, red_flags_weight_loss=["yes"])
    assert of_browser(now, OTHER_BROWSER) == queries.UNKNOWN


@pytest.mark.parametrize(
    ("changes", "level", "disposition"),
    [
        ({"medications": ["anticoagulant"]}, Level.THERAPIST_REVIEW, None),
        ({"red_flags_weight_loss": ["yes"]}, Level.REFER, Disposition.DOCTOR),
        ({"red_flags_cough_sneeze_worse": ["unsure"]}, Level.THERAPIST_REVIEW, None),
    ],
)
def test_the_level_of_the_newest_answers_counts(
    now: datetime, changes: dict[str, Any], level: Level, disposition: Disposition | None
) -> None:
    walk.sent(now, **changes)
    found = of_browser(now)
    assert (found.level, found.disposition) == (level, disposition)


def test_an_urgent_answer_counts_though_the_form_was_never_sent(now: datetime) -> None:
    walk.walk(now, red_flags_chest_pain_breathless=["yes"])
    found = of_browser(now)
    assert (found.level, found.disposition) == (Level.URGENT, Disposition.EMERGENCY)
    assert found.submission is None


def test_an_urgent_answer_after_a_good_submission_counts_at_once(now: datetime) -> None:
    walk.sent(now)
    walk.walk(now + HOUR, red_flags_chest_pain_breathless=["yes"])
    assert of_browser(now + HOUR).level is Level.URGENT


@pytest.mark.parametrize("flag", ["red_flags_both_legs_new", "red_flags_weight_loss"])
def test_changed_answers_after_a_stop_still_go_to_a_therapist_for_seven_days(
    now: datetime, flag: str
) -> None:
    walk.walk(now, browser=BROWSER, until=None, **{flag: ["yes"]})
    drafts.withhold(BROWSER)
    walk.sent(now + HOUR)
    assert of_browser(now + HOUR).level is Level.THERAPIST_REVIEW
    assert of_browser(now + HOUR).level_at(now + 30 * DAY) is Level.THERAPIST_REVIEW
    assert of_browser(now + 7 * DAY).level is Level.OK


def test_the_floor_follows_the_client_to_another_browser(now: datetime, make: Make) -> None:
    person = make.client()
    walk.walk(now, red_flags_weight_loss=["yes"])
    drafts.withhold(BROWSER)
    walk.sent(now + HOUR)
    services.adopt(BROWSER, person.id, now + HOUR)
    assert of_client(person, now + HOUR, OTHER_BROWSER).level is Level.THERAPIST_REVIEW


def test_illness_stops_only_the_next_48_hours(now: datetime) -> None:
    walk.sent(now, today=["contagious_illness"])
    found = of_browser(now + HOUR)
    assert (found.level, found.disposition) == (Level.REFER, Disposition.POSTPONE)
    assert found.not_before == now + HOUR + 48 * HOUR
    assert found.level_at(now + 48 * HOUR) is Level.REFER
    assert found.level_at(now + 49 * HOUR) is Level.OK


@pytest.mark.parametrize(
    ("zone", "tomorrow"),
    [
        ("Europe/Berlin", datetime(2031, 3, 29, 23, 0, tzinfo=UTC)),
        ("America/New_York", datetime(2031, 3, 30, 4, 0, tzinfo=UTC)),
        ("Pacific/Auckland", datetime(2031, 3, 30, 11, 0, tzinfo=UTC)),
    ],
)
def test_alcohol_today_stops_until_the_locations_tomorrow(zone: str, tomorrow: datetime) -> None:
    """The evening before Berlin's clocks go forward; in Auckland it is the next morning already."""
    evening = datetime(2031, 3, 29, 20, 0, tzinfo=UTC)
    walk.sent(evening, today=["alcohol_or_drugs"])
    found = of_browser(evening, zone=zone)
    assert found.not_before == tomorrow
    assert found.level_at(tomorrow - timedelta(minutes=5)) is Level.REFER
    assert found.level_at(tomorrow) is Level.OK
    assert of_browser(tomorrow, zone=zone).level is Level.OK


def test_after_a_postponement_the_rest_of_the_answers_counts(now: datetime) -> None:
    walk.sent(now, today=["contagious_illness"], medications=["anticoagulant"])
    found = of_browser(now)
    assert found.level_at(now + HOUR) is Level.REFER
    assert found.level_at(now + 49 * HOUR) is Level.THERAPIST_REVIEW


def test_a_doctors_matter_outweighs_a_postponement(now: datetime) -> None:
    walk.sent(now, today=["contagious_illness"], red_flags_weight_loss=["yes"])
    found = of_browser(now)
    assert (found.level, found.disposition, found.not_before) == (Level.REFER, Disposition.DOCTOR, None)


def test_an_illness_taken_back_goes_to_a_therapist_until_its_time_is_over(now: datetime) -> None:
    walk.sent(now, today=["contagious_illness"])
    walk.sent(now + HOUR)
    assert of_browser(now + HOUR).level is Level.THERAPIST_REVIEW
    assert of_browser(now + 48 * HOUR).level is Level.OK


def cleared(submission: Submission, rules: set[str], make: Make, now: datetime, days: int = 90) -> None:
    """A clearance as it is stored, whatever the pages let a therapist clear."""
    row = Clearance(
        submission_id=submission.id,
        cleared_by_id=make.user().id,
        cleared_at=now,
        until=now + days * DAY,
    )
    row.rules, row.reason = sorted(rules), "Letter from the cardiologist."
    db.session.add(row)
    db.session.flush()


def test_a_clearance_reopens_booking_until_its_date(now: datetime, make: Make) -> None:
    person = make.client()
    submission = walk.sent(now, conditions=["recent_heart_attack_or_stroke", "hypertension_controlled"])
    services.adopt(BROWSER, person.id, now)
    assert of_client(person, now).level is Level.REFER
    cleared(submission, {"R15"}, make, now + DAY, days=10)
    found = of_client(person, now + DAY)
    assert found.level is Level.CAUTION
    assert "deep_tissue" in found.excluded
    assert of_client(person, now + 11 * DAY).level is Level.REFER


def test_a_clearance_of_one_rule_leaves_the_others(now: datetime, make: Make) -> None:
    person = make.client()
    submission = walk.sent(now, conditions=["recent_heart_attack_or_stroke"], red_flags_weight_loss=["yes"])
    services.adopt(BROWSER, person.id, now)
    cleared(submission, {"R15"}, make, now)
    assert of_client(person, now + HOUR).level is Level.REFER


def test_a_clearance_reaches_the_same_answer_said_again_but_not_another(now: datetime, make: Make) -> None:
    person = make.client()
    submission = walk.sent(now, conditions=["past_clot"])
    services.adopt(BROWSER, person.id, now)
    cleared(submission, {"T03"}, make, now + HOUR)
    assert of_client(person, now + HOUR).level is Level.OK
    later = now + 20 * DAY
    again(person, later, conditions=["past_clot"])
    assert of_client(person, later).level is Level.OK
    again(person, later + HOUR, conditions=["past_clot"], medications=["anticoagulant"])
    assert of_client(person, later + HOUR).level is Level.THERAPIST_REVIEW


def again(person: Client, at: datetime, **changes: list[str]) -> None:
    """The same client sends a new intake, from another browser."""
    walk.sent(at, browser=OTHER_BROWSER, seen=(), **changes)
    services.adopt(OTHER_BROWSER, person.id, at)


def test_an_emergency_said_again_is_not_covered_by_an_old_clearance(now: datetime, make: Make) -> None:
    person = make.client()
    answers = {"red_flags.saddle_numbness": "yes"}
    first = services.answer_before_visit(client_id=person.id, posted=visit_form(answers), now=now)
    walk.sent(now)
    services.adopt(BROWSER, person.id, now)
    cleared(first, {"U01"}, make, now + HOUR)
    services.answer_before_visit(client_id=person.id, posted=visit_form(answers), now=now + DAY)
    assert of_client(person, now + DAY).level is Level.URGENT


def visit_form(changes: dict[str, str]) -> dict[str, list[str]]:
    plain = {
        question.field: ["none"] if question.field in ("today", "medications") else ["no"]
        for question in services.questions_before_visit({})
    }
    pains = {"pain_now_nrs": ["3"], "pain_avg_nrs": ["3"]}
    return {**plain, **pains, **{name: [value] for name, value in changes.items()}}


def test_the_short_form_is_judged_together_with_the_last_full_one(now: datetime, make: Make) -> None:
    """U14: numbness stands in the full form, the new pain after cancer in the short one."""
    person = make.client()
    walk.sent(now, limb_symptoms=["numbness"], radiation=["arm"], clinician_seen=["yes_cleared"])
    services.adopt(BROWSER, person.id, now)
    short = services.answer_before_visit(
        client_id=person.id,
        posted=visit_form({"red_flags.cancer_ever": "yes", "cancer_pain_changed": "yes"}),
        now=now + 30 * DAY,
    )
    assert "U14" in short.outcome.rules
    assert "limb_symptoms" not in short.answers
    assert of_client(person, now + 30 * DAY).level is Level.URGENT


def test_the_short_form_makes_the_answers_fresh_again(now: datetime, make: Make) -> None:
    person = make.client()
    full = walk.sent(now)
    services.adopt(BROWSER, person.id, now)
    later = now + 30 * DAY
    assert not of_client(person, later).fresh
    services.answer_before_visit(client_id=person.id, posted=visit_form({}), now=later)
    found = of_client(person, later)
    assert found.fresh
    assert found.submission == full


def test_the_short_form_wants_every_sign_answered(now: datetime, make: Make) -> None:
    posted = visit_form({})
    del posted["red_flags.weight_loss"]
    with pytest.raises(drafts.DraftIncomplete) as refused:
        services.answer_before_visit(client_id=make.client().id, posted=posted, now=now)
    assert list(refused.value.problems) == ["red_flags.weight_loss"]


def test_a_signed_in_client_is_not_judged_by_what_the_browser_sent_for_another(
    now: datetime, make: Make
) -> None:
    other, person = make.client(given_name="Otto"), make.client()
    walk.sent(now, red_flags_weight_loss=["yes"])
    services.adopt(BROWSER, other.id, now)
    assert of_client(person, now, BROWSER) == queries.UNKNOWN
    assert of_client(other, now).level is Level.REFER


def test_a_visitor_who_books_again_takes_the_answers_along(now: datetime, make: Make) -> None:
    first, second = make.client(), make.client(given_name="Ada")
    original = walk.sent(now)
    services.adopt(BROWSER, first.id, now)
    services.adopt(BROWSER, second.id, now + HOUR)
    copied = of_client(second, now + HOUR).submission
    assert copied is not None
    assert copied.id != original.id
    assert copied.answers == original.answers
    assert copied.outcome.explanation == original.outcome.explanation
    assert of_client(second, now + HOUR).consented
    assert of_client(first, now + HOUR).submission == original


def test_adopting_twice_changes_nothing_more(now: datetime, make: Make) -> None:
    person = make.client()
    walk.sent(now)
    services.adopt(BROWSER, person.id, now)
    services.adopt(BROWSER, person.id, now)
    assert make.count(Submission) == 1


def test_the_same_level_is_kept_once_a_day(now: datetime) -> None:
    for _ in range(3):
        walk.walk(now, red_flags_weight_loss=["yes"])
        drafts.withhold(BROWSER)
    levels = db.session.scalars(sa.select(RaisedLevel.level)).all()
    assert levels == ["refer"]


def test_one_look_takes_few_statements(now: datetime, make: Make, database: sa.Connection) -> None:
    person = make.client()
    walk.sent(now)
    services.adopt(BROWSER, person.id, now)
    db.session.expire_all()
    statements: list[str] = []
    sa.event.listen(database.engine, "before_cursor_execute", lambda *seen: statements.append(seen[2]))
    of_client(person, now)
    assert len([text for text in statements if text.startswith("SELECT")]) <= 5


def test_later_pages_raise_nothing_that_a_therapist_has_cleared_and_a_new_sign_does(
    now: datetime, make: Make
) -> None:
    """A fracture cleared by a therapist (R17): all later pages leave the level alone, until one red flag is raised."""
    person = make.client()
    broken = {"conditions": ["recent_fracture_lt_12w"], "clinician_seen": ["yes_not_discussed"]}
    submission = walk.sent(now, **broken)
    services.adopt(BROWSER, person.id, now)
    cleared(submission, {"R17"}, make, now + HOUR)
    later = now + DAY
    begun = drafts.start(browser=OTHER_BROWSER, client_id=person.id, mail=None, now=later)
    begun.answers = {}  # Everything is asked anew, so that the rule fires anew.
    before = raised_rows(person)
    draft = walk.walk(later, browser=OTHER_BROWSER, **broken)
    assert path.next_unanswered(draft.answers) is None
    assert raised_rows(person) == before
    assert of_client(person, later).level is Level.OK
    page = questionnaire.page("safety-3")
    posted = walk.page_of_posts(page.slug, draft.answers, {"red_flags.weight_loss": ["yes"]})
    _, reached = drafts.save_page(OTHER_BROWSER, page.slug, posted, later + HOUR)
    assert reached.level is Level.REFER
    assert of_client(person, later + HOUR).level is Level.REFER


def test_a_page_without_a_newly_fired_rule_does_not_renew_the_week(now: datetime) -> None:
    walk.walk(now, until="today", red_flags_weight_loss=["yes"])
    walk.walk(now + 3 * DAY, until="where")
    (kept,) = db.session.scalars(sa.select(RaisedLevel)).all()
    assert kept.raised_at == now


def raised_rows(person: Client) -> list[tuple[str, datetime]]:
    rows = db.session.scalars(sa.select(RaisedLevel).where(RaisedLevel.client_id == person.id)).all()
    return sorted((row.level, row.raised_at) for row in rows)


def test_the_safety_part_is_as_fresh_as_its_oldest_answer(now: datetime) -> None:
    later = now + 3 * DAY
    walk.walk(now, until="where")
    submission = walk.sent(later)
    assert (submission.safety_answered_at, submission.submitted_at) == (now, later)
    assert not of_browser(later).fresh
    assert walk.sent(later).safety_answered_at == later
    assert of_browser(later).fresh


def test_answers_from_before_answers_had_dates_count_from_when_they_were_sent(now: datetime) -> None:
    submission = walk.sent(now)
    submission.safety_answered_at = None
    db.session.flush()
    assert of_browser(now + HOUR).fresh
    assert not of_browser(now + 3 * DAY).fresh


def test_a_short_form_without_a_full_one_lists_what_was_not_asked(now: datetime, make: Make) -> None:
    person = make.client()
    alone = services.answer_before_visit(client_id=person.id, posted=visit_form({}), now=now)
    waiting = safety_of(alone.outcome).not_yet_asked
    assert "Heart failure or kidney failure" in waiting
    assert "Fever, or feeling very unwell" not in waiting
    walk.sent(now)
    services.adopt(BROWSER, person.id, now)
    after = services.answer_before_visit(client_id=person.id, posted=visit_form({}), now=now + HOUR)
    assert safety_of(after.outcome).not_yet_asked == ()


def test_a_stop_counts_in_the_browser_where_the_draft_goes_on_whatever_that_one_has_sent(
    now: datetime,
) -> None:
    walk.walk(now, until="today", red_flags_weight_loss=["yes"])
    draft = queries.draft(BROWSER, now)
    assert draft is not None
    walk.sent(now + HOUR, browser=OTHER_BROWSER)
    drafts.resume(draft.id, OTHER_BROWSER, now + 2 * HOUR)
    assert of_browser(now + 2 * HOUR, OTHER_BROWSER).level is Level.REFER
