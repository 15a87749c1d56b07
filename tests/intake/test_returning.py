"""What a returning client's answers are worth: their dates, what stays unknown, and what is filled in at all."""

from datetime import datetime, timedelta

import pytest

from clinic.accounts.models import Client
from clinic.guidance.questions import QUESTIONS, SHORT_SAFETY_FIELDS
from clinic.intake import drafts, history, path, queries, returning, services, withdrawal
from clinic.intake.explanation import unasked_of
from clinic.intake.models import Door, Draft, Purpose, Submission
from tests.intake import walk
from tests.intake.walk import BROWSER, OTHER_BROWSER
from tests.make import Make

pytestmark = pytest.mark.usefixtures("database")

HOUR, WEEK = timedelta(hours=1), timedelta(weeks=1)
GROUPS = [group.slug for group in returning.SIGN_GROUPS]


def first_visit(now: datetime, make: Make, **told: list[str]) -> Client:
    """A client who sends all answers now."""
    person: Client = make.client()
    walk.sent(now, **told)
    services.adopt(BROWSER, person.id, now)
    return person


def back(person: Client, now: datetime, **columns: object) -> Draft:
    return drafts.start(browser=OTHER_BROWSER, client_id=person.id, mail=None, now=now, **columns)


def today_answered(now: datetime, none_of: list[str] = GROUPS, **told: list[str]) -> Draft:
    """Today's page sent with nothing new, or with what the test says."""
    told = {walk.key_of(name): answer for name, answer in told.items()}
    beside = ("today", "medications", "pain_now_nrs", "pain_avg_nrs")
    posted = {name: walk.answer_to(QUESTIONS[name], told) for name in beside} | told
    draft, _ = returning.save_today(OTHER_BROWSER, posted, none_of, now)
    return draft


def sent_again(now: datetime) -> Submission:
    returning.say_still_true(OTHER_BROWSER, now)
    draft = queries.draft(OTHER_BROWSER, now)
    assert draft is not None
    return services.submit(OTHER_BROWSER, walk.page_of_posts(path.CLOSING, draft.answers, {}), (), now)


@pytest.mark.parametrize(("said", "withdrawn", "taken_over"), [
    ("yes", False, "yes"), ("yes", True, "no"), ("no", False, "no"),
])  # fmt: skip
def test_whether_we_may_speak_with_the_doctor_is_taken_over_as_it_stands(
    said: str, withdrawn: bool, taken_over: str, now: datetime, make: Make
) -> None:
    person = first_visit(now, make, consent_share_with_clinician=[said])
    if withdrawn:
        withdrawal.withdraw(person.id, Purpose.SHARE_WITH_CLINICIAN, actor="test", now=now + HOUR)
    then = now + 4 * WEEK
    assert back(person, then, door=Door.SUGGESTION).answers["consent_share_with_clinician"] == taken_over
    today_answered(then)
    sent_again(then)
    given = [row for row in withdrawal.consents_of(person.id) if row.purpose == Purpose.SHARE_WITH_CLINICIAN]
    assert withdrawal.stands(person.id, Purpose.SHARE_WITH_CLINICIAN) is (taken_over == "yes")
    assert len(given) == (said == "yes"), "nothing is agreed to a second time"


def test_still_true_renews_no_safety_answer(now: datetime, make: Make) -> None:
    person = first_visit(now, make)
    then = now + 4 * WEEK
    back(person, then, door=Door.SUGGESTION)
    today_answered(then)
    row = sent_again(then + 40 * HOUR)
    assert row.safety_from == then
    dates = row.answered_at or {}
    assert {dates[name] for name in SHORT_SAFETY_FIELDS if name in row.answers} == {then.isoformat()}
    for hours, fresh in ((47, True), (49, False)):
        standing = queries.safety_standing(
            browser=None, client_id=person.id, now=then + hours * HOUR, zone="Europe/Berlin"
        )
        assert standing.fresh is fresh


def test_a_period_counts_from_when_it_was_told_however_often_it_was_still_true(
    now: datetime, make: Make
) -> None:
    person = first_visit(now, make, conditions=["recent_fracture_lt_12w"], clinician_seen=["yes_cleared"])
    between = now + 6 * WEEK - HOUR
    draft = back(person, between)
    assert draft.answers["conditions"] == ["recent_fracture_lt_12w"]
    walk.walk(between, browser=OTHER_BROWSER, clinician_seen=["yes_cleared"])
    second = sent_again(between)
    assert second.submitted_at == between
    assert history.filled_in(second, now + 12 * WEEK - HOUR)["conditions"]
    assert "conditions" not in history.filled_in(second, now + 12 * WEEK)


def test_no_answer_of_the_safety_part_is_ever_filled_in(now: datetime, make: Make) -> None:
    person = first_visit(now, make, medications=["anticoagulant"])
    assert not set(SHORT_SAFETY_FIELDS) & back(person, now + HOUR).answers.keys()


def test_what_nobody_asked_stays_unknown(now: datetime, make: Make) -> None:
    person = make.client()
    walk.begun(now, door=Door.CHOSEN, types=["swedish"])
    before = walk.sent(now)
    services.adopt(BROWSER, person.id, now)
    assert "stress_level" in unasked_of(before.outcome)
    then = now + WEEK
    draft = back(person, then, door=Door.CHOSEN, types=["swedish"])
    assert not unasked_of(before.outcome) & draft.answers.keys()
    today_answered(then)
    after = sent_again(then)
    assert unasked_of(after.outcome) == unasked_of(before.outcome) - {"pain_now_nrs"}


def test_none_of_these_answers_only_what_was_left_open_and_is_kept_as_a_group(
    now: datetime, make: Make
) -> None:
    back(first_visit(now, make), now + WEEK)
    one = returning.SIGN_GROUPS[0].signs[0].field
    draft = today_answered(now + WEEK, **{one: ["no"]})
    assert one not in (draft.as_group or ())
    assert len(draft.as_group or ()) == sum(len(group.signs) for group in returning.SIGN_GROUPS) - 1


@pytest.mark.parametrize("doubt", ["yes", "unsure"])
def test_none_of_these_beside_a_doubt_stores_nothing(now: datetime, make: Make, doubt: str) -> None:
    back(first_visit(now, make), now + WEEK)
    with pytest.raises(drafts.DraftIncomplete) as refused:
        today_answered(now + WEEK, red_flags_weight_loss=[doubt])
    assert refused.value.problems == {"red_flags.weight_loss": drafts.WHICH_IS_RIGHT}
    draft = queries.draft(OTHER_BROWSER, now + WEEK)
    assert draft is not None
    assert not draft.as_group
    assert "today" not in draft.answers


def test_a_clear_emergency_stops_although_another_group_is_in_doubt(now: datetime, make: Make) -> None:
    back(first_visit(now, make), now + WEEK)
    draft = today_answered(
        now + WEEK,
        none_of=[slug for slug in GROUPS if slug != "safety-1"],
        red_flags_saddle_numbness=["yes"],
        red_flags_weight_loss=["yes"],
    )
    assert draft.stopped_at == now + WEEK
    assert "red_flags.weight_loss" not in draft.answers


def test_a_withdrawn_consent_leaves_nothing_to_fill_in(now: datetime, make: Make) -> None:
    person = first_visit(now, make)
    before = queries.earlier_answers(person.id, now)
    assert before is not None
    given = queries.consent_of(before)
    assert given is not None
    given.withdrawn_at = now
    draft = back(person, now + WEEK)
    assert (draft.answers, draft.follows_id) == ({}, None)
