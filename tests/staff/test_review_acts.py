"""What a therapist can do with a review besides accepting it: a doctor's word or a call first, and altering the draft course."""

from datetime import timedelta

import sqlalchemy as sa

from clinic.accounts import signed_links
from clinic.booking.models import State
from clinic.db import db
from clinic.plans import courses
from tests import make
from tests.plans.conftest import Scene, planned_sessions
from tests.plans.intakes import BLOOD_PRESSURE, BLOOD_THINNER, KNOTS, review
from tests.staff.conftest import Browser
from tests.web.reading import read

LATER = make.NOW + timedelta(days=2)


def test_health_that_was_answered_with_none_stands_among_the_first_lines(
    scene: Scene, therapist: Browser
) -> None:
    page = read(therapist.get(f"/staff/reviews/{review(scene.visit()).id}"))
    first = page.one("section", aria_label="In short").text
    assert "Medicines: none of the " in first
    assert "Conditions: none of the " in first
    assert "Yes, massage is fine" in first
    thinner = read(therapist.get(f"/staff/reviews/{review(scene.visit(starts_at=LATER), BLOOD_THINNER).id}"))
    assert "Medicines: Blood thinners." in thinner.one("section", aria_label="In short").text


def test_the_acts_follow_what_accepting_does(scene: Scene, therapist: Browser) -> None:
    page = therapist.get(f"/staff/reviews/{review(scene.request(), BLOOD_THINNER).id}")
    order = [page.index(words) for words in ("In short", "Your decision", "Answers that counted")]
    assert order == sorted(order)
    bar = read(page).one("div", aria_label="Your decision").text
    assert f"Accepting confirms {scene.treatment.name}, 60 min." in bar
    assert "A letter tells Ada." in bar
    for act in ("Doctor first…", "Call first", "Decline…", "Change…"):
        assert act in page


def test_a_doctors_word_first_ends_the_request_and_the_page_of_the_visit_says_so(
    scene: Scene, therapist: Browser
) -> None:
    visit = scene.request(starts_at=LATER)
    waiting = review(visit, BLOOD_THINNER)
    page = therapist.done(f"/staff/reviews/{waiting.id}/doctor-first", revision=1, tells="y")
    assert "A doctor’s word first: Ada." in page
    assert make.refreshed(visit).state == State.DECLINED
    assert "A doctor’s or midwife’s word first" in therapist.get(f"/staff/reviews/{waiting.id}")
    public = therapist.client.application.test_client()  # type: ignore[attr-defined]
    own = public.get(signed_links.manage_path(visit.id, visit.link_epoch)).get_data(as_text=True)
    assert "please ask your doctor or midwife" in own


def test_nothing_is_said_to_the_client_unless_it_is_ticked(scene: Scene, therapist: Browser) -> None:
    visit = scene.request(starts_at=LATER)
    waiting = review(visit, BLOOD_THINNER)
    therapist.done(f"/staff/reviews/{waiting.id}/doctor-first", revision=1)
    public = therapist.client.application.test_client()  # type: ignore[attr-defined]
    own = public.get(signed_links.manage_path(visit.id, visit.link_epoch)).get_data(as_text=True)
    assert "doctor or midwife" not in own


def test_calling_first_keeps_the_request_and_is_a_task_until_it_is_decided(
    scene: Scene, therapist: Browser
) -> None:
    visit = scene.request(starts_at=LATER)
    waiting = review(visit, BLOOD_THINNER)
    at = f"/staff/reviews/{waiting.id}"
    page = therapist.done(f"{at}/call-first", revision=1)
    assert "To call: Ada." in page
    assert "To call before deciding" in page
    assert make.refreshed(visit).state == State.REQUESTED
    assert "Call Ada Sample" in therapist.get("/staff/tasks").split("<ol")[1].replace(
        '<span class="who">', ""
    )
    assert therapist.post(f"{at}/no-call", revision=1).status_code == 409
    therapist.done(f"{at}/no-call", revision=2)
    assert make.refreshed(waiting).call_first_at is None
    therapist.done(f"{at}/call-first", revision=3)
    therapist.done(f"{at}/accept", revision=4)
    assert "To call" not in therapist.get(at)


def test_a_call_that_reached_nobody_stays_and_counts_and_one_that_did_ends(
    scene: Scene, therapist: Browser
) -> None:
    waiting = review(scene.request(starts_at=LATER), BLOOD_THINNER)
    at = f"/staff/reviews/{waiting.id}"
    assert therapist.post(f"{at}/not-reached", revision=1).status_code == 409
    assert therapist.post(f"{at}/reached", revision=1).status_code == 409
    therapist.done(f"{at}/call-first", revision=1)
    assert "Noted: not reached." in therapist.done(f"{at}/not-reached", revision=2)
    assert therapist.post(f"{at}/not-reached", revision=2).status_code == 409
    page = therapist.done(f"{at}/not-reached", revision=3)
    assert "Not reached 2 times, last " in " ".join(page.split())
    assert "Call Ada Sample" in read(therapist.get("/staff/tasks")).one("main").text
    therapist.done(f"{at}/reached", revision=4)
    ended = make.refreshed(waiting)
    assert (ended.call_first_at, ended.call_tried_at, ended.call_tries) == (None, None, 0)
    assert ended.decided_at is None


