"""The plan editor: who may open it, what it refuses, both texts if two save at once, versions and the way back."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from clinic.accounts.models import AuditEntry, User
from clinic.booking.models import Appointment, State
from clinic.db import db
from clinic.plans import courses, plan_versions
from clinic.plans.models import Plan, PlanVersion
from clinic.plans.plan_content import ClientGoal
from tests import make as made
from tests.make import Make
from tests.measuring import statements
from tests.plans.conftest import Scene
from tests.plans.intakes import BLOOD_PRESSURE
from tests.plans.test_courses import begun, weekly
from tests.staff.conftest import Browser
from tests.visitor import shown
from tests.web.reading import read

NAMED = [{"activity": "Sit through a meeting", "score": 3}]


@pytest.fixture
def first(scene: Scene) -> Appointment:
    return begun(scene, psfs=NAMED)


@pytest.fixture
def plan(scene: Scene, first: Appointment) -> Plan:
    return running(scene)


def running(scene: Scene) -> Plan:
    found = courses.plan_of(scene.ada.id)
    assert found is not None
    return found


def editor(plan: Plan) -> str:
    return f"/staff/plans/{plan.id}/edit"


def fields_of(page: str) -> dict[str, Any]:
    """What a browser would send of the plan's form as it stands on a page."""
    form = next(one for one in read(page).all("form") if one.attributes.get("id") == "plan-form")
    return {name: value for name, value in shown(form).items() if name != "csrf_token"}


def typed(browser: Browser, plan: Plan, **fields: object) -> dict[str, Any]:
    """The form as its page shows it, with these fields typed otherwise."""
    return {**fields_of(browser.get(editor(plan))), **fields}


def numbers(plan: Plan) -> list[int]:
    rows = sa.select(PlanVersion.number).where(PlanVersion.plan_id == plan.id).order_by(PlanVersion.number)
    return list(db.session.scalars(rows))


def test_a_therapist_changes_the_plan_and_the_file_says_it(
    scene: Scene, therapist: Browser, plan: Plan
) -> None:
    fields = typed(
        therapist, plan, minutes="45", why="An hour is too long", **{"goals-1-words": "Sleep through"}
    )
    shown = therapist.done(editor(plan), **fields)
    assert "It stands as version 2" in shown
    assert "45 minutes" in shown
    assert "Sleep through" in shown
    assert "How well it goes: 3 of 10 at the start" in shown
    present = plan_versions.present(made.refreshed(plan))
    assert present.goals == (
        ClientGoal(words="Sit through a meeting", measure="psfs:Sit through a meeting"),
        ClientGoal(words="Sleep through"),
    )
    assert numbers(plan) == [1, 2]


def test_reading_and_changing_a_plan_is_recorded(scene: Scene, therapist: Browser, plan: Plan) -> None:
    therapist.done(editor(plan), **typed(therapist, plan, minutes="45", why="Too long"))
    therapist.get(f"/staff/plans/{plan.id}/versions")
    mine = sa.select(AuditEntry.action, AuditEntry.subject_type).where(
        AuditEntry.actor == f"user:{scene.therapist_user.id}", AuditEntry.purpose == "plan"
    )
    found = [(action, table) for action, table in db.session.execute(mine)]
    assert ("change", "plan_versions") in found
    assert found.count(("read", "plans")) >= 2


def test_without_a_reason_nothing_is_saved_and_what_was_typed_stands(
    scene: Scene, therapist: Browser, plan: Plan
) -> None:
    answer = therapist.post(editor(plan), **typed(therapist, plan, minutes="45"))
    page = answer.get_data(as_text=True)
    assert answer.status_code == 400
    assert "Say why the plan changes." in page
    assert fields_of(page)["minutes"] == "45"
    assert numbers(plan) == [1]


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("sessions", "many", "Number of sessions"),
        ("sessions", "99", "between 1 and 20"),
        ("minutes", "", "how long a session is"),
        ("look_backs", "now and then", "such as 4, 8"),
        ("look_backs", "9", "Look back at sessions between"),
        ("first", "", "Choose the first type"),
        ("seen", "", "not complete"),
    ],
)
def test_what_cannot_be_read_is_said_beside_its_field(
    therapist: Browser, plan: Plan, field: str, value: str, says: str
) -> None:
    answer = therapist.post(editor(plan), **typed(therapist, plan, why="Typed", **{field: value}))
    assert answer.status_code == 400
    assert says in answer.get_data(as_text=True)
    assert numbers(plan) == [1]


