"""The owner gives letters the practice's own words: checked, looked at, tried, and taken back."""

from collections.abc import Callable
from datetime import datetime

import pytest
import sqlalchemy as sa
from flask import Flask

from clinic.accounts.models import AuditEntry, Client, User
from clinic.booking.models import Appointment
from clinic.db import db
from clinic.messaging import delivery
from clinic.messaging.letters.practice_wording import LetterText
from clinic.messaging.models import Message, MessageKind
from tests.make import Make
from tests.messaging.mailers import Postbox, part
from tests.visitor import Visitor, as_staff

PATH = "/staff/settings/texts/confirmation/en"


@pytest.fixture
def olive(make: Make) -> User:
    """An owner."""
    make.practice()
    user: User = make.user(roles=["owner"], email="olive@alderlane.example")
    return user


@pytest.fixture
def page(app: Flask, olive: User) -> Visitor:
    """The owner's page of the confirmation in English."""
    return Visitor(as_staff(app, olive)).open(PATH)


@pytest.fixture
def booked(make: Make) -> Callable[..., Appointment]:
    """Books a visit for a client who reads a language."""

    def book(language: str) -> Appointment:
        person: Client = make.client(language=language)
        row: Appointment = make.appointment(of=make.offering(mail_name="Massage"), who=person)
        return row

    return book


def test_own_words_stand_in_the_next_letter_and_only_in_their_language(
    page: Visitor, booked: Callable[..., Appointment], now: datetime
) -> None:
    page.press(
        "Save the words",
        subject="See you {day}, {client}",
        opening="We have warmed the room.",
        closing="Ring twice.",
    )
    assert "The words are saved." in page.text
    booked("en")
    booked("de")
    postbox = Postbox()
    delivery.run_pass(now, 10, postbox)
    assert sorted(postbox.subjects) == [
        "Gebucht: Donnerstag, 6. März, 10:00 Uhr, Alder Lane",
        "See you Thursday 6 March, Ada",
    ]
    english = next(mail for mail in postbox.mails if str(mail["Subject"]).startswith("See you"))
    text = part(english, "text/plain")
    assert (
        text.index("You are booked, Ada")
        < text.index("warmed")
        < text.index("10:00 to 11:00")
        < text.index("Ring twice")
    )


def test_a_part_that_is_not_changed_stays_ours_and_saving_nothing_keeps_nothing(page: Visitor) -> None:
    page.press("Save the words")
    assert db.session.scalars(sa.select(LetterText)).all() == []
    page.press("Save the words", closing="Ring twice.")
    row = db.session.scalars(sa.select(LetterText)).one()
    assert (row.subject, row.heading, row.opening, row.closing) == (None, None, None, "Ring twice.")
    entry = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.subject_type == "letter_texts")).one()
    assert (entry.action, entry.purpose, entry.fields) == ("change", "confirmation/en", ["closing"])


@pytest.mark.parametrize(
    ("field", "typed", "complaint"),
    [
        ("subject", "Hello {name}", "There is no {name} in this letter. You can use {client} {practice}"),
        ("opening", "{{ 7 * 7 }}", "There is no { 7 * 7 } in this letter."),
        ("heading", "Hello {", "A brace stands alone."),
        ("closing", "{client.__class__}", "There is no {client.__class__} in this letter."),
        ("subject", "", "Enter a subject."),
        ("heading", "\u202eolleH", "Please remove characters that cannot be shown"),
    ],
)
def test_words_no_letter_could_be_made_of_are_refused_with_everything_typed_kept(
    page: Visitor, field: str, typed: str, complaint: str
) -> None:
    page.press("Save the words", **{"closing": "Kept as typed.", field: typed})
    assert page.status == 422
    assert complaint in page.text
    if field != "closing":
        assert "Kept as typed." in page.text
    assert db.session.scalars(sa.select(LetterText)).all() == []


def test_of_two_owners_the_second_is_told(app: Flask, make: Make, page: Visitor) -> None:
    other = Visitor(as_staff(app, make.user(roles=["owner"]))).open(PATH)
    page.press("Save the words", closing="First.")
    other.press("Save the words", closing="Second.")
    assert other.status == 409
    assert "Somebody else changed this" in other.text
    assert db.session.scalars(sa.select(LetterText.closing)).one() == "First."
    other.press("Save the words", closing="Second.")
    assert db.session.scalars(sa.select(LetterText.closing)).one() == "Second."


def test_the_letter_can_be_looked_at_as_typed_before_anybody_gets_it(page: Visitor) -> None:
    typed = {"subject": "S", "heading": "Hello {client}", "opening": "<script>alert(1)</script>"}
    shown = page.browser.post(f"{PATH}/preview", data={"csrf_token": page.token(), **typed})
    assert shown.status_code == 200
    assert "Hello Robin" in shown.text
    assert "<script" not in shown.text
    policy = shown.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "sandbox" in policy
    assert shown.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert db.session.scalars(sa.select(LetterText)).all() == []
    wrong = page.browser.post(
        f"{PATH}/preview", data={"csrf_token": page.token(), **typed, "heading": "{<b>}"}
    )
    assert wrong.status_code == 422
    assert "There is no {&lt;b&gt;} in this letter." in wrong.text


def test_without_typing_the_frame_shows_what_is_saved(page: Visitor) -> None:
    page.press("Save the words", heading="Welcome, {client}")
    assert "Welcome, Robin" in page.browser.get(f"{PATH}/preview").text


def test_our_words_come_back(page: Visitor) -> None:
    page.press("Save the words", closing="Ring twice.")
    page.press("Back to our words in this letter")
    assert "The letter says our words again." in page.text
    assert db.session.scalars(sa.select(LetterText)).all() == []


def test_a_test_goes_to_whoever_asks_and_to_nobody_else(page: Visitor, now: datetime) -> None:
    page.press("Save the words", opening="We have warmed the room.")
    for _ in range(2):
        page.press("Send me a test mail of the saved words")
    owed = db.session.scalars(sa.select(Message)).one()
    assert owed.kind == MessageKind.TEXT_SAMPLE
    postbox = Postbox()
    delivery.run_pass(owed.due_at, 10, postbox)
    (mail,) = postbox.mails
    assert mail["To"] == "olive@alderlane.example"
    assert str(mail["Subject"]).startswith("Test: Booked:")
    assert "We have warmed the room." in part(mail, "text/plain")


@pytest.mark.parametrize("path", ["nothing/en", "confirmation/fr", "review_waiting/de", "text_sample/en"])
def test_a_letter_or_language_there_is_not_is_not_found(page: Visitor, path: str) -> None:
    assert page.browser.get(f"/staff/settings/texts/{path}").status_code == 404


def test_the_list_says_where_the_practice_has_its_own_words(page: Visitor) -> None:
    page.press("Save the words", closing="Ring twice.")
    page.open("/staff/settings/texts")
    assert "Your own words: English" in page.text
    assert page.text.count("Your own words") == 1
