"""A client changes their own email address, which counts once a link sent there was used, and their telephone."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from clinic import clock
from clinic.accounts import address_changes, limits, signed_links
from clinic.accounts import services as accounts
from clinic.accounts.models import AddressChange, Client, Contact, LinkPurpose, ReplacedAddress
from clinic.db import db
from clinic.messaging import delivery
from clinic.messaging.delivery import PassTerms
from tests.make import Make
from tests.messaging.mailers import Postbox, part
from tests.public.spoken import english_on
from tests.visitor import Visitor, as_client

NEW = "ada@new.example"


@pytest.fixture
def ada(make: Make) -> Client:
    make.practice(country="DE")
    person: Client = make.client()
    return person


@pytest.fixture
def page(app: Flask, ada: Client, clock_at_now: None) -> Visitor:
    return Visitor(as_client(app, ada.contacts[0], ada)).open("/my/contact")


def asked() -> AddressChange:
    return db.session.scalars(sa.select(AddressChange)).one()


def link() -> str:
    """The link of the letter, minted as at delivery."""
    raw = accounts.mint_link(purpose=LinkPurpose.NEW_ADDRESS, subject_id=asked().id, now=clock.now())
    db.session.commit()
    return signed_links.new_address_path(raw)


def mails(person: Client) -> list[tuple[str, bool]]:
    db.session.expire_all()
    return [(one.normalised, one.verified_at is not None) for one in person.contacts if one.kind == "mail"]


def test_a_new_address_counts_only_once_its_link_was_used(app: Flask, page: Visitor, ada: Client) -> None:
    page.press("Send the link", mail="Ada@New.example")
    assert f"We sent a link to {NEW}." in page.text
    assert mails(ada)[0][0] == "ada@client.example"
    elsewhere = Visitor(app.test_client()).open(link())
    assert mails(ada)[0][0] == "ada@client.example", "opening it changes nothing: mail programs do that too"
    elsewhere.press("This is my address")
    assert mails(ada) == [(NEW, True)]
    assert elsewhere.path == "/my/contact", "who used the link is signed in by it"
    assert "sign-in" in page.open("/my").path, "what the old address proved has ended"
    replaced = db.session.scalars(sa.select(ReplacedAddress.normalised)).all()
    assert replaced == ["ada@client.example"], "a note tells the old address"
    assert db.session.scalar(sa.select(sa.func.count()).select_from(AddressChange)) == 0


def test_the_address_that_signed_in_is_the_one_that_changes(app: Flask, ada: Client, make: Make) -> None:
    second = make.contact(ada, value="ada@second.example", verified_at=clock.now())
    own = Visitor(as_client(app, second, ada)).open("/my/contact")
    assert "ada@second.example" in own.text
    own.press("Send the link", mail=NEW)
    assert asked().contact_id == second.id


def test_one_address_is_written_to_only_so_often(page: Visitor) -> None:
    for _ in range(limits.SIGN_IN_LINKS.count):
        page.press("Send the link", mail=NEW)
        page.press("Keep the old address")
    page.press("Send the link", mail=NEW)
    assert page.status == 429


def test_the_link_works_once_and_not_after_the_change_was_given_up(
    app: Flask, page: Visitor, ada: Client
) -> None:
    page.press("Send the link", mail=NEW)
    path = link()
    waiting = Visitor(app.test_client()).open(path)
    page.open("/my/contact").press("Keep the old address")
    assert waiting.press("This is my address").status == 410
    assert mails(ada)[0][0] == "ada@client.example"
    assert waiting.open(path).status == 410


def test_an_address_asked_for_a_day_ago_is_not_proven_any_more(page: Visitor, ada: Client) -> None:
    page.press("Send the link", mail=NEW)
    row = asked()
    assert address_changes.prove(row.id, row.asked_at + address_changes.KEPT) is None
    assert address_changes.prove(row.id, row.asked_at + address_changes.KEPT - timedelta(seconds=1))


def test_only_the_newest_address_asked_for_can_be_proven(page: Visitor, ada: Client) -> None:
    page.press("Send the link", mail="first@new.example").press("Send the link", mail=NEW)
    assert (asked().mail, asked().asked_revision) == (NEW, 2)


@pytest.mark.parametrize(
    ("typed", "words"), [("ada at new", "name@example.com"), ("ADA@client.example", "already")]
)
def test_what_cannot_be_asked_for_is_said_beside_the_field(page: Visitor, typed: str, words: str) -> None:
    page.press("Send the link", mail=typed)
    assert page.status == 422
    assert page.title.startswith("Error: ")
    assert words in page.text


def test_somebody_else_on_the_address_keeps_it(app: Flask, make: Make, page: Visitor, ada: Client) -> None:
    bob = make.client(given_name="Bob")
    assert "A change is for Ada only." in page.open("/my/contact").text
    page.press("Send the link", mail=NEW)
    Visitor(app.test_client()).open(link()).press("This is my address")
    assert mails(bob)[0][0] == "ada@client.example"
    assert mails(ada) == [(NEW, True)]


def test_the_letter_goes_to_the_new_address_once_and_says_nothing_else(app: Flask, page: Visitor) -> None:
    page.press("Send the link", mail=NEW)
    postbox = Postbox()
    for _ in range(2):
        delivery.run_pass(clock.now(), 100, postbox, PassTerms(pause=lambda seconds: None))
    (mail,) = postbox.mails
    assert mail["To"] == NEW
    assert "Ada" not in part(mail, "text/plain")
    (path,) = re.findall(r"/new-address/\S+", part(mail, "text/plain"))
    Visitor(app.test_client()).open(path).press("This is my address")
    assert db.session.scalars(sa.select(Contact.normalised)).all() == [NEW]


def test_a_telephone_is_added_then_replaced_and_the_sign_in_stands(page: Visitor, ada: Client) -> None:
    page.press("Save the telephone", phone="030 5550100")
    page.press("Save the telephone", phone="030 5550199")
    phones = sa.select(Contact.normalised).where(Contact.client_id == ada.id, Contact.kind == "phone")
    assert db.session.scalars(phones).all() == ["+49305550199"]
    assert page.open("/my").path == "/my"


def test_a_telephone_that_the_desk_changed_meanwhile_is_not_overwritten(
    make: Make, page: Visitor, ada: Client
) -> None:
    phone = make.contact(ada, kind="phone", value="+49 30 5550100", normalised="+49305550100")
    page.open("/my/contact")
    phone.value, phone.normalised = "+49 30 5550177", "+49305550177"
    db.session.commit()
    page.press("Save the telephone", phone="030 5550199")
    assert page.status == 409
    assert make.refreshed(phone).normalised == "+49305550177"


def test_the_pages_are_german(app: Flask, page: Visitor) -> None:
    page.browser.environ_base["HTTP_ACCEPT_LANGUAGE"] = "de"
    page.open("/my/contact").press("Link schicken", mail=NEW)
    assert english_on(page) == []
    stranger = Visitor(app.test_client())
    stranger.browser.environ_base["HTTP_ACCEPT_LANGUAGE"] = "de"
    assert english_on(stranger.open(link())) == []
    assert english_on(stranger.open("/new-address/never-sent")) == []
