"""The note of a visit on its page: draft, signature, additions."""

from datetime import timedelta

from clinic.booking.models import State
from clinic.db import db
from clinic.plans import notes, services
from clinic.plans.models import Decision
from tests import make
from tests.plans.conftest import Scene
from tests.plans.intakes import KNOTS, PREGNANT, review
from tests.staff.conftest import Browser
from tests.web.reading import read

BEGUN = make.NOW - timedelta(minutes=50)
GIVEN = {"first": "swedish", "areas": "neck", "pressure": "medium", "text": "Calm, no tender points."}


def test_a_draft_is_saved_and_found_again(scene: Scene, therapist: Browser) -> None:
    visit = scene.visit(starts_at=BEGUN, state=State.ARRIVED)
    path = f"/staff/appointments/{visit.id}/note"
    assert "Note for" in therapist.get(path)
    page = therapist.done(path, save="yes", **GIVEN)
    assert "Draft saved." in page
    assert "Calm, no tender points." in page
    assert make.refreshed(visit).state == State.ARRIVED
    assert "Notes to sign" in therapist.get("/staff")


def test_signing_locks_the_note_and_finishes_the_visit(scene: Scene, therapist: Browser) -> None:
    visit = scene.visit(starts_at=BEGUN, state=State.ARRIVED)
    path = f"/staff/appointments/{visit.id}/note"
    page = therapist.done(path, sign="yes", **GIVEN)
    assert "Signed. The note is locked" in page
    assert "Done, signed" in page
    locked = therapist.get(path)
    assert "Signed by Ines Moreau" in locked
    assert "Save draft" not in locked
    # A page that was left open changes nothing any more: it shows the signed note.
    answer = therapist.post(path, save="yes", first="relaxation")
    assert "Swedish massage" in answer.get_data(as_text=True)
    assert "Relaxation massage" not in answer.get_data(as_text=True)


def test_signing_asks_what_was_given(scene: Scene, therapist: Browser) -> None:
    visit = scene.visit(starts_at=BEGUN, state=State.ARRIVED)
    answer = therapist.post(f"/staff/appointments/{visit.id}/note", sign="yes", text="Was here")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 400
    assert "<title>Error: Note" in page
    assert "Say which types you gave" in page
    assert "Was here" in page
    assert make.refreshed(visit).state == State.ARRIVED


def test_a_note_cannot_be_signed_before_the_visit(scene: Scene, therapist: Browser) -> None:
    visit = scene.visit()
    path = f"/staff/appointments/{visit.id}/note"
    assert "Sign the note" not in therapist.get(path)
    answer = therapist.post(path, sign="yes", **GIVEN)
    assert answer.status_code == 409
    assert notes.TooEarly.sentence in answer.text
    assert GIVEN["text"] in answer.text
    assert notes.note_of(visit) is None


def test_a_page_made_before_a_newer_draft_does_not_overwrite_it(scene: Scene, therapist: Browser) -> None:
    visit = scene.visit(starts_at=BEGUN, state=State.ARRIVED)
    path = f"/staff/appointments/{visit.id}/note"
    therapist.done(path, save="yes", **GIVEN)
    for seen in ("", "2001-01-01T00:00:00+00:00", "2001-01-01", "nonsense"):
        assert therapist.post(path, save="yes", seen=seen, text="An older page").status_code == 409
    assert "An older page" not in therapist.get(path)


def test_additions_stand_below_the_signed_note(scene: Scene, therapist: Browser) -> None:
    visit = scene.visit(starts_at=BEGUN, state=State.ARRIVED)
    path = f"/staff/appointments/{visit.id}/note"
    assert therapist.post(f"{path}/more", text="Too soon").status_code == 409
    therapist.done(path, sign="yes", **GIVEN)
    assert therapist.post(f"{path}/more", text="").status_code == 400
    page = therapist.done(f"{path}/more", text="Called: sore for a day.")
    assert "Called: sore for a day." in page
    assert "Added later" in page


def test_nonsense_is_refused_and_nothing_breaks(scene: Scene, therapist: Browser) -> None:
    visit = scene.visit(starts_at=BEGUN, state=State.ARRIVED)
    path = f"/staff/appointments/{visit.id}/note"
    for nonsense in (
        {"first": "reiki"},
        {"areas": "tail"},
        {"pressure": "crushing"},
        {"text": "x" * 8001},
        {"text": "\x00"},
    ):
        assert therapist.post(path, save="yes", **nonsense).status_code == 400
    assert notes.note_of(visit) is None


