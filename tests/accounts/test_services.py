"""Clients, their addresses, and the one-time links that prove an address."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from clinic.accounts import services as accounts
from clinic.accounts.models import Client, ContactKind, LinkPurpose, LoginLink
from clinic.db import db
from tests.make import Make


def contact_of(client: Client, kind: str = "mail") -> str:
    return next(contact.normalised for contact in client.contacts if contact.kind == kind)


def add(now: datetime, **more: object) -> Client:
    given: dict[str, object] = {
        "given_name": "Ada", "family_name": "Sample", "mail": "Ada@Client.Example", "now": now, "country": "DE",
    }  # fmt: skip
    return accounts.add_client(**{**given, **more})  # type: ignore[arg-type]


def test_a_new_client_has_unverified_addresses_in_comparable_form(
    database: sa.Connection, now: datetime
) -> None:
    ada = add(now, phone="030 5550100")
    assert contact_of(ada) == "ada@client.example"
    assert contact_of(ada, "phone") == "+49305550100"
    assert all(contact.verified_at is None for contact in ada.contacts)
    assert ada.search_name == "ada sample"


def test_the_same_address_makes_another_client_each_time(database: sa.Connection, now: datetime) -> None:
    assert add(now).id != add(now).id
    assert len(accounts.contacts_on(ContactKind.MAIL, "ada@client.example")) == 2


@pytest.mark.parametrize(
    "mail",
    ["", "ada", "ada@", "@client.example", "a b@client.example", "ada@client.example\nBcc: x@y.example"],
)
def test_what_cannot_be_a_mail_address_is_refused_with_a_sentence(mail: str) -> None:
    with pytest.raises(accounts.UnreadableAddress, match="e-mail address"):
        accounts.normalise_mail(mail)


@pytest.mark.parametrize("phone", ["", "abc", "12", "+999999999999999999"])
def test_what_cannot_be_a_telephone_number_is_refused_with_a_sentence(phone: str) -> None:
    with pytest.raises(accounts.UnreadableAddress, match="telephone number"):
        accounts.normalise_phone(phone, "DE")


@pytest.mark.parametrize(
    ("typed", "country", "normalised"),
    [
        ("030/555-0100", "DE", "+49305550100"),
        ("+49 (0)30 5550100", "US", "+49305550100"),
        ("(905) 555-0142", "CA", "+19055550142"),
        ("0041 44 668 18 00", "DE", "+41446681800"),
        ("905 555 0142", "CA", "+19055550142"),
        ("8 916 123-45-67", "RU", "+79161234567"),
        ("22 12 34 56", "NO", "+4722123456"),
        ("+49 5550142", "US", "+495550142"),
        ("01234 5", "DE", "+4912345"),
    ],
)
def test_a_number_is_read_as_one_would_dial_it_in_the_country(
    typed: str, country: str, normalised: str
) -> None:
    assert accounts.normalise_phone(typed, country) == normalised


@pytest.mark.parametrize("country", ["US", "CA", "DE", "GB", "AT", "PL", "IT", "SE"])
def test_a_number_of_one_town_is_refused_with_the_reason(country: str) -> None:
    with pytest.raises(accounts.UnreadableAddress, match="cannot be dialled from elsewhere"):
        accounts.normalise_phone("555 0142", country)


def test_a_number_of_one_town_is_refused_also_behind_its_country_code() -> None:
    with pytest.raises(accounts.UnreadableAddress, match="cannot be dialled from elsewhere"):
        accounts.normalise_phone("+1 555 0142", "DE")


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_is_refused(text: str) -> None:
    try:
        found = accounts.normalise_mail(text)
    except accounts.UnreadableAddress:
        return
    assert found == accounts.normalise_mail(found)


@given(st.text(max_size=40))
def test_any_text_is_a_number_or_is_refused(text: str) -> None:
    try:
        found = accounts.normalise_phone(text, "DE")
    except accounts.UnreadableAddress:
        return
    assert found.startswith("+")


def mint(make: Make, now: datetime) -> str:
    raw = accounts.mint_link(purpose=LinkPurpose.SIGN_IN, contact_id=make.client().contacts[0].id, now=now)
    db.session.commit()
    return raw


def test_a_link_is_kept_as_a_digest_only(make: Make, now: datetime) -> None:
    raw = mint(make, now)
    kept = db.session.scalars(sa.select(LoginLink)).one()
    assert len(raw) >= 43
    assert raw.encode() not in kept.digest
    assert len(kept.digest) == 32


def test_looking_at_a_link_does_not_use_it_up(make: Make, now: datetime) -> None:
    raw = mint(make, now)
    for _ in range(3):
        assert accounts.find_link(raw, LinkPurpose.SIGN_IN, now)
    assert accounts.consume_link(raw, LinkPurpose.SIGN_IN, now)


def test_a_link_works_once(make: Make, now: datetime) -> None:
    raw = mint(make, now)
    assert accounts.consume_link(raw, LinkPurpose.SIGN_IN, now) is not None
    assert accounts.consume_link(raw, LinkPurpose.SIGN_IN, now) is None
    assert accounts.find_link(raw, LinkPurpose.SIGN_IN, now) is None


def test_a_link_works_for_ten_minutes(make: Make, now: datetime) -> None:
    raw = mint(make, now)
    assert accounts.find_link(raw, LinkPurpose.SIGN_IN, now + timedelta(minutes=9, seconds=59))
    assert not accounts.find_link(raw, LinkPurpose.SIGN_IN, now + timedelta(minutes=10))
    assert accounts.consume_link(raw, LinkPurpose.SIGN_IN, now + timedelta(minutes=10)) is None


def test_a_link_of_one_purpose_does_not_serve_another(make: Make, now: datetime) -> None:
    raw = mint(make, now)
    assert accounts.consume_link(raw, LinkPurpose.RESUME_INTAKE, now) is None
    assert accounts.consume_link(raw, LinkPurpose.SIGN_IN, now) is not None


def test_an_unknown_link_opens_nothing(database: sa.Connection, now: datetime) -> None:
    assert accounts.consume_link("nobody-made-this", LinkPurpose.SIGN_IN, now) is None


def test_expired_links_are_deleted(make: Make, now: datetime) -> None:
    mint(make, now)
    assert accounts.old_links(now + accounts.LINK_LIFE).delete() == 0
    assert accounts.old_links(now + accounts.LINK_LIFE + timedelta(seconds=1)).delete() == 1


def test_proving_an_address_proves_it_on_every_record_that_carries_it(make: Make, now: datetime) -> None:
    ada, bob = make.client(), make.client(given_name="Bob")
    accounts.prove(ada.contacts[0], now)
    assert ada.contacts[0].verified_at == now
    assert bob.contacts[0].verified_at == now


def test_the_people_on_an_address_do_not_include_erased_or_merged_records(make: Make, now: datetime) -> None:
    ada = make.client()
    make.client(given_name="Erased", erased_at=now)
    make.client(given_name="Joined", merged_into_id=ada.id)
    make.client(given_name="Else", mail="else@client.example")
    assert accounts.people_on(ada.contacts[0]) == [ada]


def test_a_further_person_on_a_proven_address_is_a_record_of_its_own(make: Make, now: datetime) -> None:
    ada = make.client()
    bob = accounts.add_person_on(ada.contacts[0], given_name="Bob", family_name="Sample", now=now)
    assert bob.id != ada.id
    assert contact_of(bob) == contact_of(ada)
    assert bob.contacts[0].verified_at == now
