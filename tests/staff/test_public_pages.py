"""Therapists' pages and photos from the inside: who may edit them, what is written down, what is refused."""

import io
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from PIL import Image
from werkzeug.test import TestResponse

from clinic.accounts.models import AuditEntry, User
from clinic.db import db
from clinic.practice import photo_encoding, photos
from clinic.practice.models import Location, Photo, PhotoFile, Therapist, TherapistProfile
from tests.make import Make
from tests.plans.conftest import Scene
from tests.staff.conftest import Browser
from tests.visitor import Visitor, token_for

SignIn = Callable[[User], Browser]


@pytest.fixture
def owner(make: Make, sign_in: SignIn) -> Browser:
    return sign_in(make.user(roles=["owner"], given_name="Olive"))


def picture(width: int = 600, height: int = 600) -> bytes:
    into = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(into, format="JPEG")
    return into.getvalue()


def page_of(person: Therapist) -> str:
    return f"/staff/settings/therapists/{person.id}/page"


def send(browser: Browser, path: str, content: bytes, alt: str = "Smiling.", **more: str) -> TestResponse:
    """Send a file as a browser does; the test client's own way leaves a temporary file open."""
    head = 'Content-Disposition: form-data; name="{}"'
    parts = [
        f"--x\r\n{head.format(name)}\r\n\r\n{value}\r\n".encode()
        for name, value in (("csrf_token", token_for(browser.client)), ("alt", alt), *more.items())
    ]
    file = f'--x\r\n{head.format("photo")}; filename="../../me.jpg"\r\n\r\n'.encode()
    body = b"".join([*parts, file, content, b"\r\n--x--\r\n"])
    return browser.client.post(path, data=body, content_type="multipart/form-data; boundary=x")


def written_down(table: str) -> list[tuple[str, list[str]]]:
    found = db.session.scalars(
        sa.select(AuditEntry).where(AuditEntry.subject_type == table).order_by(AuditEntry.at, AuditEntry.id)
    )
    return [(each.purpose, each.fields) for each in found if each.action == "change"]


def test_a_therapist_writes_their_own_page_and_chooses_whether_it_is_shown(
    scene: Scene, therapist: Browser
) -> None:
    page = Visitor(therapist.client).open("/staff/settings/own-page")
    assert page.heading == "Your page"
    assert "Not shown" in page.text
    page.press("Save the page", languages="Deutsch", likes="Backs", is_shown="y")
    assert "Saved. Clients see the page now." in page.text
    public = Visitor(therapist.client)
    assert "Deutsch" in public.open(f"/therapists/{scene.therapist.slug}").text
    page.open("/staff/settings/own-page").press("Save the page", is_shown="")
    assert "Nobody sees the page" in page.text
    assert public.open(f"/therapists/{scene.therapist.slug}").status == 404
    assert written_down("therapist_profiles") == [
        ("", ["is_shown", "languages", "likes"]),
        ("", ["is_shown"]),
    ]


def test_nobody_edits_a_colleagues_page_but_an_owner(
    scene: Scene, therapist: Browser, colleague: Browser, front_desk: Browser, owner: Browser
) -> None:
    path = page_of(scene.therapist)
    assert therapist.look(path).status_code == 200
    assert owner.look(path).status_code == 200
    assert colleague.look(path).status_code == 404
    assert front_desk.look(path).status_code == 403
    assert colleague.post(path, likes="Nothing").status_code == 404
    assert send(colleague, path.replace("/page", "/portrait"), picture()).status_code == 404
    assert db.session.scalar(sa.select(TherapistProfile)) is None
    assert db.session.scalar(sa.select(Photo)) is None


def test_a_page_that_somebody_else_changed_meanwhile_is_not_overwritten(
    scene: Scene, therapist: Browser, owner: Browser
) -> None:
    mine = Visitor(therapist.client).open(page_of(scene.therapist))
    Visitor(owner.client).open(page_of(scene.therapist)).press("Save the page", languages="English")
    mine.press("Save the page", languages="Deutsch")
    assert mine.status == 409
    assert "Somebody else changed this" in mine.text
    assert "Deutsch" in mine.answer.text
    profile = db.session.scalars(sa.select(TherapistProfile)).one()
    assert profile.languages == "English"


