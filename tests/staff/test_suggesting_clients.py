"""Clients who fit what is typed into a booking: found as the desk's search finds them, with last time preset."""

from datetime import timedelta
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from clinic.booking.models import State
from clinic.db import db
from clinic.web import time_values
from tests.make import NOW, Make
from tests.measuring import statements
from tests.plans.conftest import Scene
from tests.staff.conftest import Browser
from tests.web.reading import Element, read

SUGGEST = "/staff/book/suggest"
TIME = "/staff/calendar/time?on=2031-03-04&at=12:00&therapist={}"
EARLIER = NOW - timedelta(days=7)
TOMORROW = NOW + timedelta(days=1)


def suggested(browser: Browser, text: str, path: str = SUGGEST, **fields: str) -> list[Element]:
    """The options listed for what was typed."""
    answer = browser.post(path, text=text, **fields)
    assert answer.status_code == 200, answer.status
    return [one for one in read(answer.get_data(as_text=True)).all("li") if one.get("role") == "option"]


def leads(option: Element) -> tuple[str, dict[str, str]]:
    """The page to which an option leads, and what stands in its address."""
    parts = urlsplit(option.get("data-leads"))
    return parts.path, {name: values[0] for name, values in parse_qs(parts.query).items()}


def test_a_booking_for_a_caller_begins_in_the_field_that_finds_them(
    scene: Scene, front_desk: Browser
) -> None:
    for path in ("/staff/book", "/staff/waiting-list/find"):
        assert read(front_desk.get(path)).labelled("Find a client").has("autofocus"), path
    page = read(front_desk.get(f"/staff/book?treatment={scene.treatment.slug}"))
    assert not page.labelled("Find a client").has("autofocus"), "who chose a treatment goes on below"


@pytest.mark.parametrize("typed", ["Ada Sample", "sampel", "ada@client", "30 901820", "{reference}"])
def test_a_client_is_found_by_whatever_the_caller_says(
    scene: Scene, make: Make, front_desk: Browser, typed: str
) -> None:
    make.contact(scene.ada, kind="phone", value="030 901820", normalised="+4930901820")
    visit = scene.visit()
    found = suggested(front_desk, typed.format(reference=visit.reference))
    assert [one.text.split(" ada@")[0] for one in found] == ["Ada Sample"]


def test_the_option_leads_to_the_last_page_with_the_time_and_the_treatment_of_last_time(
    scene: Scene, make: Make, front_desk: Browser
) -> None:
    other = make.treatment(therapists=[scene.therapist], position=9)
    make.appointment(of=other, who=scene.ada, starts_at=EARLIER, state=State.DONE)
    start = time_values.value(TOMORROW, scene.therapist.id)
    path = f"{SUGGEST}?start={quote(start)}&location={scene.location.slug}"
    page, asked = leads(suggested(front_desk, "sample", path, treatment="")[0])
    assert page == "/staff/book/check"
    assert asked == {
        "client": str(scene.ada.id),
        "treatment": other.slug,
        "start": start,
        "location": scene.location.slug,
    }
    _, chosen = leads(suggested(front_desk, "sample", path, treatment=scene.treatment.slug)[0])
    assert chosen["treatment"] == scene.treatment.slug


def test_what_the_pressed_therapist_does_not_give_is_not_preset(
    scene: Scene, make: Make, front_desk: Browser
) -> None:
    colleague = make.therapist(scene.location)
    theirs = make.treatment(therapists=[colleague], position=9)
    scene.visit(starts_at=EARLIER, state=State.DONE)
    start = time_values.value(TOMORROW, colleague.id)
    _, asked = leads(suggested(front_desk, "sample", f"{SUGGEST}?start={quote(start)}")[0])
    assert asked["treatment"] == theirs.slug
    new = front_desk.get(f"/staff/book/check?start={quote(start)}")
    assert theirs.name in new


def test_without_a_time_the_therapist_of_last_time_is_preset_too(scene: Scene, front_desk: Browser) -> None:
    scene.visit(starts_at=EARLIER, state=State.DONE)
    page, asked = leads(suggested(front_desk, "sample")[0])
    assert page == "/staff/book"
    assert (asked["treatment"], asked["therapist"]) == (scene.treatment.slug, scene.therapist.slug)


def test_nobody_is_listed_who_was_erased_or_joined_or_fits_a_single_letter(
    scene: Scene, make: Make, front_desk: Browser
) -> None:
    assert suggested(front_desk, "a") == []
    assert suggested(front_desk, " ") == []
    twin = make.client(mail=None, given_name="Adele")
    assert len(suggested(front_desk, "sample")) == 2
    twin.merged_into_id = scene.ada.id
    db.session.commit()
    assert len(suggested(front_desk, "sample")) == 1
    scene.ada.erased_at = NOW
    db.session.commit()
    assert suggested(front_desk, "sample") == []


def test_what_is_typed_stands_in_no_address(scene: Scene, front_desk: Browser) -> None:
    front_desk.get(f"{SUGGEST}?text=sample", 405)
    page = front_desk.get(TIME.format(scene.therapist.slug))
    form = next(one for one in read(page).all("form") if one.get("action").startswith("/staff/book/find"))
    assert form.get("method") == "post"
    sent = front_desk.post(form.get("action"), text="Sample", new="yes", treatment=scene.treatment.slug)
    assert sent.status_code == 303
    to = sent.headers["Location"]
    assert "Sample" not in to
    assert "Who is coming?" in front_desk.get(to)
    assert scene.treatment.name in front_desk.get(to)


def test_without_a_script_the_button_finds_the_same_and_presets_the_same(
    scene: Scene, make: Make, front_desk: Browser
) -> None:
    other = make.treatment(therapists=[scene.therapist], position=9)
    make.appointment(of=other, who=scene.ada, starts_at=EARLIER, state=State.DONE)
    page = read(front_desk.get(TIME.format(scene.therapist.slug)))
    form = next(one for one in page.all("form") if one.get("action").startswith("/staff/book/find"))
    found = read(front_desk.post(form.get("action"), text="sampel", treatment="").get_data(as_text=True))
    link = next(one for one in found.all("a") if one.text.startswith("Book for Ada"))
    check = front_desk.get(link.get("href"))
    assert other.name in check
    assert "Tuesday 4 March 2031, 12:00 to 13:00" in read(check).text
    answer = front_desk.post(form.get("action"), text="sample", treatment="nothing")
    assert answer.status_code == 404


def test_more_clients_ask_no_more_of_the_database(scene: Scene, make: Make, front_desk: Browser) -> None:
    scene.visit()
    db.session.expire_all()
    with statements() as before:
        assert len(suggested(front_desk, "sample")) == 1
    for number in range(6):
        scene.visit(
            who=make.client(mail=f"{number}@client.example"), starts_at=NOW + timedelta(days=10 + number)
        )
    db.session.expire_all()
    with statements() as after:
        assert len(suggested(front_desk, "sample")) == 7
    assert len(after) <= len(before)
