"""The review pages: answers beside reasons, one decision, and nothing for those whose client it is not."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from clinic.accounts.models import AuditEntry
from clinic.booking.models import State
from clinic.db import db
from clinic.plans import courses
from tests import make
from tests.plans.conftest import Scene
from tests.plans.intakes import BLOOD_PRESSURE, BLOOD_THINNER, FEVER, NUMBNESS, review
from tests.staff.conftest import Browser

PAGES = ("", "/accept", "/change", "/decline")


def test_an_empty_queue_says_what_will_fill_it(therapist: Browser) -> None:
    assert "No review waits" in therapist.get("/staff/reviews")


def test_the_queue_names_client_visit_and_level(scene: Scene, therapist: Browser) -> None:
    review(scene.request(), BLOOD_THINNER)
    page = therapist.get("/staff/reviews")
    assert "1 review waits for you" in page
    assert "Ada Sample" in page
    assert "Look first" in page
    assert "Thu 6 Mar" in page


def test_a_review_shows_answers_reasons_and_what_was_left_out(scene: Scene, therapist: Browser) -> None:
    waiting = review(scene.visit(), BLOOD_PRESSURE)
    page = therapist.get(f"/staff/reviews/{waiting.id}")
    for expected in (
        "<title>Review: Ada Sample",
        "Caution, bookable.",
        "(C07)",
        "No warning signs among 23.",
        "1. Trigger point therapy",
        "E04",
        "Explanation of how massage therapy helps with back pain",
        "Left out",
        "Deep tissue massage",
        "Draft course",
        "Neck, Shoulders",
        "<dt>Areas</dt><dd>Neck, shoulders",
        "Figure from behind",
        'Accept<span class="acts-rest"> suggestion</span>',
    ):
        assert expected in page, expected


def test_a_review_says_which_signs_were_answered_together(scene: Scene, therapist: Browser) -> None:
    waiting = review(scene.visit(), BLOOD_PRESSURE)
    assert "answered together" not in therapist.get(f"/staff/reviews/{waiting.id}")
    waiting.submission.as_group = ["red_flags.weight_loss", "red_flags.cancer_ever"]
    db.session.commit()
    page = therapist.get(f"/staff/reviews/{waiting.id}")
    assert "2 of them were answered together, with “None of these”" in page
    assert "Weight loss without trying" in page


def test_opening_a_review_records_which_answers_were_read_and_none_of_them(
    scene: Scene, therapist: Browser
) -> None:
    waiting = review(scene.visit(), BLOOD_PRESSURE)
    therapist.get(f"/staff/reviews/{waiting.id}")
    entry = db.session.scalars(
        sa.select(AuditEntry).where(AuditEntry.action == "read", AuditEntry.purpose == "review")
    ).one()
    assert entry.actor == f"user:{scene.therapist_user.id}"
    assert entry.client_id == scene.ada.id
    assert {"conditions", "red_flags", "pain_areas"} <= set(entry.fields)
    assert "hypertension_controlled" not in str(entry.fields)


def test_accepting_goes_back_to_the_queue_and_plans_the_course(scene: Scene, therapist: Browser) -> None:
    waiting = review(scene.visit())
    page = therapist.done(f"/staff/reviews/{waiting.id}/accept", revision=1)
    assert "Decided for Ada: " in page
    assert "No review waits" in page
    assert courses.plan_of(scene.ada.id) is not None
    decided = therapist.get(f"/staff/reviews/{waiting.id}")
    assert "Suggestion accepted" in decided
    assert "Ines Moreau" in decided
    assert 'aria-keyshortcuts="a"' not in decided


def test_looking_at_the_accept_page_decides_nothing(scene: Scene, therapist: Browser) -> None:
    waiting = review(scene.visit())
    assert "Accept the suggestion" in therapist.get(f"/staff/reviews/{waiting.id}/accept")
    assert make.refreshed(waiting).decided_at is None


def test_accepting_a_request_confirms_it(scene: Scene, therapist: Browser) -> None:
    visit = scene.request()
    waiting = review(visit, BLOOD_THINNER)
    assert "Decide until " in therapist.get(f"/staff/reviews/{waiting.id}")
    assert "the visit is confirmed" in therapist.done(f"/staff/reviews/{waiting.id}/accept", revision=1)
    assert make.refreshed(visit).state == State.BOOKED


def test_declining_a_request_asks_why_and_declines_it(scene: Scene, therapist: Browser) -> None:
    visit = scene.request()
    waiting = review(visit, BLOOD_THINNER)
    refused = therapist.post(f"/staff/reviews/{waiting.id}/decline", revision=1)
    assert refused.status_code == 400
    page = refused.get_data(as_text=True)
    assert "<title>Error: Decline the visit" in page
    assert "Choose why you decline" in page
    therapist.done(f"/staff/reviews/{waiting.id}/decline", revision=1, reason_kind="safety")
    assert make.refreshed(visit).state == State.DECLINED


def test_a_change_begins_with_the_suggested_types(scene: Scene, therapist: Browser) -> None:
    waiting = review(scene.visit())
    page = therapist.get(f"/staff/reviews/{waiting.id}/change")
    assert page.index(">Swedish massage<") < page.index(">Craniosacral therapy<")
    assert ">Swedish massage</option>" in page.split('selected value="')[1]
    therapist.done(
        f"/staff/reviews/{waiting.id}/change",
        revision=1,
        first="swedish",
        reason_kind="client_wish",
        reason="Calm",
    )
    decided = therapist.get(f"/staff/reviews/{waiting.id}")
    assert "Suggestion changed" in decided
    assert "wish" in decided
    assert "Calm" in decided


def test_an_excluded_type_is_refused_by_name_and_keeps_what_was_typed(
    scene: Scene, therapist: Browser
) -> None:
    waiting = review(scene.visit(), BLOOD_PRESSURE)
    chosen = {
        "revision": 1,
        "first": "deep_tissue",
        "reason_kind": "client_wish",
        "reason": "Asked twice for it",
    }
    refused = therapist.post(f"/staff/reviews/{waiting.id}/change", **chosen)
    assert refused.status_code == 400
    page = refused.get_data(as_text=True)
    assert "Deep tissue massage is left out by C07" in page
    assert "Asked twice for it" in page
    therapist.done(f"/staff/reviews/{waiting.id}/change", set_aside="C07", **chosen)
    assert "Rules set aside" in therapist.get(f"/staff/reviews/{waiting.id}")


def test_at_refer_nothing_can_be_accepted_and_a_choice_needs_a_reason(
    scene: Scene, therapist: Browser
) -> None:
    waiting = review(scene.request(), FEVER)
    page = therapist.get(f"/staff/reviews/{waiting.id}")
    assert "A doctor first." in page
    assert "Accept suggestion" not in re.sub(r"<[^>]+>", "", page)
    chosen = {"revision": 1, "first": "relaxation", "reason_kind": "other"}
    assert therapist.post(f"/staff/reviews/{waiting.id}/change", **chosen).status_code == 400
    therapist.done(f"/staff/reviews/{waiting.id}/change", reason="Well again, seen by a doctor", **chosen)


def test_an_urgent_review_can_only_be_closed(scene: Scene, therapist: Browser) -> None:
    waiting = review(scene.visit(state=State.CANCELLED, cancelled_by="system"), NUMBNESS)
    page = therapist.get(f"/staff/reviews/{waiting.id}")
    assert "Urgent help was asked for." in page
    assert "Close…" in page
    for word in ('aria-keyshortcuts="a"', "Change…", "Choose types…"):
        assert word not in page
    assert (
        therapist.post(f"/staff/reviews/{waiting.id}/change", revision=1, first="swedish").status_code == 303
    )
    assert make.refreshed(waiting).decided_at is None
    therapist.done(f"/staff/reviews/{waiting.id}/decline", revision=1, reason_kind="safety")


@pytest.mark.parametrize("revision", ["2", "0", "", "one", "-1", "99999999999999999999"])
def test_an_old_or_forged_page_decides_nothing(scene: Scene, therapist: Browser, revision: str) -> None:
    waiting = review(scene.visit())
    answer = therapist.post(f"/staff/reviews/{waiting.id}/accept", revision=revision)
    assert answer.status_code in (400, 409)
    assert make.refreshed(waiting).decided_at is None


def test_a_second_click_finds_the_decision_made(scene: Scene, therapist: Browser) -> None:
    waiting = review(scene.visit())
    therapist.done(f"/staff/reviews/{waiting.id}/accept", revision=1)
    again = therapist.post(f"/staff/reviews/{waiting.id}/accept", revision=1)
    assert again.headers["Location"] == f"/staff/reviews/{waiting.id}"


def test_a_colleague_finds_no_review_of_another_therapists_client(scene: Scene, colleague: Browser) -> None:
    waiting = review(scene.visit())
    for page in PAGES:
        colleague.get(f"/staff/reviews/{waiting.id}{page}", 404)
    assert colleague.post(f"/staff/reviews/{waiting.id}/accept", revision=1).status_code == 404
    assert make.refreshed(waiting).decided_at is None


def test_the_front_desk_has_no_reviews(scene: Scene, front_desk: Browser) -> None:
    waiting = review(scene.visit())
    front_desk.get("/staff/reviews", 403)
    for page in PAGES:
        front_desk.get(f"/staff/reviews/{waiting.id}{page}", 403)


def test_a_reason_opens_a_colleagues_record_for_a_day(scene: Scene, colleague: Browser) -> None:
    visit = scene.visit()
    waiting = review(visit)
    assert "Open with reason" in colleague.get(f"/staff/appointments/{visit.id}")
    assert colleague.post(f"/staff/appointments/{visit.id}/open").status_code == 400
    page = colleague.done(f"/staff/appointments/{visit.id}/open", reason="Ines is ill, I stand in")
    assert "open to you for 24 hours" in page
    assert "Trigger point therapy" in colleague.get(f"/staff/reviews/{waiting.id}")
    entry = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "open_with_reason")).one()
    assert entry.client_id == scene.ada.id
    assert "Ines is ill" not in str(vars(entry))


def test_reviews_that_are_none_are_not_found(therapist: Browser) -> None:
    therapist.get("/staff/reviews/00000000-0000-0000-0000-000000000000", 404)
    therapist.get("/staff/reviews/nonsense", 404)


def test_a_request_without_answers_is_confirmed_or_declined_on_its_own_page(
    scene: Scene, therapist: Browser
) -> None:
    plain = {"state": State.REQUESTED, "request_reason": "plain"}
    yes, no = scene.visit(**plain), scene.visit(starts_at=make.NOW + timedelta(days=4), **plain)
    page = therapist.get(f"/staff/appointments/{yes.id}")
    assert "please call before you confirm" in page
    therapist.acted(yes, "confirm")
    assert "This cannot be taken back." in therapist.get(f"/staff/appointments/{no.id}/decline")
    assert make.refreshed(no).state == State.REQUESTED
    therapist.acted(no, "decline")
    therapist.get(f"/staff/appointments/{no.id}/decline", 409)
    assert make.refreshed(yes).state == State.BOOKED
    assert make.refreshed(no).state == State.DECLINED


def test_a_request_with_answers_is_not_confirmed_past_its_review(scene: Scene, therapist: Browser) -> None:
    visit = scene.request()
    review(visit, BLOOD_THINNER)
    assert "Open the review" in therapist.get(f"/staff/appointments/{visit.id}")
    assert therapist.act(visit, "confirm").status_code == 409
    assert make.refreshed(visit).state == State.REQUESTED


def test_neither_front_desk_nor_colleague_decides_a_request(
    scene: Scene, front_desk: Browser, colleague: Browser
) -> None:
    visit = scene.visit(state=State.REQUESTED, request_reason="plain")
    assert front_desk.act(visit, "confirm").status_code == 403
    assert colleague.act(visit, "confirm").status_code == 404
    assert make.refreshed(visit).state == State.REQUESTED