def test_a_shorter_course_leads_to_the_reviews_that_no_longer_fit(therapist: Browser, plan: Plan) -> None:
    sent = typed(therapist, plan, why="Fewer were agreed.", sessions="5", look_backs="4, 8")
    answer = therapist.post(editor(plan), **sent)
    assert answer.status_code == 400
    summary = read(answer.get_data(as_text=True)).one("a", href="#look_backs")
    assert summary.text == "Look back at sessions between 1 and 5."


@pytest.mark.parametrize(
    "forged",
    [
        {"first": "nonsense"},
        {"every": "hourly"},
        {"pressure": "crushing"},
        {"areas-neck-works": "y", "areas-neck-modality": "nonsense"},
        {"areas-neck-works": "y", "areas-neck-minutes": "-5"},
        {"goals-0-words": "Run", "goals-0-measure": "salary"},
        {"goals-0-words": "x" * 201},
    ],
    ids=lambda forged: next(reversed(forged)),
)
def test_a_forged_form_is_refused(therapist: Browser, plan: Plan, forged: dict[str, str]) -> None:
    answer = therapist.post(editor(plan), **typed(therapist, plan, why="Forged", **forged))
    assert answer.status_code == 400
    assert numbers(plan) == [1]


def test_a_goal_in_a_place_the_form_does_not_have_is_not_taken(therapist: Browser, plan: Plan) -> None:
    fields = typed(therapist, plan, minutes="45", why="Forged", **{"goals-77-words": "One more"})
    therapist.done(editor(plan), **fields)
    assert len(plan_versions.present(made.refreshed(plan)).goals) == 1


@pytest.mark.parametrize("seen", ["0", "-1", "7", "one", "99999999999"])
def test_a_version_that_is_not_the_newest_is_refused(therapist: Browser, plan: Plan, seen: str) -> None:
    answer = therapist.post(editor(plan), **typed(therapist, plan, minutes="45", why="Forged", seen=seen))
    assert answer.status_code == 409
    assert numbers(plan) == [1]


def test_of_two_browsers_one_wins_and_the_other_sees_both_texts(
    scene: Scene, therapist: Browser, sign_in: Callable[[User], Browser], plan: Plan
) -> None:
    other = sign_in(scene.therapist_user)
    mine, theirs = typed(therapist, plan), typed(other, plan)
    other.done(editor(plan), **{**theirs, "minutes": "50", "why": "Hers was first"})
    answer = therapist.post(editor(plan), **{**mine, "minutes": "45", "why": "An hour is too long"})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert "Version 2 was saved meanwhile" in page
    assert "Hers was first" in page
    assert "45 minutes" in page
    assert "instead of 50 minutes" in page
    assert fields_of(page)["minutes"] == "45"
    assert numbers(plan) == [1, 2]
    # Sent again from that page, it is the next version.
    therapist.done(editor(plan), **fields_of(page))
    assert numbers(plan) == [1, 2, 3]
    assert plan_versions.present(made.refreshed(plan)).minutes == 45


