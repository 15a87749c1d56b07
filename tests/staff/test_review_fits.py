"""A review of somebody 22 weeks pregnant who asked for an hour of deep tissue massage: nobody confirms that by a press."""

from dataclasses import dataclass
from datetime import timedelta

import pytest

from clinic.booking import suitability
from clinic.booking.models import Appointment, State
from clinic.db import db
from clinic.plans import courses
from clinic.plans.models import Review
from clinic.practice.models import Treatment
from tests import make
from tests.plans.conftest import Scene
from tests.plans.intakes import PREGNANT, review
from tests.staff.conftest import Browser


@dataclass(frozen=True)
class Asked:
    """The request, its review, and what would suit."""

    visit: Appointment
    review: Review
    short: Treatment

    @property
    def page(self) -> str:
        """The review's address."""
        return f"/staff/reviews/{self.review.id}"


@pytest.fixture
def asked(scene: Scene) -> Asked:
    priya = make.therapist(scene.location, given_name="Priya", family_name="Raman", skills=["prenatal"])
    deep = make.treatment(
        therapists=[scene.therapist],
        name="Deep tissue massage",
        modalities=["deep_tissue"],
        price_cents=11800,
    )
    short = make.treatment(
        therapists=[scene.therapist, priya], name="Swedish massage", minutes=45, price_cents=9200
    )
    visit = make.appointment(
        of=deep, who=scene.ada, state=State.REQUESTED, request_reason="level", therapist=scene.therapist
    )
    return Asked(visit, review(visit, PREGNANT), short)


def test_the_review_names_what_was_asked_for_and_says_what_accepting_does(
    asked: Asked, therapist: Browser
) -> None:
    page = therapist.get(asked.page)
    first, then = page.index("In short"), page.index("Answers that counted")
    assert first < page.index("Deep tissue massage, 60 min, ") < page.index("Your decision") < then
    becomes = "Accepting makes the visit <strong>Swedish massage, 45 min, $92, with Priya Raman</strong>"
    assert becomes in " ".join(page.replace("€", "$").split())
    for sentence in (
        "Deep tissue massage is left out for safety (T06).",
        "60 minutes are longer than the 45 that the plan allows.",
        "Ines Moreau has no training in massage in pregnancy on record.",
    ):
        assert sentence in page, sentence
    assert 'Accept<span class="acts-rest">, as Swedish massage, 45 min</span>' in " ".join(page.split())


def test_accepting_as_offered_changes_the_visit_and_confirms_it(asked: Asked, therapist: Browser) -> None:
    page = therapist.get(asked.page)
    code = page.split('name="becomes"')[1].split('value="')[1].split('"')[0]
    therapist.done(f"{asked.page}/accept", revision=1, becomes=code)
    visit = make.refreshed(asked.visit)
    assert (visit.state, visit.treatment_id, visit.length_minutes) == (State.BOOKED, asked.short.id, 45)
    assert visit.therapist.given_name == "Priya"


@pytest.mark.parametrize(
    ("act", "fields"),
    [
        ("accept", {}),
        ("accept", {"becomes": "keep"}),
        ("accept", {"becomes": "keep", "reason": "She insists"}),
        ("change", {"first": "trigger_point", "reason_kind": "client_wish"}),
        ("change", {"first": "swedish", "reason_kind": "client_wish", "reason": "Calm"}),
    ],
)
def test_no_forged_or_hasty_request_confirms_what_was_asked_for(
    asked: Asked, therapist: Browser, act: str, fields: dict[str, str]
) -> None:
    answer = therapist.post(f"{asked.page}/{act}", revision=1, **fields)
    assert answer.status_code == 400
    said = answer.get_data(as_text=True)
    assert "Deep tissue massage is left out for safety (T06)." in said
    assert fields.get("reason", "") in said
    visit = make.refreshed(asked.visit)
    assert (visit.state, visit.length_minutes) == (State.REQUESTED, 60)
    assert make.refreshed(asked.review).decided_at is None
    assert courses.plan_of(asked.review.client_id) is None


@pytest.mark.parametrize("code", ["keep.keep", "x", f"{'0' * 32}.{'0' * 32}"])
def test_a_forged_choice_is_refused(asked: Asked, therapist: Browser, code: str) -> None:
    assert therapist.post(f"{asked.page}/accept", revision=1, becomes=code).status_code == 400


def test_the_confirm_button_of_the_visit_does_not_lead_past_it(asked: Asked, therapist: Browser) -> None:
    db.session.delete(asked.review)
    db.session.commit()
    answer = therapist.act(asked.visit, "confirm")
    assert answer.status_code == 409
    assert "speak against" in answer.get_data(as_text=True)
    assert make.refreshed(asked.visit).state == State.REQUESTED


def test_named_and_with_a_reason_it_can_be_set_aside_and_stays_on_the_visit(
    asked: Asked, therapist: Browser
) -> None:
    against = suitability.objections_to(asked.visit, make.NOW)
    ticked = ["+".join(one.keys) for one in against]
    some = therapist.post(
        f"{asked.page}/accept", revision=1, becomes="keep", waived=ticked[:2], reason="Her midwife agrees"
    )
    assert some.status_code == 400
    without = therapist.post(f"{asked.page}/accept", revision=1, becomes="keep", waived=ticked)
    assert "Say in a few words" in without.get_data(as_text=True)
    therapist.done(
        f"{asked.page}/accept", revision=1, becomes="keep", waived=ticked, reason="Her midwife agrees"
    )
    assert make.refreshed(asked.visit).state == State.BOOKED
    page = therapist.get(f"/staff/appointments/{asked.visit.id}")
    assert "Her midwife agrees" in page
    assert "is left out for safety" in page


def test_the_front_desk_reads_nothing_of_what_was_set_aside(
    asked: Asked, therapist: Browser, front_desk: Browser
) -> None:
    against = suitability.objections_to(asked.visit, make.NOW)
    therapist.done(
        f"{asked.page}/accept",
        revision=1,
        becomes="keep",
        waived=["+".join(one.keys) for one in against],
        reason="Her midwife agrees",
    )
    page = front_desk.get(f"/staff/appointments/{asked.visit.id}")
    assert "midwife" not in page
    assert "left out" not in page


def test_a_booked_visit_is_not_accepted_past_newer_answers_either(scene: Scene, therapist: Browser) -> None:
    visit = scene.visit(starts_at=make.NOW + timedelta(days=4))
    waiting = review(visit, PREGNANT)
    assert therapist.post(f"/staff/reviews/{waiting.id}/accept", revision=1).status_code == 400
    assert make.refreshed(waiting).decided_at is None


def test_an_answer_that_drove_a_rule_is_marked_and_the_others_are_folded(
    asked: Asked, therapist: Browser
) -> None:
    page = therapist.get(asked.page)
    counted, folded = page.split("All other answers, ")[0].split("Answers that counted")[1], page
    assert "Pregnan" in counted
    assert "T06" in counted
    assert folded.index("<details") < folded.index("Pressure")


def test_declining_a_first_review_offers_reasons_that_fit(asked: Asked, therapist: Browser) -> None:
    page = therapist.get(f"{asked.page}/decline")
    for reason in ("Massage is not safe now", "Nobody here is trained"):
        assert reason in page
    assert "What I found by touch" not in page
    therapist.done(f"{asked.page}/decline", revision=1, reason_kind="nobody_trained")
    assert "Nobody here is trained for it" in therapist.get(asked.page)
