"""Finding who calls, and asking whether two records are one person."""

from datetime import timedelta
from types import ModuleType

import pytest

from clinic.booking import callers
from clinic.booking.models import State
from clinic.db import db
from clinic.refusal import NotFound
from tests.conftest import NOW


def names(found: list[callers.Caller]) -> list[str]:
    return [caller.client.name for caller in found]


@pytest.fixture
def people(make: ModuleType) -> dict[str, object]:
    made = {}
    for given, family, mail in (
        ("Ada", "Brückner", "ada@client.example"),
        ("Grace", "Brook", "grace@client.example"),
        ("Zoë", "O'Neill", "zoe@client.example"),
    ):
        person = make.client(given_name=given, family_name=family, mail=mail)
        person.search_name = callers.accounts.search_name(given, family)
        made[given] = person
    make.contact(made["Ada"], kind="phone", value="+49 30 555 0111", normalised="+49305550111")
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
        ("0111", []),
        ("xyzzy", []),
        ("%", []),
        ("   ", []),
    ],
)
def test_a_client_is_found_by_what_they_say(people: object, said: str, found: list[str]) -> None:
    assert names(callers.find(said, NOW)) == found


def test_a_client_is_found_by_the_reference_of_a_visit(make: ModuleType, people: dict) -> None:
    visit = make.appointment(of=make.offering(), who=people["Grace"], reference="KWRTPLMN")
    (found,) = callers.find("kwrt plmn", NOW)
    assert (found.client.id, found.next.id, found.last) == (visit.client_id, visit.id, None)


def test_last_and_next_visit_tell_people_apart(make: ModuleType, people: dict) -> None:
    sold = make.offering()
    last = make.appointment(of=sold, who=people["Ada"], starts_at=NOW - timedelta(days=7), state=State.DONE)
    make.appointment(of=sold, who=people["Ada"], starts_at=NOW - timedelta(days=30), state=State.DONE)
    make.appointment(of=sold, who=people["Ada"], starts_at=NOW + timedelta(days=1), state=State.CANCELLED)
    following = make.appointment(of=sold, who=people["Ada"], starts_at=NOW + timedelta(days=7))
    (found,) = callers.find("ada", NOW)
    assert (found.last.id, found.next.id) == (last.id, following.id)


def test_records_that_are_gone_are_not_found(make: ModuleType, people: dict) -> None:
    people["Ada"].erased_at = NOW
    people["Grace"].merged_into_id = people["Zoë"].id
    db.session.commit()
    for said in ("bruckner", "grace", "ada@client", "0305550111"):
        assert callers.find(said, NOW) == []
    for gone in ("Ada", "Grace"):
        with pytest.raises(NotFound):
            callers.client(people[gone].id)
    assert callers.client(people["Zoë"].id) is people["Zoë"]


def asked(**changed: str | None) -> list[str]:
    said = {"given_name": "Tom", "family_name": "Thumb", "mail": None, "phone": None, **changed}
    return names(callers.alike(**said, country="DE", now=NOW))


def test_the_same_address_or_much_the_same_name_may_be_one_person(people: object) -> None:
    assert asked() == []
    assert asked(mail="Grace@Client.example") == ["Grace Brook"]
    assert asked(phone="030 5550111") == ["Ada Brückner"]
    assert asked(given_name="Ada", family_name="Bruckner") == ["Ada Brückner"]
    assert asked(given_name="Ada", family_name="Bruekner", mail="grace@client.example") == [
        "Grace Brook",
        "Ada Brückner",
    ]