def test_a_call_shows_the_number_and_what_to_speak_about_and_keeps_what_was_said(
    scene: Scene, therapist: Browser
) -> None:
    make.contact(scene.ada, kind="phone", value="905 555 0199")
    waiting = review(scene.request(starts_at=LATER), BLOOD_THINNER)
    at = f"/staff/reviews/{waiting.id}"
    therapist.done(f"{at}/call-first", revision=1)
    call = read(therapist.get(at)).one("section", aria_labelledby="call").text
    assert "905 555 0199" in call
    assert "Medicines: Blood thinners" in call
    therapist.done(f"{at}/reached", revision=2, words="Low dose, her doctor agrees")
    page = read(therapist.get(at))
    assert "Low dose, her doctor agrees" in page.one("section", aria_label="In short").text
    therapist.done(f"{at}/call-first", revision=3)
    therapist.done(f"{at}/reached", revision=4, words="Bruises easily")
    stale = therapist.post(f"{at}/reached", revision=4, words="Takes warfarin")
    assert stale.status_code == 409
    assert "Takes warfarin" in stale.get_data(as_text=True)
    therapist.done(f"{at}/accept", revision=5)
    for words in ("Low dose, her doctor agrees", "Bruises easily"):
        assert words in therapist.get(at)
    stored = db.session.execute(sa.text("SELECT call_words_sealed FROM reviews")).scalar_one()
    assert b"Low dose" not in bytes(stored)


def test_somebody_is_told_of_a_call_only_while_it_is_wanted_and_if_they_have_a_telephone(
    scene: Scene, therapist: Browser
) -> None:
    waiting = review(scene.request(starts_at=LATER), BLOOD_THINNER)
    at = f"/staff/reviews/{waiting.id}"
    assert therapist.post(f"{at}/tell-of-call", revision=1).status_code == 409
    assert "No telephone is known" in therapist.done(f"{at}/call-first", revision=1)
    assert "that we call" not in therapist.get(at)
    assert therapist.post(f"{at}/tell-of-call", revision=2).status_code == 409
    make.contact(scene.ada, kind="phone", value="905 555 0199")
    therapist.done(f"{at}/tell-of-call", revision=2)
    assert make.refreshed(waiting).tells_client is True
    assert therapist.post(f"{at}/tell-of-call", revision=3).status_code == 409


def test_the_line_about_safety_says_what_the_answers_change(scene: Scene, therapist: Browser) -> None:
    page = read(therapist.get(f"/staff/reviews/{review(scene.visit(), BLOOD_PRESSURE).id}"))
    first = page.one("section", aria_label="In short").text
    assert "Left out: deep tissue massage" in first


def test_one_form_takes_other_types_and_names_those_left_out_last(scene: Scene, therapist: Browser) -> None:
    waiting = review(scene.visit(), BLOOD_PRESSURE)
    form = read(therapist.get(f"/staff/reviews/{waiting.id}/change"))
    offered = [option.text for option in form.one("select", id="first").all("option")]
    assert offered[-1].endswith(": left out")
    assert "Deep tissue massage: left out" in offered
    changed(therapist, waiting.id, first="relaxation", keeps="y")
    decided = make.refreshed(waiting)
    assert decided.decision == "replace"
    assert decided.chosen == {"modalities": ["relaxation"], "set_aside": []}


def test_the_next_review_that_waits_follows_a_decision(scene: Scene, therapist: Browser) -> None:
    first = review(scene.visit(starts_at=LATER))
    ben = scene.visit(starts_at=LATER + timedelta(days=1), who=make.client(given_name="Ben", mail=None))
    second = review(ben)
    answer = therapist.post(f"/staff/reviews/{first.id}/accept", revision=1)
    assert answer.headers["Location"] == f"/staff/reviews/{second.id}"
    assert "Decided for Ada: " in therapist.get(answer.headers["Location"])
    assert (
        therapist.post(f"/staff/reviews/{second.id}/accept", revision=1).headers["Location"]
        == "/staff/reviews"
    )


def changed(therapist: Browser, waiting_id: object, status: int = 303, **fields: object) -> str:
    sent = {
        "revision": 1,
        "first": "trigger_point",
        "reason_kind": "client_wish",
        "becomes": "keep",
        **fields,
    }
    answer = therapist.post(f"/staff/reviews/{waiting_id}/change", **sent)
    assert answer.status_code == status, read(answer.get_data(as_text=True)).one("main").text[:200]
    return answer.get_data(as_text=True)


