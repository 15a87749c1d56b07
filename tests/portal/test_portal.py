"""A client signs in by a one-time link and finds their visits."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from clinic import clock
from clinic.accounts import limits, signed_links
from clinic.accounts import services as accounts
from clinic.accounts.models import AuditEntry, Client, ClientSession, Contact, LinkPurpose, LoginLink
from clinic.booking.models import State
from clinic.db import db, transaction
from clinic.messaging.models import Message, MessageKind
from tests.conftest import NOW
from tests.make import Make
from tests.visitor import Visitor, as_client


@pytest.fixture
def visitor(client: FlaskClient, make: Make) -> Visitor:
    make.practice()
    return Visitor(client)


def link_for(person: Client) -> str:
    raw = accounts.mint_link(purpose=LinkPurpose.SIGN_IN, contact_id=person.contacts[0].id, now=clock.now())
    db.session.commit()
    return signed_links.sign_in_path(raw)


def owed() -> list[Message]:
    return list(db.session.scalars(sa.select(Message).where(Message.kind == MessageKind.SIGN_IN)))


def test_known_and_unknown_addresses_get_the_same_answer(visitor: Visitor, make: Make) -> None:
    make.client()
    pages = []
    for mail in ("ada@client.example", "nobody@client.example"):
        visitor.open("/my/sign-in").press("Send me a link", mail=mail)
        pages.append((visitor.path, visitor.status, visitor.text))
    assert pages[0] == pages[1]
    assert len(owed()) == 1


def test_an_address_on_several_records_gets_one_letter(visitor: Visitor, make: Make) -> None:
    make.client()
    make.client(given_name="Bob")
    visitor.open("/my/sign-in").press("Send me a link", mail=" Ada@Client.Example ")
    assert len(owed()) == 1


def test_what_is_no_address_is_said_beside_the_field(visitor: Visitor) -> None:
    visitor.open("/my/sign-in").press("Send me a link", mail="ada at client")
    assert visitor.title.startswith("Error: ")
    assert "like name@example.com" in visitor.text
    assert visitor.page.labelled("E-mail address").get("value") == "ada at client"


def test_four_requests_an_hour_for_one_address_are_too_many(visitor: Visitor, make: Make) -> None:
    for mail in ("ada@client.example", "nobody@client.example"):
        for _ in range(3):
            assert visitor.open("/my/sign-in").press("Send me a link", mail=mail).status == 200
        assert visitor.open("/my/sign-in").press("Send me a link", mail=mail).status == 429


def test_opening_the_link_signs_nobody_in_and_pressing_the_button_does(visitor: Visitor, make: Make) -> None:
    path = link_for(make.client())
    for _ in range(3):
        assert visitor.open(path).heading == "Open your visits"
    assert "/my/sign-in" in visitor.browser.get("/my").headers["Location"]
    visitor.open(path).press("Open my visits")
    assert visitor.heading == "Hello Ada"


def test_the_link_works_once(app: Flask, visitor: Visitor, make: Make) -> None:
    path = link_for(make.client())
    visitor.open(path)
    other = Visitor(app.test_client()).open(path)
    visitor.press("Open my visits")
    assert other.press("Open my visits").status == 410
    assert other.open(path).status == 410
    assert "Ask for a new one" in other.text


def test_the_link_lasts_ten_minutes(visitor: Visitor, make: Make) -> None:
    path = link_for(make.client())
    db.session.execute(sa.update(LoginLink).values(expires_at=clock.now() - timedelta(seconds=1)))
    db.session.commit()
    assert visitor.open(path).status == 410


def test_a_link_to_resume_a_form_does_not_sign_in(visitor: Visitor, make: Make) -> None:
    ada = make.client()
    raw = accounts.mint_link(
        purpose=LinkPurpose.RESUME_INTAKE, contact_id=ada.contacts[0].id, now=clock.now()
    )
    db.session.commit()
    assert visitor.open(signed_links.sign_in_path(raw)).status == 410


def test_one_sees_own_visits_only_each_with_its_page(visitor: Visitor, make: Make) -> None:
    ada, bob = make.client(), make.client(given_name="Bob", mail="bob@client.example")
    sold = make.offering(name="Deep work for a bad back")
    soon = clock.now() + timedelta(days=3)
    own = make.appointment(of=sold, who=ada, starts_at=soon)
    make.appointment(of=sold, who=bob, starts_at=soon + timedelta(days=1))
    make.appointment(of=sold, who=ada, starts_at=clock.now() - timedelta(days=3))
    visitor.open(link_for(ada)).press("Open my visits")
    (visit,) = [link for link in visitor.page.all("a") if "Move or cancel" in link.text]
    assert visit.get("href") == signed_links.manage_path(own.id, own.link_epoch)
    assert "Deep work" not in visitor.text
    assert "Bob" not in visitor.text


def test_two_people_on_one_address_say_who_they_are(visitor: Visitor, make: Make) -> None:
    ada = make.client()
    make.client(given_name="Bob", family_name="Secretname")
    visitor.open(link_for(ada)).press("Open my visits")
    assert visitor.heading == "Whose visits shall we show?"
    assert "Secretname" not in visitor.text
    visitor.press("Bob")
    assert visitor.heading == "Hello Bob"
    assert "Bob" in visitor.text


def shown_people(visitor: Visitor, person: Client) -> list[str]:
    """The buttons of *Whose visits*, for who opened a sign-in link of this person."""
    visitor.open(link_for(person)).press("Open my visits")
    return [one.text for one in visitor.page.one("form", class_="stack").all("button")]


def test_two_of_one_name_on_one_address_are_told_apart_by_the_year_of_birth(
    visitor: Visitor, make: Make
) -> None:
    ada = make.client(birth_on=date(1980, 5, 1))
    make.client(given_name="ADA", birth_on=date(2009, 2, 3))
    make.client(given_name="Bob")
    assert shown_people(visitor, ada) == [
        "Ada, born in 1980", "ADA, born in 2009", "Bob", "Somebody else"
    ]  # fmt: skip
    visitor.press("ADA, born in 2009")
    assert visitor.heading == "Hello ADA"


def test_without_years_two_of_one_name_are_told_apart_by_their_first_visit(
    visitor: Visitor, make: Make
) -> None:
    ada = make.client(birth_on=date(1980, 5, 1))
    make.client()
    sold = make.treatment(therapists=[make.therapist(make.location())])
    make.appointment(of=sold, who=ada, state=State.DONE, starts_at=NOW - timedelta(days=30))
    make.appointment(of=sold, who=ada, state=State.CANCELLED, starts_at=NOW - timedelta(days=60))
    assert shown_people(visitor, ada)[:2] == [
        "Ada, first here on Saturday 1 February 2031", "Ada, not here yet"
    ]  # fmt: skip


def test_in_the_end_two_of_one_name_are_told_apart_by_since_when_they_are_known(
    visitor: Visitor, make: Make
) -> None:
    ada = make.client(birth_on=date(1980, 5, 1), created_at=NOW - timedelta(days=2))
    make.client(birth_on=date(1980, 7, 1), created_at=NOW - timedelta(days=1))
    first, second = shown_people(visitor, ada)[:2]
    assert first.startswith("Ada, known here since Saturday 1 March 2031, ")
    assert second.startswith("Ada, known here since Sunday 2 March 2031, ")


def test_somebody_else_on_the_address_becomes_a_new_client(visitor: Visitor, make: Make) -> None:
    ada = make.client()
    make.client(given_name="Bob")
    visitor.open(link_for(ada)).press("Open my visits").press("Somebody else")
    visitor.press("Continue", given_name="", family_name="New")
    assert visitor.title.startswith("Error: ")
    visitor.press("Continue", given_name="Cleo", family_name="New")
    assert "Cleo" in visitor.text
    cleo = db.session.scalars(sa.select(Client).where(Client.given_name == "Cleo")).one()
    assert cleo.contacts[0].normalised == ada.contacts[0].normalised


def test_so_many_people_on_one_address_are_enough_for_a_day(visitor: Visitor, make: Make) -> None:
    visitor.open(link_for(make.client())).press("Open my visits")
    for number in range(limits.PEOPLE_CONTACT.count):
        visitor.open("/my/new").press("Continue", given_name=f"Nr {number}", family_name="New")
        assert visitor.heading == f"Hello Nr {number}"
    visitor.open("/my/new").press("Continue", given_name="One more", family_name="New")
    assert visitor.status == 429
    assert make.count(Client) == 1 + limits.PEOPLE_CONTACT.count


def test_one_cannot_choose_somebody_of_another_address(app: Flask, visitor: Visitor, make: Make) -> None:
    ada, eve = make.client(), make.client(given_name="Eve", mail="eve@client.example")
    make.client(given_name="Bob")
    chooser = Visitor(as_client(app, ada.contacts[0], None)).open("/my/who")
    chooser.answer = chooser.browser.post(
        "/my/who", data={"person": str(eve.id), "csrf_token": chooser.token()}
    )
    assert chooser.status == 404
    assert db.session.scalars(sa.select(ClientSession.client_id)).one() is None


def test_following_the_link_proves_the_address(visitor: Visitor, make: Make) -> None:
    ada = make.client()
    contact_id = ada.contacts[0].id
    visitor.open(link_for(ada)).press("Open my visits")
    proven = make.found(Contact, contact_id)
    assert proven.verified_at is not None
    by_ada = sa.select(AuditEntry.action).where(AuditEntry.actor == f"contact:{contact_id}")
    assert db.session.scalars(by_ada).all() == ["signed_in"]


def test_after_the_sign_in_one_is_where_one_wanted_to_go(app: Flask, visitor: Visitor, make: Make) -> None:
    ada = make.client()
    visitor.open("/my?from=mail")
    assert visitor.path.startswith("/my/sign-in?next=")
    visitor.open(link_for(ada)).press("Open my visits")
    assert visitor.path == "/my?from=mail"


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "evil"]
)
def test_nobody_is_led_to_another_site(visitor: Visitor, make: Make, elsewhere: str) -> None:
    visitor.browser.get("/my/sign-in", query_string={"next": elsewhere})
    visitor.open(link_for(make.client())).press("Open my visits")
    assert visitor.path == "/my"


def test_nothing_booked_says_what_to_do_next(visitor: Visitor, make: Make) -> None:
    visitor.open(link_for(make.client())).press("Open my visits")
    assert "Nothing is booked" in visitor.text
    assert "Book a session" in visitor.text


@pytest.mark.race
def test_of_fifty_uses_of_one_link_at_the_same_time_one_wins(app: Flask) -> None:
    with app.app_context():
        with transaction():
            ada = accounts.add_client(
                given_name="Ada", family_name="Race", mail="race@client.example", now=clock.now()
            )
            contact_id, client_id = ada.contacts[0].id, ada.id
            raw = accounts.mint_link(purpose=LinkPurpose.SIGN_IN, contact_id=contact_id, now=clock.now())

        def use(_number: int) -> bool:
            with app.app_context(), transaction():
                return accounts.consume_link(raw, LinkPurpose.SIGN_IN, clock.now()) is not None

        with ThreadPoolExecutor(8) as crowd:
            won = sum(crowd.map(use, range(50)))
        with transaction():
            db.session.execute(sa.delete(LoginLink).where(LoginLink.contact_id == contact_id))
            db.session.execute(sa.delete(Contact).where(Contact.id == contact_id))
            db.session.execute(sa.delete(Client).where(Client.id == client_id))
    assert won == 1
