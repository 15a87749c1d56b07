"""How treatments are chosen: each once with all its lengths, the most popular types first."""

from collections.abc import Callable, Sequence
from datetime import datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from clinic.db import db
from clinic.guidance.knowledge import MODALITIES
from clinic.guidance.statements import MOST_POPULAR, STATEMENTS
from clinic.intake import services as intake
from clinic.practice.models import Treatment
from clinic.public import menu
from tests.conftest import NOW
from tests.intake import walk
from tests.make import Make
from tests.measuring import statements
from tests.visitor import Visitor, as_client


@pytest.fixture(autouse=True)
def monday_morning(the_clock_says: Callable[[datetime], None]) -> None:
    the_clock_says(NOW)


@pytest.fixture
def visitor(client: FlaskClient) -> Visitor:
    return Visitor(client)


def sold(make: Make, *rows: tuple[str, str, int]) -> list[Treatment]:
    """Treatments of one therapist: name, type and minutes."""
    make.practice()
    thea = make.therapist(make.location(), slug="thea")
    return [
        make.treatment(
            therapists=[thea],
            name=name,
            modalities=[kind],
            minutes=minutes,
            price_cents=minutes * 200,
            position=place,
        )
        for place, (name, kind, minutes) in enumerate(rows)
    ]


def test_several_lengths_are_one_choice_and_each_leads_to_its_times(make: Make, visitor: Visitor) -> None:
    rows = sold(
        make, ("Long strokes", "swedish", 60), ("Long strokes", "swedish", 30), ("Deep", "deep_tissue", 60)
    )
    page = visitor.open("/book").page
    assert [one.text for one in page.all("h2")] == ["Long strokes", "Deep"]
    chips = [link for link in page.all("a") if link.attributes.get("class") == "chip"]
    assert [(one.text, one.get("href")) for one in chips] == [
        ("Long strokes, 30 min, €60", f"/book/{rows[1].slug}"),
        ("Long strokes, 60 min, €120", f"/book/{rows[0].slug}"),
    ]
    assert "Long strokes, 30 min, €60" in visitor.open("/").text


def test_beside_the_times_another_length_keeps_day_and_therapist(make: Make, visitor: Visitor) -> None:
    long, short = sold(make, ("Long strokes", "swedish", 60), ("Long strokes", "swedish", 30))
    short.therapists = [*short.therapists, make.therapist(make.location(), slug="ulla")]
    db.session.commit()
    page = visitor.open(f"/book/{long.slug}?day=2031-03-07&therapist=thea").page
    chips = {one.text: one.get("href") for one in page.all("a") if one.attributes.get("class") == "chip"}
    assert chips["30 min, €60"].startswith(f"/book/{short.slug}?therapist=thea&")
    assert chips["30 min, €60"].endswith("&day=2031-03-07")
    page = visitor.open(f"/book/{short.slug}?day=2031-03-07&therapist=ulla").page
    chips = {one.text: one.get("href") for one in page.all("a") if one.attributes.get("class") == "chip"}
    assert "therapist" not in chips["60 min, €120"]


@pytest.mark.parametrize(
    "other",
    [
        {"name": "Other strokes"},
        {"modalities": ["sports"]},
        {"minutes": 60},
        {"new_clients": "not_first"},
        {"intake": "before_visit"},
    ],
)
def test_what_differs_in_more_than_its_length_is_a_choice_of_its_own(
    app: Flask, make: Make, other: dict[str, object]
) -> None:
    first = make.offering(name="Strokes", minutes=60)
    second = make.treatment(**{"name": "Strokes", "minutes": 30, **other})  # type: ignore[arg-type]
    assert [item.lengths for item in menu.items([first, second])] == [(first,), (second,)]
    assert menu.lengths_of(second) == (second,)


def test_the_most_popular_are_those_of_the_guidance() -> None:
    said = STATEMENTS["G8-popular"].text.lower()
    assert len(MOST_POPULAR) == 4
    assert [code for code in MOST_POPULAR if MODALITIES[code].name.lower().split()[0] not in said] == []


