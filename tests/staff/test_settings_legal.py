"""The owner writes the legal pages: checked, looked at, published as versions, and put back to the draft."""

import pytest
import sqlalchemy as sa
from flask import Flask

from clinic.accounts.models import AuditEntry, User
from clinic.db import db
from clinic.practice.legal_texts import LegalText
from clinic.practice.models import Practice
from tests.make import Make
from tests.visitor import Visitor, as_staff

PATH = "/staff/settings/legal/imprint/en"


@pytest.fixture
def olive(make: Make) -> User:
    """An owner of a practice in Germany."""
    make.practice(country="DE")
    user: User = make.user(roles=["owner"], email="olive@alderlane.example")
    return user


@pytest.fixture
def owner(app: Flask, olive: User) -> Visitor:
    """The owner's browser."""
    return Visitor(as_staff(app, olive))


def words() -> list[str | None]:
    return list(db.session.scalars(sa.select(LegalText.words).order_by(LegalText.version)))


def test_a_text_is_published_in_versions_that_stay_and_can_go_back_to_the_draft(owner: Visitor) -> None:
    page = owner.open(PATH)
    assert "Represented by:" in page.text
    page.press("Save the text", words="Thea Lindner\r\nBerlin")
    page.press("Save the text", words="Thea Lindner, Berlin")
    page.press("Back to the draft of this page")
    assert "The page is as it was before" in page.text
    assert "Version 3" in page.text
    assert words() == ["Thea Lindner\nBerlin", "Thea Lindner, Berlin", None]
    assert list(db.session.scalars(sa.select(AuditEntry.action).order_by(AuditEntry.id))) == [
        "change",
        "change",
        "reset",
    ]
    said = owner.open("/imprint").text
    assert "Thea Lindner" not in said


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("", "Write a text, or go back to the draft."),
        ("Call {telephone}", "{telephone} stands for nothing."),
        ("Represented by: [first and last name …]", "Fill in [first and last name …], or delete that line."),
        ("x" * 20_001, "Write at most 20000 characters."),
    ],
)
def test_a_text_that_cannot_be_published_is_refused_with_a_sentence(
    owner: Visitor, typed: str, answer: str
) -> None:
    page = owner.open(PATH)
    page.press("Save the text", words=typed)
    assert page.status == 422
    assert answer in page.text
    assert words() == []


def test_a_text_is_seen_as_typed_before_it_is_saved(owner: Visitor) -> None:
    page = owner.open("/staff/settings/legal/terms/de")
    page.press("Show it as typed", words="## Bitte pünktlich")
    assert "As typed; not saved yet." in page.text
    assert "Bitte pünktlich" in [each.text for each in page.page.all("h2")]
    assert words() == []


def test_of_two_owners_the_second_overwrites_nothing_unseen(app: Flask, olive: User, owner: Visitor) -> None:
    late = Visitor(as_staff(app, olive)).open(PATH)
    owner.open(PATH).press("Save the text", words="First")
    late.press("Save the text", words="Second")
    assert late.status == 409
    assert words() == ["First"]
    late.press("Save the text", words="Second")
    assert words() == ["First", "Second"]


def test_saving_what_stands_makes_no_version(owner: Visitor) -> None:
    page = owner.open(PATH)
    page.press("Save the text", words="Thea Lindner")
    page.press("Save the text", words="Thea Lindner")
    assert words() == ["Thea Lindner"]


def test_an_owner_in_germany_is_told_that_the_imprint_is_missing_and_cannot_open_before(
    owner: Visitor, make: Make
) -> None:
    make.offering()
    said = owner.open("/staff/settings").text
    assert "The imprint is missing." in said
    db.session.execute(sa.update(Practice).values(online_booking="not_open"))
    db.session.commit()
    assert "Write the imprint" in owner.open("/staff/settings").text
    with pytest.raises(AssertionError):
        owner.form_with("Open for booking")
    owner.browser.post("/staff/settings/online-booking/open", data={"csrf_token": owner.token()})
    assert "This is still to be done: write the imprint." in owner.open("/staff/settings").text
    assert db.session.scalar(sa.select(Practice.online_booking)) == "not_open"
    assert "The imprint is missing." in owner.open("/staff/settings/legal").text
    owner.open(PATH).press("Save the text", words="Thea Lindner")
    assert "Write the imprint" not in owner.open("/staff/settings").text
    assert "The imprint is missing." not in owner.open("/staff/settings/legal").text


def test_an_owner_elsewhere_is_asked_for_no_imprint(owner: Visitor) -> None:
    db.session.execute(sa.update(Practice).values(country="CA"))
    db.session.commit()
    assert "Write the imprint" not in owner.open("/staff/settings").text
    assert "The imprint is missing." not in owner.open("/staff/settings/legal").text


def test_an_unknown_page_or_language_is_not_there(owner: Visitor) -> None:
    for path in ("/staff/settings/legal/nothing/en", "/staff/settings/legal/terms/fr"):
        assert owner.open(path).status == 404