def test_what_the_answers_speak_against_is_ticked_by_name(scene: Scene, therapist: Browser) -> None:
    begun(scene, conditions=BLOOD_PRESSURE["conditions"])
    plan = running(scene)
    assert "Safety keeps it to" in therapist.get(editor(plan))
    answer = therapist.post(editor(plan), **typed(therapist, plan, pressure="firm", why="Her doctor agrees"))
    page = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert "Firm pressure is more than" in page
    assert numbers(plan) == [1]
    # A key that speaks against nothing sets nothing aside.
    refused = therapist.post(editor(plan), **{**fields_of(page), "waived": "rule:R99"})
    assert refused.status_code == 409
    therapist.done(editor(plan), **{**fields_of(page), "waived": "pressure:firm"})
    assert plan_versions.present(made.refreshed(plan)).pressure == "firm"
    assert "Set aside:" in therapist.get(f"/staff/plans/{plan.id}/versions")


def test_the_versions_say_what_changed_who_and_why_and_lead_back(
    scene: Scene, therapist: Browser, plan: Plan
) -> None:
    therapist.done(editor(plan), **typed(therapist, plan, minutes="45", why="An hour is too long"))
    page = therapist.get(f"/staff/plans/{plan.id}/versions")
    assert "An hour is too long" in page
    assert "instead of 60 minutes" in page
    assert f'href="{editor(plan)}?from=1"' in page
    assert f'href="{editor(plan)}?from=2"' not in page
    back = fields_of(therapist.get(f"{editor(plan)}?from=1"))
    assert (back["minutes"], back["why"].strip(), back["seen"]) == ("60", "Taken back to version 1.", "2")
    therapist.done(editor(plan), **back)
    assert plan_versions.present(made.refreshed(plan)).minutes == 60
    assert numbers(plan) == [1, 2, 3]
    assert therapist.look(f"{editor(plan)}?from=9").status_code == 404


def test_a_course_that_ended_is_read_and_not_changed(scene: Scene, therapist: Browser, plan: Plan) -> None:
    fields = typed(therapist, plan, minutes="45", why="Too late")
    plan.ended_at = made.NOW
    db.session.commit()
    assert therapist.look(editor(plan)).status_code == 409
    assert therapist.post(editor(plan), **fields).status_code == 409
    page = therapist.get(f"/staff/plans/{plan.id}/versions")
    assert "Take back" not in page
    assert "Change the plan" not in therapist.get(f"/staff/clients/{scene.ada.id}/plan")


@pytest.mark.parametrize("path", ["edit", "versions"])
def test_the_desk_and_the_owner_are_refused_and_a_colleague_finds_nothing(
    make: Make,
    front_desk: Browser,
    colleague: Browser,
    sign_in: Callable[[User], Browser],
    plan: Plan,
    path: str,
) -> None:
    address = f"/staff/plans/{plan.id}/{path}"
    assert front_desk.look(address).status_code == 403
    assert sign_in(make.user(roles=["owner"])).look(address).status_code == 403
    assert colleague.look(address).status_code == 404


def test_a_colleague_changes_it_after_opening_with_reason(
    scene: Scene, colleague: Browser, plan: Plan
) -> None:
    refused = colleague.post(
        editor(plan), seen="1", sessions="3", minutes="45", first="swedish", why="Forged"
    )
    assert refused.status_code == 404
    colleague.post(f"/staff/clients/{scene.ada.id}/open/plan", reason="I stand in today.")
    colleague.done(editor(plan), **typed(colleague, plan, minutes="45", why="Standing in"))
    assert numbers(plan) == [1, 2]


def test_the_plan_lists_what_was_booked_against_what_was_planned(
    scene: Scene, therapist: Browser, first: Appointment
) -> None:
    weekly(scene, first, 1)
    weekly(scene, first, 2, state=State.MISSED)
    scene.visit(starts_at=first.starts_at - timedelta(weeks=10), state=State.MISSED)
    page = therapist.get(f"/staff/clients/{scene.ada.id}/plan")
    assert page.count("Session ") >= 8
    assert page.count("not booked yet") == 6
    assert page.count("Did not come") == 1
    assert "Book the 6 sessions that are left" in page
    assert f"/staff/appointments/{first.id}/series?count=6" not in page
    assert "&amp;count=6&amp;every=1" in page


