"""Finding who calls, and asking whether two records are one person."""

from datetime import timedelta

import pytest

from clinic.accounts.name_search import search_name
from clinic.booking import client_search
from clinic.booking.models import State
from clinic.db import db
from clinic.refusal import NotFound
from tests.conftest import NOW
from tests.make import Make


def names(found: list[client_search.Caller]) -> list[str]:
    return [caller.client.name for caller in found]


@pytest.fixture
def people(make: Make) -> dict[str, object]:
    made = {}
    for given, family, mail in (
        ("Ada", "Brückner", "ada@client.example"),
        ("Grace", "Brook", "grace@client.example"),
        ("Zoë", "O'Neill", "zoe@client.example"),
    ):
        person = make.client(given_name=given, family_name=family, mail=mail)
        person.search_name = search_name(given, family)
        made[given] = person
    make.contact(made["Ada"], kind="phone", value="+49 30 555 0111", normalised="+49305550111")
    make.contact(made["Grace"], kind="phone", value="020 7946 0958", normalised="+442079460958")
    make.contact(made["Zoë"], kind="phone", value="06 698 12345", normalised="+390669812345")
    db.session.commit()
    return made


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("bruckner", ["Ada Brückner"]),
        ("BRÜCKNER ", ["Ada Brückner"]),
        ("brukner", ["Ada Brückner"]),
        ("zoe", ["Zoë O'Neill"]),
        ("grace brook", ["Grace Brook"]),
        ("ada@client", ["Ada Brückner"]),
        ("030 555 01 11", ["Ada Brückner"]),
        ("+49 30 5550111", ["Ada Brückner"]),
        ("brueckner", ["Ada Brückner"]),
        ("O’Neill", ["Zoë O'Neill"]),
        ("oneill", ["Zoë O'Neill"]),
        ("+44 (0)20 7946 0958", ["Grace Brook"]),
        ("0044 20 7946 0958", ["Grace Brook"]),
        ("+44 (0)20 7946", ["Grace Brook"]),
        ("7946 0958", ["Grace Brook"]),
        ("+39 06 698 12345", ["Zoë O'Neill"]),
        ("0111", ["Ada Brückner"]),
        ("01 1", []),
        ("xyzzy", []),
        ("%", []),
        ("   ", []),
    ],
)
def test_a_client_is_found_by_what_they_say(people: object, said: str, found: list[str]) -> None:
    assert names(client_search.find(said, "DE", NOW)) == found


def test_a_client_is_found_by_the_reference_of_a_visit(make: Make, people: dict) -> None:
    visit = make.appointment(of=make.offering(), who=people["Grace"], reference="KWRTPLMN")
    (found,) = client_search.find("kwrt plmn", "DE", NOW)
    assert (found.client.id, found.next.id, found.last) == (visit.client_id, visit.id, None)


def test_last_and_next_visit_tell_people_apart(make: Make, people: dict) -> None:
    sold = make.offering()
    last = make.appointment(of=sold, who=people["Ada"], starts_at=NOW - timedelta(days=7), state=State.DONE)
    make.appointment(of=sold, who=people["Ada"], starts_at=NOW - timedelta(days=30), state=State.DONE)
    make.appointment(of=sold, who=people["Ada"], starts_at=NOW + timedelta(days=1), state=State.CANCELLED)
    following = make.appointment(of=sold, who=people["Ada"], starts_at=NOW + timedelta(days=7))
    (found,) = client_search.find("ada", "DE", NOW)
    assert (found.last.id, found.next.id) == (last.id, following.id)


def test_records_that_are_gone_are_not_found(make: Make, people: dict) -> None:
    people["Ada"].erased_at = NOW
    people["Grace"].merged_into_id = people["Zoë"].id
    db.session.commit()
    for said in ("bruckner", "grace", "ada@client", "0305550111"):
        assert client_search.find(said, "DE", NOW) == []
    for gone in ("Ada", "Grace"):
        with pytest.raises(NotFound):
            client_search.client(people[gone].id)
    assert client_search.client(people["Zoë"].id) is people["Zoë"]


def asked(**changed: str | None) -> list[str]:
    said = {"given_name": "Tom", "family_name": "Hale", "mail": None, "phone": None, **changed}
    return names(client_search.alike(**said, country="DE", now=NOW))


def test_the_same_address_or_much_the_same_name_may_be_one_person(people: object) -> None:
    assert asked() == []
    assert asked(mail="Grace@Client.example") == ["Grace Brook"]
    assert asked(phone="030 5550111") == ["Ada Brückner"]
    assert asked(phone="+44 (0)20 7946 0958") == ["Grace Brook"]
    assert asked(given_name="Ada", family_name="Bruckner") == ["Ada Brückner"]
    assert asked(given_name="Ada", family_name="Brueckner") == ["Ada Brückner"]
    assert asked(given_name="Ada", family_name="Bruekner", mail="grace@client.example") == [
        "Grace Brook",
        "Ada Brückner",
    ]
