"""A chosen treatment is booked after a few pages, and never past one that another treatment needs."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from clinic.booking.models import Appointment, State
from clinic.db import db
from clinic.guidance.questions import QUESTIONS
from clinic.intake import services as intake
from clinic.intake.models import Draft, Submission
from clinic.practice.models import Therapist, Treatment
from tests.conftest import NOW
from tests.intake import walk
from tests.make import Make
from tests.visitor import Visitor, as_client, shown

pytestmark = pytest.mark.usefixtures("clock_at_now")

DAY = "2031-03-06"


@pytest.fixture
def sold(make: Make) -> dict[str, Treatment]:
    make.practice()
    people = [make.therapist(make.location(), skills=["aromatherapy"])]
    return {
        kind: make.treatment(
            therapists=people, intake="before_booking", slug=kind, name=kind.capitalize(), modalities=[kind]
        )
        for kind in ("swedish", "deep_tissue", "aromatherapy")
    }


@pytest.fixture
def visitor(client: FlaskClient) -> Visitor:
    return Visitor(client)


def keep(visitor: Visitor, treatment: Treatment, at: str = "10:00") -> Visitor:
    """Choose a time of a treatment."""
    (person,) = treatment.therapists
    return visitor.open(f"/book/{treatment.slug}?day={DAY}&times=all").press(f"{at} {person.given_name}")


def answers(visitor: Visitor, **changes: list[str]) -> dict[str, list[str]]:
    """What somebody answers to the questions on the page that is open."""
    names = {control.attributes.get("name", "") for control in visitor.page.one("main").below()}
    told = {name.replace("red_flags_", "red_flags."): value for name, value in changes.items()}
    return {name: walk.answer_to(QUESTIONS[name], told) for name in names if name in QUESTIONS}


def go_through(visitor: Visitor, **changes: list[str]) -> list[str]:
    """Answer what is asked until the outcome; the pages met."""
    met = []
    if visitor.path == "/intake":
        visitor.press("Continue", consent_health_data="yes")
    while visitor.path.startswith("/intake/") and visitor.path != "/intake/outcome":
        met.append(visitor.path.removeprefix("/intake/"))
        button = "Send your answers" if met[-1] == "check" else "Continue"
        visitor.press(button, **answers(visitor, **changes))  # type: ignore[arg-type]
        assert visitor.status == 200, visitor.text
    return met


def give_details(visitor: Visitor) -> Visitor:
    return visitor.press(
        "Book this session",
        given_name="Ada",
        family_name="Sample",
        mail="ada@client.example",
        phone="",
        agree="y",
    )


def booked() -> list[tuple[str, str]]:
    rows = db.session.scalars(
        sa.select(Appointment).where(Appointment.state.in_([State.BOOKED, State.REQUESTED]))
    )
    return [(row.treatment.slug, row.state) for row in rows]


def test_a_chosen_treatment_is_booked_after_the_gate_alone(
    visitor: Visitor, sold: dict[str, Treatment]
) -> None:
    keep(visitor, sold["swedish"])
    met = go_through(visitor)
    assert len(met) == 13
    assert not {"goals", "where", "usual-day", "types", "scores"} & set(met)
    assert visitor.heading == "Nothing you told us speaks against Swedish"
    assert "A good place to start" not in visitor.text
    visitor.open("/book/details")
    give_details(visitor)
    assert booked() == [("swedish", "booked")]


@pytest.mark.parametrize(
    ("kind", "page", "field"),
    [("deep_tissue", "feel", "muscle_findings"), ("aromatherapy", "operations", "allergies")],
)
def test_another_treatment_leads_to_just_the_page_it_needs_and_is_never_booked_past_it(
    visitor: Visitor, sold: dict[str, Treatment], make: Make, kind: str, page: str, field: str
) -> None:
    keep(visitor, sold["swedish"])
    go_through(visitor)
    keep(visitor, sold[kind], "11:00")
    assert visitor.heading == "A little more about your health"
    assert f"{kind.capitalize()} needs answers that we have not asked you for yet: 1 page." in visitor.text
    # The details page leads back here, however somebody gets there.
    visitor.open("/book/details")
    assert visitor.path == "/intake"
    assert make.count(Draft) == 0
    assert go_through_more(visitor) == [page, "check"]
    (newest,) = db.session.scalars(sa.select(Submission).order_by(Submission.submitted_at.desc()).limit(1))
    assert field in newest.answers
    visitor.open("/book/details")
    give_details(visitor)
    assert booked() == [(kind, "booked")]


def go_through_more(visitor: Visitor) -> list[str]:
    visitor.press("Continue")
    return go_through(visitor)


def test_the_page_of_the_details_does_not_book_what_was_not_asked(
    visitor: Visitor, sold: dict[str, Treatment]
) -> None:
    """The page was open for one treatment when the time of another was kept in a second tab."""
    keep(visitor, sold["swedish"])
    go_through(visitor)
    visitor.open("/book/details")
    open_page = visitor.answer, visitor.path
    other = Visitor(visitor.browser)
    keep(other, sold["aromatherapy"], "11:00")
    visitor.answer, visitor.path = open_page
    give_details(visitor)
    assert visitor.heading == "A little more about your health"
    assert booked() == []


def test_answers_sent_too_long_ago_are_asked_anew_with_consent(
    visitor: Visitor, sold: dict[str, Treatment], the_clock_says: object
) -> None:
    keep(visitor, sold["swedish"])
    go_through(visitor)
    the_clock_says(NOW + timedelta(hours=49))  # type: ignore[operator]
    visitor.open(f"/book/aromatherapy?day={DAY}&times=all").press(f"12:00 {therapist(sold).given_name}")
    assert visitor.heading == "Tell us about your back"


def therapist(sold: dict[str, Treatment]) -> Therapist:
    return sold["swedish"].therapists[0]


def test_a_withdrawn_consent_is_asked_for_again(visitor: Visitor, sold: dict[str, Treatment]) -> None:
    keep(visitor, sold["swedish"])
    go_through(visitor)
    db.session.execute(sa.text("UPDATE consents SET withdrawn_at = given_at"))
    db.session.commit()
    keep(visitor, sold["aromatherapy"], "11:00")
    assert visitor.heading == "Tell us about your back"
    assert visitor.browser.post("/intake/more").status_code in (303, 400)


def test_nothing_is_missing_for_a_treatment_that_needs_no_more(
    visitor: Visitor, sold: dict[str, Treatment], make: Make
) -> None:
    keep(visitor, sold["aromatherapy"])
    go_through(visitor)
    keep(visitor, sold["swedish"], "11:00")
    assert visitor.path == "/book/details"


def test_an_address_given_with_the_consent_is_not_asked_for_again(
    visitor: Visitor, sold: dict[str, Treatment]
) -> None:
    keep(visitor, sold["swedish"])
    visitor.press("Continue", consent_health_data="yes", mail="ada@client.example")
    go_through(visitor)
    visitor.open("/book/details")
    form, _ = visitor.form_with("Book this session")
    assert shown(form)["mail"] == "ada@client.example"


def test_what_speaks_against_the_chosen_treatment_is_said_and_it_can_still_be_asked_for(
    visitor: Visitor, sold: dict[str, Treatment]
) -> None:
    keep(visitor, sold["deep_tissue"])
    go_through(visitor, conditions=["hypertension_controlled"])
    assert visitor.heading == "Deep_tissue: a therapist looks first"
    assert "because you told us: High blood pressure, controlled" in visitor.text
    visitor.open("/book/details")
    visitor.press("Ask for this session", **details())
    assert booked() == [("deep_tissue", "requested")]


def details() -> dict[str, str]:
    names = {"given_name": "Ada", "family_name": "Sample", "mail": "ada@client.example"}
    return {**names, "phone": "", "agree": "y"}


def test_a_client_who_signed_in_is_asked_only_what_is_missing_too(
    app: Flask, sold: dict[str, Treatment], make: Make
) -> None:
    person = make.client()
    walk.begun(NOW, door="chosen", types=["swedish"])
    walk.sent(NOW)
    intake.adopt(walk.BROWSER, person.id, NOW)
    visitor = Visitor(as_client(app, person.contacts[0], person))
    keep(visitor, sold["aromatherapy"])
    assert visitor.heading == "A little more about your health"
    assert go_through_more(visitor) == ["operations", "check"]


def test_without_a_chosen_time_a_suggestion_is_made_of_enough(
    visitor: Visitor, sold: dict[str, Treatment]
) -> None:
    visitor.open("/intake")
    assert {"goals", "where", "feel", "stress", "pressure", "types"} <= set(go_through(visitor))
    assert visitor.heading.startswith("A good place to start")
