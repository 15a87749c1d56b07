"""A client's record corrected: names and details, and an address in the place of another."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
import sqlalchemy as sa

from clinic.accounts import client_records, sessions
from clinic.accounts import services as accounts
from clinic.accounts.client_records import Further
from clinic.accounts.models import (
    AuditEntry,
    Client,
    Contact,
    ContactKind,
    LinkPurpose,
    Relation,
    ReplacedAddress,
)
from clinic.db import db
from clinic.refusal import NotFound
from tests.make import Make
from tests.visitor import client_session


@pytest.fixture
def ada(make: Make) -> Client:
    return make.client()


def corrected(client: Client, now: datetime, **changed: object) -> Client:
    person = replace(client_records.person_of(client), **changed)
    return client_records.correct(
        client.id, person, seen_as=client_records.page_mark(client), actor="user:x", now=now
    )


def changed(contact: Contact, value: str, now: datetime, **more: object) -> Contact:
    given = {"relation": Relation.SELF, "seen_as": client_records.page_mark(contact), **more}
    return client_records.change_address(contact.id, value, country="DE", actor="user:x", now=now, **given)


def test_a_corrected_name_is_found_and_its_fields_are_in_the_audit(ada: Client, now: datetime) -> None:
    corrected(ada, now, family_name="Sørensen", birth_on=date(1980, 2, 29), further=Further(doctor="Dr Who"))
    assert (ada.search_name, ada.birth_year) == ("ada sorensen", 1980)
    assert client_records.further_of(ada).doctor == "Dr Who"
    assert b"Who" not in ada.further_sealed
    entry = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.client_id == ada.id)).one()
    assert entry.fields == ["birth_on", "doctor", "family_name"]


def test_nothing_changed_leaves_no_entry(ada: Client, now: datetime) -> None:
    corrected(ada, now)
    assert db.session.scalars(sa.select(AuditEntry)).all() == []


def test_nobody_overwrites_a_colleague_unseen(ada: Client, now: datetime) -> None:
    seen_as = client_records.page_mark(ada)
    corrected(ada, now, further=Further(town="Berlin"))
    with pytest.raises(client_records.RecordChanged):
        client_records.correct(
            ada.id, client_records.person_of(ada), seen_as=seen_as, actor="user:x", now=now
        )
    contact, before = ada.contacts[0], client_records.page_mark(ada.contacts[0])
    changed(contact, "ada@new.example", now)
    with pytest.raises(client_records.RecordChanged):
        changed(contact, "ada@other.example", now, seen_as=before)


@pytest.mark.parametrize("born", [date(1899, 12, 31), date(2031, 3, 4)])
def test_nobody_was_born_then(ada: Client, born: date, now: datetime) -> None:
    with pytest.raises(client_records.NotBornYet):
        corrected(ada, now, birth_on=born)


def test_a_new_address_is_unproven_and_keeps_what_its_owner_wants(ada: Client, now: datetime) -> None:
    contact = ada.contacts[0]
    contact.verified_at = contact.bounced_at = now - timedelta(days=9)
    contact.wants_reminders, contact.reminder_offsets_minutes, contact.wants_check_ins = False, [60], False
    db.session.commit()
    changed(contact, "Ada@New.example", now)
    assert (contact.value, contact.normalised) == ("Ada@New.example", "ada@new.example")
    assert (contact.verified_at, contact.bounced_at) == (None, None)
    assert (contact.wants_reminders, contact.reminder_offsets_minutes, contact.wants_check_ins) == (
        False,
        [60],
        False,
    )
    assert db.session.scalars(sa.select(ReplacedAddress.normalised)).all() == ["ada@client.example"]


def test_another_spelling_of_the_same_address_stays_proven(ada: Client, now: datetime) -> None:
    contact = ada.contacts[0]
    contact.verified_at = now
    db.session.commit()
    changed(contact, "ADA@client.example", now)
    assert (contact.value, contact.verified_at) == ("ADA@client.example", now)
    assert db.session.scalars(sa.select(ReplacedAddress)).all() == []


def test_an_agreement_to_text_messages_was_about_the_old_telephone(
    make: Make, ada: Client, now: datetime
) -> None:
    phone = make.contact(ada, kind="phone", value="030 5550100", normalised="+49305550100", sms_agreed_at=now)
    changed(phone, "030 5550177", now)
    assert (phone.normalised, phone.sms_agreed_at) == ("+49305550177", None)


def test_what_proved_the_old_address_ends(make: Make, ada: Client, now: datetime) -> None:
    contact = ada.contacts[0]
    partner = make.client(given_name="Bob")
    raw = accounts.mint_link(purpose=LinkPurpose.SIGN_IN, contact_id=contact.id, now=now)
    own = sessions.open_client(contact, ada.id, now)
    through_partner = sessions.open_client(partner.contacts[0], ada.id, now)
    db.session.flush()
    changed(contact, "ada@new.example", now)
    db.session.commit()
    assert client_session(own, now) is None
    assert client_session(through_partner, now) is None
    assert accounts.consume_link(raw, LinkPurpose.SIGN_IN, now) is None
    assert accounts.people_on(partner.contacts[0]) == [partner]


def test_an_address_stands_once_on_a_record(make: Make, ada: Client, now: datetime) -> None:
    other = make.contact(ada, value="ada@work.example")
    with pytest.raises(client_records.AddressKnown):
        changed(other, "ada@client.example", now)
    with pytest.raises(client_records.AddressKnown):
        client_records.add_address(
            ada.id,
            ContactKind.MAIL,
            "ADA@client.example",
            relation=Relation.SELF,
            country="DE",
            actor="user:x",
            now=now,
        )
    assert db.session.scalars(sa.select(ReplacedAddress)).all() == []


def test_a_record_that_is_gone_is_not_corrected(make: Make, ada: Client, now: datetime) -> None:
    gone = make.client(mail="gone@client.example", merged_into_id=ada.id)
    with pytest.raises(NotFound):
        corrected(gone, now, given_name="X")
    with pytest.raises(NotFound):
        changed(gone.contacts[0], "x@client.example", now)


def test_replaced_addresses_are_deleted(ada: Client, now: datetime) -> None:
    changed(ada.contacts[0], "ada@new.example", now)
    assert client_records.old_replaced(now).delete() == 0
    assert client_records.old_replaced(now + timedelta(seconds=1)).delete() == 1