def test_the_most_popular_types_stand_first_and_the_rest_under_all_treatments(
    make: Make, visitor: Visitor
) -> None:
    sold(
        make,
        ("Points", "acupressure", 60),
        ("Deep", "deep_tissue", 60),
        ("Deep and long", "deep_tissue", 90),
        ("Race", "sports", 60),
    )
    page = visitor.open("/book").page
    assert [one.text for one in page.all("h2")] == ["Most popular", "All treatments"]
    assert [one.text for one in page.all("h3")] == ["Deep", "Race", "Points", "Deep and long"]


rows = st.lists(
    st.tuples(
        st.sampled_from(["Strokes", "Deep"]),
        st.sampled_from(["swedish", "sports"]),
        st.sampled_from([30, 45, 60]),
    ),
    max_size=8,
)


@given(rows)
def test_every_treatment_can_be_chosen_exactly_once(drawn: Sequence[tuple[str, str, int]]) -> None:
    made = [
        Treatment(
            name=name,
            modalities=[kind],
            length_minutes=minutes,
            intake="none",
            new_clients="welcome",
            approval="at_once",
        )
        for name, kind, minutes in drawn
    ]
    shown = menu.menu(made)
    found = [length for item in shown.items for length in item.lengths]
    assert sorted(map(id, found)) == sorted(map(id, made))
    assert all(item.shown in item.lengths for item in shown.items)
    leading = [item.shown.modalities[0] for item in shown.popular]
    assert len(leading) == len(set(leading))
    assert set(leading) == {kind for _, kind, _ in drawn}


def test_the_menu_costs_the_same_whatever_is_sold(make: Make, client: FlaskClient) -> None:
    def asked(path: str) -> int:
        client.get(path)
        with statements() as seen:
            assert client.get(path).status_code == 200
        return len(list(seen))

    first, *_ = sold(make, ("Strokes", "swedish", 30))
    pages = ("/book", "/", f"/book/{first.slug}?day=2031-03-07")
    before = [asked(path) for path in pages]
    for number, minutes in enumerate(range(35, 95, 5)):
        make.treatment(therapists=first.therapists, name="Strokes", minutes=minutes, position=number + 1)
    db.session.commit()
    assert [asked(path) for path in pages] == before


def test_lengths_that_do_not_fit_the_answers_are_not_offered_where_a_shorter_one_does(
    app: Flask, make: Make
) -> None:
    rows = sold(
        make,
        ("Long strokes", "swedish", 30),
        ("Long strokes", "swedish", 45),
        ("Long strokes", "swedish", 90),
        ("Deep", "deep_tissue", 60),
    )
    for row in rows:
        row.intake = "before_booking"
    person = make.client()
    walk.sent(NOW, age_years=["76"])  # From 75 years on, 45 minutes at most.
    intake.adopt(walk.BROWSER, person.id, NOW)
    db.session.commit()
    anybody, answered = Visitor(app.test_client()), Visitor(as_client(app, person.contacts[0], person))
    for where in ("/book", f"/book/{rows[0].slug}"):
        assert lengths(anybody.open(where)) >= {"30", "45", "90"}
        assert "at most" not in anybody.text
        assert lengths(answered.open(where)) & {"30", "45", "90"} == {"30", "45"}
        assert (
            "For now your answers allow 45 minutes at most; longer sessions are not shown." in answered.text
        )
    assert f"/book/{rows[3].slug}" in {link.get("href") for link in answered.open("/book").page.all("a")}, (
        "there is no shorter one; a therapist can be asked for it"
    )


ASKED_FIRST = "Before you book we ask about your health"


def lengths(visitor: Visitor) -> set[str]:
    """The minutes of the lengths that can be chosen."""
    found = [link for link in visitor.page.all("a") if link.attributes.get("class") == "chip"]
    return {one.text.split(", ")[-2].removesuffix(" min") for one in found if " min" in one.text}