def test_the_plan_costs_the_same_however_many_sessions_and_versions_it_has(
    scene: Scene, therapist: Browser, first: Appointment, plan: Plan
) -> None:
    address = f"/staff/clients/{scene.ada.id}/plan"
    therapist.get(address)
    with statements() as few:
        therapist.get(address)
    for week in range(1, 7):
        weekly(scene, first, week)
    for minutes in ("45", "50", "55"):
        therapist.done(editor(plan), **typed(therapist, plan, minutes=minutes, why="Again"))
    with statements() as many:
        therapist.get(address)
    assert len(many) <= len(few)


def test_the_visit_and_the_note_lead_to_the_plan_and_back(
    scene: Scene, therapist: Browser, first: Appointment, plan: Plan
) -> None:
    address = f"/staff/appointments/{first.id}"
    first.state = State.ARRIVED
    db.session.commit()
    for path in (address, f"{address}/note"):
        link = f"{editor(plan)}?back={path}"
        assert f'href="{link}"' in therapist.get(path), path
        page = therapist.get(link)
        assert page.count(f'href="{path}"') == 2
    answer = therapist.post(editor(plan), **{**fields_of(page), "minutes": "45", "why": "Too long"})
    assert answer.headers["Location"] == f"{address}/note"


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/staff/", "//evil.example", "/my", "/staff//evil.example"]
)
def test_the_editor_leads_back_to_pages_of_the_staff_only(
    scene: Scene, therapist: Browser, plan: Plan, elsewhere: str
) -> None:
    page = therapist.get(f"{editor(plan)}?back={elsewhere}")
    assert f'href="{elsewhere}"' not in page
    fields = {**fields_of(page), "back": elsewhere, "minutes": "45", "why": "Too long"}
    answer = therapist.post(editor(plan), **fields)
    assert answer.headers["Location"] == f"/staff/clients/{scene.ada.id}/plan"


def test_the_desk_reads_no_way_to_the_plan_on_a_visit(
    front_desk: Browser, first: Appointment, plan: Plan
) -> None:
    assert str(plan.id) not in front_desk.get(f"/staff/appointments/{first.id}")


def test_the_rest_is_booked_in_the_length_and_type_that_the_plan_says(
    scene: Scene, make: Make, therapist: Browser, first: Appointment, plan: Plan
) -> None:
    types = plan_versions.present(plan).modalities
    make.treatment(therapists=[scene.therapist], name="Other type", minutes=45, modalities=["craniosacral"])
    make.treatment(therapists=[], name="By nobody here", minutes=45, modalities=[types[0]])
    fits = make.treatment(therapists=[scene.therapist], name="As planned", minutes=45, modalities=[types[0]])
    therapist.done(editor(plan), **typed(therapist, plan, minutes="45", why="Too long"))
    page = therapist.get(f"/staff/clients/{scene.ada.id}/plan")
    link = next(
        one.get("href") for one in read(page).all("a") if one.text == "Book the 7 sessions that are left"
    )
    assert f"treatment={fits.slug}" in link
    asked = therapist.look(link).headers["Location"]
    shown_page = therapist.get(asked)
    assert "As planned, 45 min, at" in shown_page
    form = next(one for one in read(shown_page).all("form") if "Book the chosen sessions" in one.text)
    answer = therapist.post(form.get("action"), **{k: v for k, v in shown(form).items() if k != "csrf_token"})
    assert answer.status_code == 303
    rows = sa.select(Appointment.treatment_id, Appointment.length_minutes).where(
        Appointment.series_id.is_not(None)
    )
    assert {tuple(row) for row in db.session.execute(rows)} == {(fits.id, 45)}
    assert "not booked yet" not in therapist.get(f"/staff/clients/{scene.ada.id}/plan")


def test_a_treatment_that_is_not_sold_is_not_found_on_the_page_of_further_sessions(
    therapist: Browser, first: Appointment
) -> None:
    assert therapist.look(f"/staff/appointments/{first.id}/series?treatment=nonsense").status_code == 404
