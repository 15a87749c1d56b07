"""The desk corrects a client's record, and joins two records of one person and takes them apart again."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from clinic.accounts import merging
from clinic.accounts.models import AuditEntry, Client, ClientMerge
from clinic.booking import barring, client_search
from clinic.booking.models import Appointment
from clinic.db import db
from tests.conftest import NOW
from tests.make import Make
from tests.plans.conftest import Scene
from tests.visitor import Visitor, as_staff


@pytest.fixture
def clerk(scene: Scene, app: Flask, make: Make, clock_at_now: None) -> Visitor:
    return Visitor(as_staff(app, make.user(roles=["front_desk"])))


def file_of(client: Client) -> str:
    return f"/staff/clients/{client.id}"


def record_of(client: Client) -> str:
    """The tab *Details* of the file."""
    return f"{file_of(client)}/record"


def test_a_client_is_found_and_the_record_corrected(scene: Scene, clerk: Visitor) -> None:
    clerk.open("/staff/clients").press("Find", text="ada sampel")
    assert "1 client found" in clerk.text
    link = next(one for one in clerk.page.all("a") if one.text == "Ada Sample")
    clerk.open(link.get("href"))
    assert clerk.heading == "Ada Sample"
    clerk.open(f"{file_of(scene.ada)}/details").press(
        "Save",
        given_name="Åse",
        family_name="Sørensen",
        language="de",
        birth_on="1980-02-29",
        street="Example Street 1",
        town="Sampleton",
        emergency_name="Bo, her brother",
        doctor="Dr Example",
    )
    assert clerk.heading == "Åse Sørensen"
    for said in (
        "Deutsch",
        "29 February 1980",
        "Example Street 1, Sampleton",
        "Bo, her brother",
        "Dr Example",
    ):
        assert said in clerk.text, said
    clerk.open("/staff/clients").press("Find", text="aase soerensen")
    assert "1 client found" in clerk.text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"given_name": " "}, "Enter the first name."),
        ({"birth_on": "1980-02-30"}, "a day from 1900 to today"),
        ({"birth_on": "1802-02-03"}, "a day from 1900 to today"),
        ({"birth_on": "2031-03-04"}, "a day from 1900 to today"),
        ({"language": "xx"}, "Choose one of the answers below"),
        ({"doctor": "x" * 301}, "300 characters"),
    ],
)
def test_what_cannot_be_is_refused_and_shown_again(
    scene: Scene, clerk: Visitor, typed: dict[str, str], said: str
) -> None:
    clerk.open(f"{file_of(scene.ada)}/details").press("Save", **{"preferred_name": "Addie", **typed})
    assert clerk.status == 422
    assert said in clerk.text
    assert 'value="Addie"' in clerk.answer.get_data(as_text=True)
    db.session.refresh(scene.ada)
    assert scene.ada.preferred_name is None


def test_a_page_that_is_old_saves_nothing_and_shows_both(scene: Scene, clerk: Visitor) -> None:
    clerk.open(f"{file_of(scene.ada)}/details")
    scene.ada.preferred_name = "Colleague"
    db.session.commit()
    clerk.press("Save", preferred_name="Mine")
    assert clerk.status == 409
    assert "Somebody else changed this record" in clerk.text
    assert "Colleague" in clerk.text
    assert 'value="Mine"' in clerk.answer.get_data(as_text=True)
    clerk.press("Save")
    db.session.refresh(scene.ada)
    assert scene.ada.preferred_name == "Mine"


def test_an_address_is_replaced_and_one_is_added(scene: Scene, clerk: Visitor) -> None:
    contact = scene.ada.contacts[0]
    clerk.open(f"/staff/contacts/{contact.id}/change").press("Save", value="nonsense")
    assert (clerk.status, "Enter an e-mail address" in clerk.text) == (422, True)
    clerk.press("Save", value="ada@new.example")
    assert "ada@new.example" in clerk.text
    assert "Not verified" in clerk.text
    clerk.open(f"{file_of(scene.ada)}/addresses").press("Save", kind="phone", value="555 0142")
    assert "cannot be dialled from elsewhere" in clerk.text
    clerk.press("Save", kind="phone", value="030 5550142", relation="carer")
    assert "Looks after them" in clerk.text
    clerk.open(f"{file_of(scene.ada)}/addresses").press("Save", kind="mail", value="ADA@new.example")
    assert (clerk.status, "stands on the record already" in clerk.text) == (422, True)
    done = db.session.scalars(sa.select(AuditEntry.action).where(AuditEntry.client_id == scene.ada.id)).all()
    assert {"add", "change"} <= set(done)


@pytest.fixture
def twin(make: Make, scene: Scene) -> Client:
    """A second record of Ada, with a visit."""
    made = make.client(given_name="Ada", mail="ada@work.example", family_name="Sampel")
    make.appointment(of=scene.treatment, who=made, starts_at=make.NOW + timedelta(days=8))
    return made


def test_two_records_of_one_person_are_joined_and_taken_apart(
    scene: Scene, clerk: Visitor, twin: Client
) -> None:
    clerk.open(record_of(scene.ada))
    link = next(one for one in clerk.page.all("a") if one.text.startswith("Compare and join"))
    clerk.open(link.get("href"))
    assert "ada@work.example" in clerk.text
    clerk.press("Join the two records")
    assert (clerk.status, "Choose the record that stays" in clerk.text) == (422, True)
    clerk.press("Join the two records", kept=str(scene.ada.id))
    assert clerk.path == record_of(scene.ada)
    assert "ada@work.example" in clerk.text
    assert "joined" in clerk.text
    assert clerk.open(file_of(twin)).path == file_of(scene.ada)
    made = db.session.scalars(sa.select(ClientMerge)).one()
    clerk.open(f"/staff/merges/{made.id}/undo").press("Take apart")
    assert clerk.path == record_of(twin)
    assert "a record of their own again" in clerk.text
    owners = db.session.scalars(sa.select(Appointment.client_id).where(Appointment.client_id == twin.id))
    assert len(owners.all()) == 1
    clerk.open(f"/staff/merges/{made.id}/undo")
    assert "can no longer be taken apart" in clerk.text


def test_a_joining_can_be_undone_for_thirty_days(scene: Scene, clerk: Visitor, twin: Client) -> None:
    made = merging.merge(
        scene.ada.id, twin.id, by=scene.therapist_user, now=NOW - merging.UNDOABLE + timedelta(hours=1)
    )
    made.merged_at = NOW - merging.UNDOABLE
    db.session.commit()
    clerk.open(f"/staff/merges/{made.id}/undo")
    assert "can no longer be taken apart" in clerk.text
    assert "joined for good" in clerk.open(record_of(scene.ada)).text


def test_records_that_changed_while_the_page_was_open_are_not_joined(
    scene: Scene, clerk: Visitor, twin: Client
) -> None:
    clerk.open(f"{file_of(scene.ada)}/join/{twin.id}")
    twin.preferred_name = "Bob"
    db.session.commit()
    clerk.press("Join the two records", kept=str(scene.ada.id))
    assert clerk.status == 409
    assert "Bob" in clerk.text
    assert db.session.scalars(sa.select(ClientMerge)).all() == []


def test_a_record_is_not_joined_with_itself_or_with_one_that_is_gone(
    scene: Scene, clerk: Visitor, twin: Client
) -> None:
    assert clerk.open(f"{file_of(scene.ada)}/join/{scene.ada.id}").status == 404
    twin.erased_at = NOW
    db.session.commit()
    assert clerk.open(f"{file_of(scene.ada)}/join/{twin.id}").status == 404
    assert clerk.open(file_of(twin)).status == 404


def test_the_other_record_is_found_by_search_too(scene: Scene, clerk: Visitor, make: Make) -> None:
    other = make.client(given_name="Zoe", family_name="Elsewhere", mail="zoe@client.example")
    assert "No other record looks like this one" in clerk.open(record_of(scene.ada)).text
    clerk.open(f"/staff/clients?join={scene.ada.id}").press("Find", text="zoe")
    link = next(one for one in clerk.page.all("a") if one.text.startswith("Compare"))
    assert link.get("href") == f"{file_of(scene.ada)}/join/{other.id}"


def test_a_spelling_of_the_name_is_asked_about(scene: Scene, make: Make) -> None:
    muller, mueller = (
        make.client(given_name="Jo", family_name=name, mail=f"{name}@client.example")
        for name in ("Müller", "Mueller")
    )
    assert [one.client for one in client_search.twins(muller, NOW)] == [mueller]


def test_somebody_is_barred_for_a_reason_that_staff_see_when_they_book(scene: Scene, clerk: Visitor) -> None:
    clerk.open(f"{file_of(scene.ada)}/bar").press("Bar", reason="")
    assert (clerk.status, "Choose what is barred" in clerk.text) == (422, True)
    clerk.press("Bar", what="online", reason="Did not come four times")
    assert "From all online booking" in clerk.text
    assert "Did not come four times" in clerk.text
    clerk.open(f"{file_of(scene.ada)}/bar").press("Bar", what="online", reason="Again")
    assert (clerk.status, "bar already exists" in clerk.text) == (422, True)
    at = f"treatment={scene.treatment.slug}&therapist={scene.therapist.slug}&on=2031-03-06&at=10:00"
    clerk.open(f"/staff/book/at?{at}&client={scene.ada.id}")
    assert "Barred from online booking: Did not come four times" in clerk.text
    clerk.press("Book")
    assert "Booked." in clerk.text
    clerk.open(record_of(scene.ada)).press("Lift")
    assert "like all clients" in clerk.text


def test_a_barred_client_hears_only_that_it_cannot_be_booked_online(
    scene: Scene, app: Flask, make: Make, clock_at_now: None
) -> None:
    sold = make.treatment(therapists=[scene.therapist])
    barring.bar(scene.ada.id, None, "a secret reason", by=scene.therapist_user, now=NOW)
    db.session.commit()
    stranger = Visitor(app.test_client())
    stranger.open(f"/book/{sold.slug}?day=2031-03-06").press(f"10:00 {scene.therapist.given_name}")
    typed = {"given_name": "A", "family_name": "B", "mail": "ada@client.example", "agree": "y"}
    stranger.press("Book this session", **typed)
    assert stranger.status == 403
    assert "This cannot be booked online. Please call us." in stranger.text
    assert "secret" not in stranger.answer.get_data(as_text=True)
    assert 'value="ada@client.example"' in stranger.answer.get_data(as_text=True)
