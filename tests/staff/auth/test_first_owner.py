"""The first owner is asked whether they treat clients, and is then a therapist with a place in the rota, or not."""

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from clinic import clock
from clinic.accounts import team
from clinic.accounts.models import AuditEntry, Role, User
from clinic.db import db
from clinic.practice.models import Therapist
from tests.make import Make
from tests.visitor import PASSWORD, Visitor

QUESTION = "Do you treat clients yourself?"


@pytest.fixture
def olga(make: Make) -> User:
    """As `create-owner` makes the first owner."""
    person = team.add_user(
        mail="olga@alderlane.example",
        given_name="Olga",
        family_name="Owner",
        roles=[Role.OWNER],
        now=clock.now(),
    )
    db.session.commit()
    return person


@pytest.fixture
def visitor(client: FlaskClient) -> Visitor:
    return Visitor(client)


def at_the_address(visitor: Visitor, user: User) -> Visitor:
    raw = team.mint_set_up_link(user, clock.now())
    db.session.commit()
    return visitor.open(team.set_up_path(raw))


def rota() -> list[Therapist]:
    db.session.expire_all()
    return list(db.session.scalars(sa.select(Therapist)))


def test_an_owner_who_treats_is_a_therapist_in_the_rota_before_there_is_a_practice(
    visitor: Visitor, olga: User
) -> None:
    assert QUESTION in at_the_address(visitor, olga).text
    visitor.press("Set the password", password=PASSWORD, again=PASSWORD, treats="yes")
    assert visitor.heading == "Sign in"
    (person,) = rota()
    assert (person.user_id, person.name, person.left_on) == (olga.id, "Olga Owner", None)
    assert olga.role_names == ["owner", "therapist"]
    actions = set(db.session.scalars(sa.select(AuditEntry.action)))
    assert actions >= {"password_set_by_link", "roles_changed", "create"}


def test_an_owner_who_does_not_treat_stays_out_of_the_rota(visitor: Visitor, olga: User) -> None:
    at_the_address(visitor, olga).press("Set the password", password=PASSWORD, again=PASSWORD, treats="no")
    assert visitor.heading == "Sign in"
    assert rota() == []
    assert olga.role_names == ["owner"]


def test_without_an_answer_nothing_is_set_and_the_link_still_works(visitor: Visitor, olga: User) -> None:
    at_the_address(visitor, olga).press("Set the password", password=PASSWORD, again=PASSWORD)
    assert "Say whether you treat clients yourself." in visitor.text
    assert olga.password is None
    visitor.press("Set the password", password="short", again="short", treats="yes")
    assert "Use at least 12 characters" in visitor.text
    assert rota() == []
    visitor.press("Set the password", password=PASSWORD, again=PASSWORD)
    assert visitor.heading == "Sign in", "the answer given before still stood there"
    assert len(rota()) == 1


@pytest.mark.parametrize("columns", [
    {"roles": ["owner"], "password": "set before"},
    {"roles": ["owner", "therapist"]},
    {"roles": ["front_desk"]},
])  # fmt: skip
def test_a_new_password_for_anybody_else_asks_no_such_thing(
    visitor: Visitor, make: Make, columns: dict[str, object]
) -> None:
    person = make.user(**columns)
    assert QUESTION not in at_the_address(visitor, person).text
    visitor.press("Set the password", password=PASSWORD, again=PASSWORD)
    assert visitor.heading == "Sign in"
    assert rota() == []