def test_a_visit_that_did_not_take_place_has_no_note(scene: Scene, therapist: Browser) -> None:
    visit = scene.visit(starts_at=BEGUN, state=State.MISSED)
    therapist.get(f"/staff/appointments/{visit.id}/note", 409)


def test_only_those_who_treat_the_client_read_or_write_the_note(
    scene: Scene, front_desk: Browser, colleague: Browser
) -> None:
    visit = scene.visit(starts_at=BEGUN, state=State.ARRIVED)
    path = f"/staff/appointments/{visit.id}/note"
    front_desk.get(path, 403)
    colleague.get(path, 404)
    assert colleague.post(path, save="yes", **GIVEN).status_code == 404
    assert colleague.post(f"{path}/more", text="More").status_code == 404
    assert notes.note_of(visit) is None


def test_what_was_given_is_empty_until_the_plan_is_taken_over(scene: Scene, therapist: Browser) -> None:
    visit = scene.visit(starts_at=BEGUN, state=State.ARRIVED)
    services.decide(
        review(visit), decision=Decision.ACCEPT, revision=1, by=scene.therapist_user, now=make.NOW
    )
    db.session.commit()
    path = f"/staff/appointments/{visit.id}/note"
    page = therapist.get(path)
    assert "As planned" in page
    assert 'selected value="trigger_point"' not in page
    assert "checked" not in page.split("In your words")[0].split("What you gave")[1]
    refused = therapist.post(path, sign="yes", text="Forgot the types")
    assert refused.status_code == 400
    taken = therapist.post(path, take="planned", text="Tender on the left")
    page = taken.get_data(as_text=True)
    assert taken.status_code == 200
    assert 'selected value="trigger_point"' in page
    assert "Tender on the left" in page
    assert notes.note_of(visit) is None, "taking over stores nothing"


def test_cautions_position_and_what_is_left_out_stand_on_visit_and_note(
    scene: Scene, therapist: Browser, front_desk: Browser
) -> None:
    visit = scene.visit(starts_at=BEGUN, state=State.ARRIVED)
    review(visit, PREGNANT)
    for page in (f"/staff/appointments/{visit.id}", f"/staff/appointments/{visit.id}/note"):
        shown = therapist.get(page)
        assert "Pregnant or recently gave birth (T06)" in shown
        assert "You lie on your side" in shown
        assert "Deep tissue massage (Pregnant or recently gave birth)" in shown
    assert "T06" not in front_desk.get(f"/staff/appointments/{visit.id}")
    therapist.done(f"/staff/appointments/{visit.id}/note", sign="yes", **GIVEN)
    assert "You lie on your side" in therapist.get(f"/staff/appointments/{visit.id}/note")


def test_types_by_area_stand_with_minutes_of_the_visit_on_review_visit_and_note(
    scene: Scene, therapist: Browser
) -> None:
    scene.treatment.length_minutes = 90
    scene.treatment.modalities = ["deep_tissue", "swedish"]
    visit = scene.visit(starts_at=BEGUN, state=State.ARRIVED)
    mixed = {
        **KNOTS,
        "pain_areas": ["neck", "shoulders", "lower_back"],
        "muscle_findings": ["deep_chronic_tension", "stiffness"],
        "pressure_preference": "firm",
    }
    waiting = review(visit, mixed)
    said = "Deep tissue massage: neck, shoulders, 60 minutes. Swedish massage: lower back, 30 minutes."
    shown = therapist.get(f"/staff/reviews/{waiting.id}")
    assert said in shown
    assert "Deep tissue massage 100" not in shown
    services.decide(waiting, decision=Decision.ACCEPT, revision=1, by=scene.therapist_user, now=make.NOW)
    db.session.commit()
    for page in (f"/staff/appointments/{visit.id}", f"/staff/appointments/{visit.id}/note"):
        assert said in therapist.get(page)


def test_each_part_of_a_long_note_is_one_press_away(scene: Scene, therapist: Browser) -> None:
    visit = scene.visit(starts_at=make.NOW - timedelta(hours=1), state=State.ARRIVED)
    page = read(therapist.get(f"/staff/appointments/{visit.id}/note"))
    parts = page.one("nav", aria_label="Parts of this note").all("a")
    assert [one.text for one in parts] == ["What you gave", "On the body", "In your words"]
    for one in parts:
        assert page.one("h2", id=one.get("href").removeprefix("#"))