def test_a_portrait_is_stored_replaced_and_deleted_with_all_its_files(
    scene: Scene, therapist: Browser
) -> None:
    path = page_of(scene.therapist).replace("/page", "/portrait")
    assert send(therapist, path, picture()).status_code == 303
    first = set(db.session.scalars(sa.select(PhotoFile.digest)))
    assert len(first) == 6
    assert "data:image/jpeg;base64," in therapist.get(page_of(scene.therapist))
    assert send(therapist, path, picture(700, 500)).status_code == 303
    assert db.session.scalars(sa.select(Photo)).one().alt == "Smiling."
    assert len(list(db.session.scalars(sa.select(PhotoFile)))) == 6
    therapist.done(f"{path}/remove")
    therapist.done(f"{path}/remove")
    assert list(db.session.scalars(sa.select(PhotoFile))) == []
    assert written_down("therapists") == [("", ["portrait"]), ("", ["portrait"]), ("removed", ["portrait"])]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"<svg onload=alert(1)>", "This file is not a picture that we can read."),
        (b"x" * (photo_encoding.MOST_BYTES + 5), "This file is larger than 12 MB."),
        (picture(100, 100), "This picture is too small"),
        (b"", "Choose a picture first."),
    ],
    ids=["svg", "too long", "too small", "none"],
)
def test_a_refused_file_leaves_the_page_with_a_sentence_at_its_field(
    scene: Scene, therapist: Browser, content: bytes, sentence: str
) -> None:
    path = page_of(scene.therapist).replace("/page", "/portrait")
    fields = {"csrf_token": token_for(therapist.client), "alt": "Me, smiling"}
    if content:
        answer = send(therapist, path, content, alt="Me, smiling")
    else:
        answer = therapist.client.post(path, data=fields, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert answer.text.count(sentence) == 2
    assert "Me, smiling" in answer.text
    assert db.session.scalar(sa.select(Photo)) is None


def test_a_file_beyond_all_measure_is_not_read_and_other_pages_take_none(
    scene: Scene, therapist: Browser
) -> None:
    path = page_of(scene.therapist)
    assert send(therapist, path, picture()).status_code == 415
    huge = b"x" * (2 * photo_encoding.MOST_BYTES + 1)
    assert send(therapist, path.replace("/page", "/portrait"), huge).status_code == 413


def test_a_stranger_cannot_make_the_server_read_a_file(scene: Scene, app: object, client: object) -> None:
    path = page_of(scene.therapist).replace("/page", "/portrait")
    stranger = Browser(client)  # type: ignore[arg-type]  # Flask's own client.
    answer = send(stranger, path, b"x" * 1_000_000)
    assert answer.status_code == 303
    assert "/staff/sign-in" in answer.headers["Location"]


def test_a_card_has_the_code_once_the_page_is_shown(scene: Scene, therapist: Browser) -> None:
    card = page_of(scene.therapist).replace("/page", "/card")
    assert therapist.look(card).status_code == 404
    Visitor(therapist.client).open(page_of(scene.therapist)).press("Save the page", is_shown="y")
    page = therapist.get(card)
    assert f"/therapists/{scene.therapist.slug}" in page
    assert "data:image/svg+xml;base64," in page


def test_an_owner_without_a_place_in_the_rota_has_no_own_page(owner: Browser) -> None:
    assert owner.look("/staff/settings/own-page").headers["Location"] == "/staff/settings"
    assert "Your page" not in owner.get("/staff/settings")


def test_a_location_takes_six_photos_and_each_can_be_deleted(scene: Scene, owner: Browser) -> None:
    path = f"/staff/settings/locations/{scene.location.id}/photos"
    assert "No photos yet" in owner.get(path)
    assert send(owner, path, picture(), alt="").status_code == 422
    for number in range(6):
        assert send(owner, path, picture(), alt=f"Room {number}").status_code == 303
    page = owner.get(path)
    assert "Add a photo" not in page
    refused = send(owner, path, picture(), alt="One more")
    assert "A location has at most six photos." in refused.text
    photo = db.session.scalars(sa.select(Photo).order_by(Photo.id)).first()
    assert photo is not None
    owner.done(f"{path}/{photo.id}/remove")
    assert "Room 0" not in owner.get(path)
    elsewhere = scene.make.location()
    other = db.session.scalars(sa.select(Photo)).first()
    assert other is not None
    assert owner.post(f"/staff/settings/locations/{elsewhere.id}/photos/{other.id}/remove").status_code == 404


def test_what_a_photo_shows_is_heard_in_each_language_that_it_was_typed_in(
    scene: Scene, owner: Browser, therapist: Browser
) -> None:
    where = db.session.scalars(sa.select(Location)).one()
    path = f"/staff/settings/locations/{where.id}/photos"
    assert "What it shows, in German" in owner.get(path)
    send(owner, path, picture(600, 500), "The green door.", alt_de="Die grüne Tür.")
    send(owner, path, picture(700, 600), "The stairs.")
    public = Visitor(owner.client).open(f"/locations/{where.slug}?lang=de")
    heard = {image.get("alt"): image for image in public.page.all("img")}
    assert set(heard) == {"Die grüne Tür.", "The stairs."}
    languages = [item.attributes.get("lang") for item in public.page.all("li") if item.all("img")]
    assert languages == [None, "en"], "what nobody typed in German says that it is English"
    assert 'alt="The green door."' in public.open(f"/locations/{where.slug}?lang=en").answer.text
    profile = page_of(scene.therapist)
    send(therapist, profile.replace("/page", "/portrait"), picture(), "Smiling.", alt_de="Lächelnd.")
    assert db.session.scalars(sa.select(Photo).where(Photo.therapist_id.is_not(None))).one().translations == {
        "de": {"alt": "Lächelnd."}
    }


def test_what_a_stored_photo_shows_is_changed_without_sending_it_again(scene: Scene, owner: Browser) -> None:
    where = scene.location
    path = f"/staff/settings/locations/{where.id}/photos"
    send(owner, path, picture(600, 500), "The green dor.", alt_de="Die grüne Tür.")
    photo = db.session.scalars(sa.select(Photo)).one()
    digests = {file.digest for file in photo.files}
    page = Visitor(owner.client).open(path)
    (way,) = [link for link in page.page.all("a") if link.text.startswith("Change the words")]
    page.open(way.get("href"))
    assert page.page.labelled("What it shows").get("value") == "The green dor."
    assert page.page.labelled("What it shows, in German (optional)").get("value") == "Die grüne Tür."
    assert [link.get("href") for link in page.page.all("a") if link.text == "Cancel"] == [path]
    page.press("Save the words", alt="The green door.", alt_de="Die grüne Haustür.")
    assert (page.path, "Clients hear the new words now." in page.text) == (path, True)
    scene.make.refreshed(photo)
    assert (photo.alt, photo.translations) == ("The green door.", {"de": {"alt": "Die grüne Haustür."}})
    assert {file.digest for file in photo.files} == digests
    assert written_down("locations")[-1] == ("words", ["photos"])
    public = Visitor(owner.client)
    assert 'alt="Die grüne Haustür."' in public.open(f"/locations/{where.slug}?lang=de").answer.text


def test_words_that_are_missing_or_that_somebody_changed_meanwhile_are_refused(
    scene: Scene, owner: Browser
) -> None:
    path = f"/staff/settings/locations/{scene.location.id}/photos"
    send(owner, path, picture(600, 500), "The door.")
    photo = db.session.scalars(sa.select(Photo)).one()
    here, there = Visitor(owner.client), Visitor(owner.client)
    for page in (here, there):
        page.open(f"{path}/{photo.id}")
    here.press("Save the words", alt=" ")
    assert here.answer.status_code == 422
    assert "Say in a few words what the picture shows." in here.text
    here.press("Save the words", alt="The green door.")
    there.press("Save the words", alt="The red door.")
    assert there.answer.status_code == 409
    assert there.page.labelled("What it shows").get("value") == "The red door."
    assert "It is now: The green door." in there.text
    scene.make.refreshed(photo)
    assert photo.alt == "The green door."
    assert (
        owner.look(f"/staff/settings/locations/{scene.make.location().id}/photos/{photo.id}").status_code
        == 404
    )


def test_words_for_a_photo_that_was_removed_meanwhile_are_refused(
    scene: Scene, owner: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/staff/settings/locations/{scene.location.id}/photos"
    send(owner, path, picture(600, 500), "The door.")
    photo = db.session.scalars(sa.select(Photo)).one()
    page = Visitor(owner.client).open(f"{path}/{photo.id}")
    describe = photos.describe

    def after_a_removal(*what: Any, **how: Any) -> None:
        db.session.execute(
            sa.delete(Photo).where(Photo.id == photo.id), execution_options={"synchronize_session": False}
        )
        describe(*what, **how)

    monkeypatch.setattr(photos, "describe", after_a_removal)
    page.press("Save the words", alt="The green door.")
    assert page.answer.status_code == 404


def test_a_therapist_changes_the_words_of_their_own_portrait_and_of_nobody_elses(
    scene: Scene, therapist: Browser, colleague: Browser
) -> None:
    path = page_of(scene.therapist).replace("/page", "/portrait/words")
    assert therapist.look(path).status_code == 404, "there is no portrait yet"
    send(therapist, path.removesuffix("/words"), picture(), "Smiling.")
    page = Visitor(therapist.client).open(path)
    page.press("Save the words", alt="", alt_de="Lächelnd.")
    photo = db.session.scalars(sa.select(Photo)).one()
    assert (photo.alt, photo.translations) == ("", {"de": {"alt": "Lächelnd."}})
    assert colleague.look(path).status_code == 404


def test_a_location_keeps_what_is_said_of_parking_and_steps(scene: Scene, owner: Browser) -> None:
    page = Visitor(owner.client).open(f"/staff/settings/locations/{scene.location.id}")
    page.press("Save the location", parking="Behind the house", step_free="One step of 4 cm")
    scene.make.refreshed(scene.location)
    assert (scene.location.parking, scene.location.step_free) == ("Behind the house", "One step of 4 cm")
