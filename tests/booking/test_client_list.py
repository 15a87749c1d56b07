"""The list of clients: what is typed, filters, sorting, paging, and true counts."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from clinic.accounts.models import Client, ContactKind
from clinic.booking import client_list
from clinic.booking.client_list import ClientOrder, ClientPage, ClientQuestion, ListedClients
from clinic.booking.models import State
from clinic.db import db
from tests.conftest import NOW
from tests.make import Make
from tests.measuring import statements
from tests.plans.conftest import Scene, scene

__all__ = ["scene"]

EVERYBODY = ClientQuestion()


def page(question: ClientQuestion = EVERYBODY) -> ClientPage:
    return client_list.page(question, country="DE", today=NOW.date(), now=NOW)


def names(question: ClientQuestion = EVERYBODY) -> list[str]:
    return [one.client.name for one in page(question).callers]


def typed(text: str) -> list[str]:
    return names(ClientQuestion(text=text))


@pytest.fixture
def people(scene: Scene, make: Make) -> dict[str, Client]:
    """Five clients besides Ada Sample, each with something of their own."""

    def person(given: str, family: str, **columns: object) -> Client:
        return make.client(
            given_name=given, family_name=family, mail=f"{given.lower()}@client.example", **columns
        )

    long_ago = NOW - timedelta(days=400)
    found = {
        "soren": person("Søren", "Müller", created_at=NOW - timedelta(days=3)),
        "hannah": person("Hannah", "Kowalski", birth_on=date(1980, 3, 29), created_at=long_ago),
        "omar": person("Omar", "Haddad", birth_on=date(1990, 3, 2), created_at=long_ago),
        "ines": person("Ines", "O'Neill", created_at=long_ago),
        "vera": person("Vera", "Kowalsky", created_at=long_ago),
    }
    make.contact(found["omar"], kind=ContactKind.PHONE, value="030 5550142", normalised="+49305550142")
    scene.ada.created_at = long_ago
    db.session.commit()
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("soren", ["Søren Müller"]),
        ("MUELLER", ["Søren Müller"]),
        ("muller soren", ["Søren Müller"]),
        ("oneill", ["Ines O'Neill"]),
        ("kowalski", ["Hannah Kowalski", "Vera Kowalsky"]),
        ("Kowalsky", ["Vera Kowalsky", "Hannah Kowalski"]),
        ("omar@", ["Omar Haddad"]),
        ("555 0142", ["Omar Haddad"]),
        ("+49 (0)30 5550142", ["Omar Haddad"]),
        ("%", []),
        ("nobody at all", []),
    ],
)
def test_what_is_typed_finds_names_numbers_and_addresses(
    people: dict[str, Client], text: str, expected: list[str]
) -> None:
    assert typed(text) == expected


def test_a_reference_finds_the_client_of_its_visit(people: dict[str, Client], scene: Scene) -> None:
    visit = scene.visit(who=people["vera"])
    assert typed(visit.reference.lower()) == ["Vera Kowalsky"]


def test_records_that_are_gone_are_not_listed(people: dict[str, Client], scene: Scene) -> None:
    before = page().count
    people["vera"].erased_at = NOW
    people["omar"].merged_into_id = scene.ada.id
    db.session.commit()
    assert page().count == before - 2
    assert not {"Vera Kowalsky", "Omar Haddad"} & {*names(), *typed("kowalski"), *typed("555 0142")}


def test_each_filter_shows_its_clients(people: dict[str, Client], scene: Scene) -> None:
    weeks = timedelta(weeks=1)
    visits = (
        ("hannah", -20, State.DONE),
        ("omar", -20, State.DONE),
        ("omar", 2, State.BOOKED),
        ("ines", -3, State.DONE),
        ("vera", -20, State.MISSED),
        ("vera", 3, State.CANCELLED),
        ("soren", 1, State.REQUESTED),
    )
    for hour, (name, weeks_from_now, state) in enumerate(visits):
        starts_at = NOW + weeks_from_now * weeks + timedelta(hours=2 * hour)
        scene.visit(who=people[name], starts_at=starts_at, state=state)
    assert names(ClientQuestion(shown=ListedClients.NEW)) == ["Søren Müller"]
    assert names(ClientQuestion(shown=ListedClients.COMING)) == ["Søren Müller", "Omar Haddad"]
    assert names(ClientQuestion(shown=ListedClients.AWAY)) == ["Hannah Kowalski"]
    assert names(ClientQuestion(shown=ListedClients.AWAY, weeks=2)) == ["Hannah Kowalski", "Ines O'Neill"]
    assert names(ClientQuestion(shown=ListedClients.BIRTHDAY)) == ["Omar Haddad", "Hannah Kowalski"]
    assert names(ClientQuestion(shown=ListedClients.BIRTHDAY, text="kowalski")) == ["Hannah Kowalski"]


def test_a_list_is_sorted_as_asked(people: dict[str, Client]) -> None:
    assert names() == sorted(names())
    assert names(ClientQuestion(order=ClientOrder.NEWEST))[0] == "Søren Müller"
    born = ClientQuestion(shown=ListedClients.BIRTHDAY, order=ClientOrder.NAME)
    assert names(born) == ["Hannah Kowalski", "Omar Haddad"]


def test_pages_follow_each_other_and_count_truly(make: Make, scene: Scene) -> None:
    for number in range(client_list.PAGE + 3):
        make.client(given_name=f"Person{number:03}", mail=None)
    wanted = ClientQuestion(text="person")
    first, second = page(wanted), page(replace(wanted, page=2))
    assert (first.count, first.pages, first.first, first.last) == (53, 2, 1, 50)
    assert (second.first, second.last, len(second.callers)) == (51, 53, 3)
    together = [one.client.name for one in (*first.callers, *second.callers)]
    assert together == sorted(set(together))
    assert page(replace(wanted, page=99)).page == 2
    assert page(ClientQuestion(text="zzzz")).first == 0


@pytest.mark.parametrize(("shown", "weeks"), [(ListedClients.COMING, 1), (ListedClients.AWAY, -20)])
def test_pages_of_a_list_by_visits_break_ties_by_name_and_leave_out_who_is_gone(
    make: Make, scene: Scene, shown: ListedClients, weeks: int
) -> None:
    """Many visits at one moment, so that the first page ends among clients whom only their names tell apart."""
    state = State.BOOKED if weeks > 0 else State.DONE
    for number in reversed(range(client_list.PAGE + 5)):
        who = make.client(given_name=f"Person{number:03}", mail=None)
        place = make.location()
        sold = make.treatment(therapists=[make.therapist(place)])
        make.appointment(of=sold, who=who, starts_at=NOW + timedelta(weeks=weeks), state=state)
        if number in (1, 2):
            who.erased_at = NOW
    db.session.commit()
    wanted = ClientQuestion(shown=shown)
    pages = [page(replace(wanted, page=number)) for number in (1, 2, 99)]
    assert [(one.count, one.page) for one in pages] == [(53, 1), (53, 2), (53, 2)]
    listed = [one.client.given_name for one in (*pages[0].callers, *pages[1].callers)]
    assert listed == [f"Person{number:03}" for number in range(client_list.PAGE + 5) if number not in (1, 2)]
    searched = page(replace(wanted, text="person", page=2)).callers
    assert [one.client.given_name for one in searched] == listed[50:]


@pytest.mark.parametrize("shown", [ListedClients.COMING, ListedClients.AWAY])
def test_a_list_by_visits_names_the_states_that_its_index_holds(scene: Scene, shown: ListedClients) -> None:
    """A statement whose states are parameters cannot use the index once its plan is kept."""
    with statements() as asked:
        page(ClientQuestion(shown=shown))
    assert any("IN ('requested', 'booked', 'arrived', 'done')" in one for one in asked)


def test_the_list_asks_the_same_of_few_and_of_many(make: Make, scene: Scene) -> None:
    counts = []
    for _ in range(2):
        with statements() as asked:
            page()
        counts.append(len(asked))
        for number in range(30):
            make.client(given_name=f"Person{number}", mail=f"p{number}@client.example")
    assert counts[0] == counts[1] <= 7
