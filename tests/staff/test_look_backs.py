"""Looking back through the pages: what the therapist sees at the visit, and what becomes of the decision."""

import sqlalchemy as sa

from clinic.accounts.models import AuditEntry
from clinic.db import db
from clinic.plans import courses
from clinic.plans.models import LookBack
from tests.plans.conftest import Scene
from tests.plans.test_courses import begun, weekly
from tests.plans.test_progress import scored
from tests.plans.test_scores import ACTIVITIES
from tests.staff.conftest import Browser


def fourth(scene: Scene, average: int) -> str:
    """The address of a fourth visit before which this average pain was given; it was 5 at the start."""
    first = begun(scene, **ACTIVITIES)
    visit = [weekly(scene, first, week) for week in (1, 2, 3)][-1]
    scored(visit, pain_avg_nrs=average, reaction="bruised")
    return f"/staff/appointments/{visit.id}"


def main_of(page: str) -> str:
    return " ".join(page.split("<main")[1].split())


def test_the_visit_shows_the_clients_line_its_reading_and_what_it_proposes(
    scene: Scene, therapist: Browser
) -> None:
    page = main_of(therapist.get(fourth(scene, 5)))
    assert "Ada’s own line" in page
    assert 'role="img" aria-label="Average pain over the last week, 0 to 10' in page
    assert "The same as a table" in page
    assert "Unchanged since the start" in page
    assert "Proposed: try the next type, or add active care." in page
    assert "It is unchanged so far." in page
    assert "tying shoes" in page
    assert "After the last session: <strong>bruised</strong>" in page
    assert "Decide what happens next" in page


def test_no_page_speaks_of_percentages_or_of_what_massage_did(scene: Scene, therapist: Browser) -> None:
    path = fourth(scene, 1)
    for address in (path, f"{path}/look-back"):
        said = main_of(therapist.get(address))
        assert "Improved since the start" in said
        assert "These numbers do not show what changed them." in said
        assert "%" not in said
        assert "reduced" not in said


def test_the_decision_is_kept_beside_the_proposal_and_changes_the_course(
    scene: Scene, therapist: Browser
) -> None:
    path = fourth(scene, 5)
    whole = therapist.done(f"{path}/look-back", choice="change", next_type="swedish")
    assert "Decided, and kept beside what was proposed." in whole
    page = main_of(whole)
    assert "Try the next type" in page
    assert "Swedish massage" in page
    assert "Keep this decision" not in page
    plan = courses.plan_of(scene.ada.id)
    assert plan is not None
    assert plan.content["modalities"][0] == "swedish"
    assert "What was decided here" in therapist.get(path)


def test_a_departure_without_a_reason_is_refused_with_everything_kept(
    scene: Scene, therapist: Browser
) -> None:
    path = f"{fourth(scene, 5)}/look-back"
    answer = therapist.post(path, choice="refer", reason="typed words")
    assert answer.status_code == 400
    page = answer.get_data(as_text=True)
    assert "Say why you decide otherwise than proposed." in page
    assert "typed words" in page
    assert "<title>Error: " in page
    assert db.session.scalars(sa.select(LookBack)).all() == []
    therapist.done(path, choice="refer", reason_kind="finding_on_touch")
    assert courses.plan_of(scene.ada.id) is None


def test_an_empty_decision_is_asked_for(scene: Scene, therapist: Browser) -> None:
    answer = therapist.post(f"{fourth(scene, 5)}/look-back")
    assert answer.status_code == 400
    assert "Choose how to go on." in answer.get_data(as_text=True)


def test_each_look_at_the_line_is_recorded(scene: Scene, therapist: Browser) -> None:
    therapist.get(fourth(scene, 5))
    entry = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.purpose == "progress")).one()
    assert entry.actor == f"user:{scene.therapist_user.id}"
    assert entry.client_id == scene.ada.id
    assert "psfs" in entry.fields


def test_nobody_else_sees_the_line(scene: Scene, front_desk: Browser, colleague: Browser) -> None:
    path = fourth(scene, 5)
    for browser, status in ((front_desk, 403), (colleague, 404)):
        page = main_of(browser.get(path))
        for hidden in ("own line", "Unchanged", "Proposed", "tying shoes"):
            assert hidden not in page
        browser.get(f"{path}/look-back", status)
    assert not db.session.scalars(sa.select(AuditEntry).where(AuditEntry.purpose == "progress")).all()


def test_a_visit_without_a_course_has_nothing_to_look_back_on(scene: Scene, therapist: Browser) -> None:
    visit = scene.visit()
    assert "own line" not in therapist.get(f"/staff/appointments/{visit.id}")
    therapist.get(f"/staff/appointments/{visit.id}/look-back", 409)


def test_an_ended_course_names_the_visits_that_are_still_booked(scene: Scene, therapist: Browser) -> None:
    first = begun(scene)
    second, third = (weekly(scene, first, week) for week in (1, 2))
    scored(second, pain_avg_nrs=8)
    page = main_of(therapist.done(f"/staff/appointments/{second.id}/look-back", choice="refer"))
    assert "Still booked after this visit" in page
    assert f"/staff/appointments/{third.id}" in page
