"""The body chart of a note: rows that a therapist adds and removes without scripts, and the same in the signed note."""

from datetime import timedelta

import pytest

from clinic.booking.models import Appointment, State
from clinic.db import db
from clinic.plans.models import SessionNote
from clinic.plans.note_content import MOST_FINDINGS, Finding, NoteContent
from clinic.staff.clinical.body_chart import PLACES, markers, said
from tests import make
from tests.plans.conftest import Scene
from tests.staff.conftest import Browser
from tests.visitor import Visitor, shown

ROW = {
    "findings-0-side": "left",
    "findings-0-words": "tight band",
    "findings-0-pressure": "medium",
    "findings-0-pain": "4",
}


@pytest.fixture
def page(scene: Scene, therapist: Browser, clock_at_now: None) -> Visitor:
    visit: Appointment = scene.visit(starts_at=make.NOW - timedelta(minutes=50), state=State.ARRIVED)
    return Visitor(therapist.client).open(f"/staff/appointments/{visit.id}/note")


def press(page: Visitor, button: str, value: str, **typed: str) -> Visitor:
    form, _ = page.form_with("Save draft")
    if button == "finding":  # The figure's labels press the buttons of the list.
        pressed = next(one for one in form.all("button") if one.get("value") == value)
        area = value.split(":")[1]
        drawn = form.all("label", for_=pressed.get("id"))
        assert drawn or area in ("head", "chest", "abdomen", "foot_left", "foot_right")
    page.answer = page.browser.post(page.path, data={**shown(form), **typed, button: value})
    assert page.answer.status_code == 200
    return page


def stored() -> NoteContent:
    return NoteContent.of(db.session.query(SessionNote).one().content)


def test_a_finding_is_marked_described_and_signed(page: Visitor) -> None:
    assert "Nothing is marked yet" in page.text
    press(page, "finding", "back:lower_back")
    press(page, "finding", "front:chest", **ROW)
    assert make.count(SessionNote) == 0, "marking stores nothing"
    page.press("Save draft")
    assert stored().findings == (
        Finding(view="back", area="lower_back", side="left", words="tight band", pressure="medium", pain=4),
        Finding(view="front", area="chest"),
    )
    page.press("Sign the note", first="swedish")
    signed = page.open(_path()).text
    assert "1. Lower back, behind, left: tight band. Pressure medium. Pain 4." in signed
    assert "2. Chest, front." in signed
    assert b"tight band" not in db.session.query(SessionNote).one().content_sealed


def _path() -> str:
    return f"/staff/appointments/{db.session.query(SessionNote).one().appointment_id}/note"


def test_each_button_of_the_chart_says_its_own_name(page: Visitor) -> None:
    """The regions of the figure are labels without words: a browser would name their buttons by them, so with nothing."""
    form, _ = page.form_with("Save draft")
    places = [one for one in form.all("button") if one.get("name") == "finding"]
    assert len(places) > 20
    assert all(one.get("aria-label") == one.text for one in places)


def test_a_finding_is_removed_and_the_others_stay(page: Visitor) -> None:
    for place in ("back:neck", "back:lower_back", "front:abdomen"):
        press(page, "finding", place)
    press(page, "remove", "1")
    page.press("Save draft")
    assert [finding.area for finding in stored().findings] == ["neck", "abdomen"]
    press(page, "remove", "x")
    press(page, "remove", "9")
    page.press("Save draft")
    assert len(stored().findings) == 2


def test_a_chart_has_an_end(page: Visitor) -> None:
    for _ in range(MOST_FINDINGS + 1):
        press(page, "finding", "back:neck")
    page.press("Save draft")
    assert len(stored().findings) == MOST_FINDINGS


@pytest.mark.parametrize(
    "nonsense",
    [
        {"findings-0-place": "back:tail"},
        {"findings-0-place": "neck"},
        {"findings-0-side": "up"},
        {"findings-0-pain": "11"},
        {"findings-0-pressure": "crushing"},
        {"findings-0-words": "x" * 201},
    ],
)
def test_what_no_row_can_say_is_refused_with_what_was_typed(page: Visitor, nonsense: dict[str, str]) -> None:
    press(page, "finding", "back:neck", text="Calm")
    form, _ = page.form_with("Save draft")
    for button in ("save", "auto", "sign"):
        answer = page.browser.post(page.path, data={**shown(form), **nonsense, button: "yes"})
        assert answer.status_code == 400
        assert button == "auto" or "Calm" in answer.get_data(as_text=True)
    assert make.count(SessionNote) == 0
    page.answer = page.browser.post(page.path, data={**shown(form), "finding": "back:tail"})
    assert page.answer.status_code == 200


def test_numbers_stand_on_the_side_that_was_said_and_never_on_each_other() -> None:
    def finding(view: str, side: str) -> Finding:
        return Finding(view=view, area="lower_back" if view == "back" else "abdomen", side=side)

    found = markers(
        [finding("back", "left"), finding("front", "left"), finding("back", "both"), finding("back", "left")]
    )
    (one, both_left, both_right, again), (front,) = found["back"], found["front"]
    assert one.x < 110 < front.x, "seen from behind left is left, from the front it is right"
    assert both_left.x < 110 < both_right.x
    assert len({(each.x, each.y) for each in found["back"]}) == 4
    assert [each.number for each in found["back"]] == [1, 3, 3, 4]
    assert again.y > one.y


def test_every_place_has_words_and_a_point() -> None:
    for place, label in PLACES:
        view, area = place.split(":")
        finding = Finding(view=view, area=area)
        assert said(finding) == f"{label}."
        assert len(markers([finding])[view]) == 1


def test_a_finding_holds_only_known_words() -> None:
    for nonsense in ({"view": "side"}, {"area": "tail"}, {"side": "up"}, {"pain": 11}, {"pressure": "x"}):
        with pytest.raises(ValueError, match=r"^finding$"):
            Finding(**{"view": "back", "area": "neck", **nonsense})