def test_a_change_alters_areas_pressure_and_number_of_sessions(scene: Scene, therapist: Browser) -> None:
    waiting = review(scene.visit(), KNOTS)
    form = therapist.get(f"/staff/reviews/{waiting.id}/change")
    assert "Areas, pressure and number of sessions" in form
    changed(therapist, waiting.id, areas=["neck"], pressure="light", sessions=3)
    plan = courses.plan_of(scene.ada.id)
    assert plan is not None
    assert (plan.content["areas"], plan.content["pressure"], plan.sessions) == (["neck"], "light", 3)
    assert [one.reassess for one in planned_sessions(plan.id)][-1]


def test_what_is_left_as_it_was_shown_is_drafted_for_the_types_chosen(
    scene: Scene, therapist: Browser
) -> None:
    waiting = review(scene.visit(), KNOTS)
    changed(therapist, waiting.id, pressure="medium")
    plan = courses.plan_of(scene.ada.id)
    assert plan is not None
    assert plan.content["areas"]


def test_a_change_cannot_go_past_safety(scene: Scene, therapist: Browser) -> None:
    waiting = review(scene.visit(length_minutes=45), BLOOD_THINNER)
    page = changed(therapist, waiting.id, 400, pressure="firm", sessions=2)
    assert "To set that aside, decide first and then change the plan." in page
    assert 'value="2"' in page
    assert "Plan between 1 and 20 sessions" in changed(therapist, waiting.id, 400, sessions=99)
    assert make.refreshed(waiting).decided_at is None


def test_a_visit_does_not_stay_another_type_than_was_chosen_unless_somebody_says_so(
    scene: Scene, therapist: Browser
) -> None:
    make.treatment(therapists=[scene.therapist], modalities=["trigger_point"], intake="before_booking")
    visit = scene.visit(starts_at=LATER)
    waiting = review(visit, KNOTS)
    page = changed(therapist, waiting.id, 400)
    assert "would be given as another type" in page
    assert make.refreshed(waiting).decided_at is None
    other = make.treatment(
        therapists=[scene.therapist], modalities=["relaxation"], intake="before_booking", name="Another"
    )
    page = changed(therapist, waiting.id, 400, becomes=f"{other.id}.{scene.therapist.id}", keeps="y")
    assert "would be given as another type" in page
    assert make.refreshed(waiting).decided_at is None
    changed(therapist, waiting.id, keeps="y")
    assert make.refreshed(waiting).decided_at is not None
    assert make.refreshed(visit).treatment_id == scene.treatment.id


def test_what_safety_leaves_out_is_refused_before_the_visit_is_asked_about(
    scene: Scene, therapist: Browser
) -> None:
    make.treatment(therapists=[scene.therapist], modalities=["trigger_point"], intake="before_booking")
    waiting = review(scene.visit(starts_at=LATER), BLOOD_PRESSURE)
    sent = {"revision": 1, "first": "deep_tissue", "reason_kind": "client_wish"}
    page = therapist.post(f"/staff/reviews/{waiting.id}/change", **sent).get_data(as_text=True)
    assert "is left out by C07" in page
    assert "another type than you chose" not in page


def test_a_change_of_the_visit_goes_with_the_decision(scene: Scene, therapist: Browser) -> None:
    other = make.treatment(
        therapists=[scene.therapist], modalities=["trigger_point"], intake="before_booking"
    )
    visit = scene.visit(starts_at=LATER)
    waiting = review(visit, KNOTS)
    changed(therapist, waiting.id, becomes=f"{other.id}.{scene.therapist.id}")
    assert make.refreshed(visit).treatment_id == other.id
    assert f"The visit is: {other.name}" in therapist.get("/staff/reviews")


def test_what_was_said_at_the_review_stands_on_the_visit(
    scene: Scene, therapist: Browser, front_desk: Browser
) -> None:
    visit = scene.visit(starts_at=LATER)
    waiting = review(visit, KNOTS)
    therapist.done(f"/staff/reviews/{waiting.id}/accept", revision=1, reason="Marker: mind the left hip.")
    at = f"/staff/appointments/{visit.id}"
    assert "Marker: mind the left hip." in therapist.get(at)
    assert "Marker" not in front_desk.get(at)


def test_a_booked_visit_can_be_cancelled_or_called_about_from_its_review(
    scene: Scene, therapist: Browser
) -> None:
    visit = scene.visit(starts_at=LATER)
    page = therapist.get(f"/staff/reviews/{review(visit).id}")
    assert f"/staff/appointments/{visit.id}/cancel" in page
    assert "Call first" in page


def test_what_was_altered_stays_when_the_types_change_later_and_unknown_areas_are_refused(
    scene: Scene, therapist: Browser
) -> None:
    waiting = review(scene.visit(), KNOTS)
    changed(therapist, waiting.id, 400, areas=["", "evil area"])
    changed(therapist, waiting.id, areas=["neck"], pressure="light", sessions=2)
    plan = courses.plan_of(scene.ada.id)
    assert plan is not None
    assert plan.content["reassess"]["text"] == "Look back together after session 2."
    courses.draft_again(plan, ["swedish"])
    assert (plan.content["areas"], plan.content["pressure"]) == (["neck"], "light")
