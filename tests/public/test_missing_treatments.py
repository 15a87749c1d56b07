"""After a therapist decided, what does not suit the answers is not offered, and the page says why."""

from collections.abc import Callable
from datetime import datetime

import pytest
from flask import Flask

from clinic.accounts.models import Client
from clinic.db import db
from clinic.plans import services
from clinic.plans.models import Decision, DeclineReason, Review
from tests.conftest import NOW
from tests.make import Make
from tests.plans.intakes import PREGNANT, send
from tests.visitor import Visitor, as_client

ALL = ("Deep tissue massage", "Swedish massage, an hour", "Swedish massage, short", "Sports massage")


@pytest.fixture(autouse=True)
def monday_morning(the_clock_says: Callable[[datetime], None]) -> None:
    the_clock_says(NOW)


@pytest.fixture
def paula(make: Make) -> Client:
    make.practice()
    place = make.location()
    priya = make.therapist(place, given_name="Priya", skills=["prenatal"])
    maeve = make.therapist(place, given_name="Maeve")
    make.treatment(therapists=[priya], name=ALL[0], modalities=["deep_tissue"], minutes=45)
    make.treatment(therapists=[priya, maeve], name=ALL[1])
    make.treatment(therapists=[priya, maeve], name=ALL[2], minutes=45)
    make.treatment(therapists=[maeve], name=ALL[3], minutes=45, modalities=["sports"])
    return make.client(given_name="Paula")


@pytest.fixture
def waiting(paula: Client) -> Review:
    return services.open_review(send(paula, PREGNANT), paula.id, None, NOW)


def offered(app: Flask, client: Client | None) -> tuple[list[str], str]:
    """The names that can be chosen, and the rest of the page."""
    visitor = Visitor(as_client(app, client.contacts[0], client) if client else app.test_client())
    page = visitor.open("/book").text
    menu, _, rest = page.partition("Not offered to you now")
    return [name for name in ALL if name in menu], rest


def decide(make: Make, review: Review, decision: Decision) -> None:
    services.decide(
        review,
        decision=decision,
        revision=1,
        reason_kind=DeclineReason.CALL_FIRST if decision is Decision.DECLINE else None,
        by=make.user(),
        now=NOW,
    )
    db.session.commit()


def test_before_a_decision_everything_can_be_asked_for(app: Flask, paula: Client, waiting: Review) -> None:
    assert offered(app, paula) == (list(ALL), "")


@pytest.mark.parametrize("decision", [Decision.ACCEPT, Decision.DECLINE])
def test_after_a_decision_only_what_suits_is_offered_and_the_page_says_why(
    app: Flask, make: Make, paula: Client, waiting: Review, decision: Decision
) -> None:
    decide(make, waiting, decision)
    names, rest = offered(app, paula)
    assert names == ["Swedish massage, short"]
    for name, why in (
        (ALL[0], "Left out for your safety"),
        (ALL[1], "Longer than the sessions"),
        (ALL[3], "the training that your answers call for"),
    ):
        assert why in rest.split(name)[1].split("</li>")[0], name


def test_a_stranger_on_the_same_page_sees_everything(
    app: Flask, make: Make, paula: Client, waiting: Review
) -> None:
    decide(make, waiting, Decision.ACCEPT)
    assert offered(app, None) == (list(ALL), "")
