"""From an invitation to the first sign-in with a second factor; and every address that no longer works."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from clinic import clock
from clinic.accounts.models import Role, User
from clinic.db import db
from clinic.practice import invitations
from clinic.practice.invitations import RotaPlace, StaffInvitation
from tests.make import Make
from tests.staff.test_sign_in import is_in, key_shown
from tests.visitor import PASSWORD, Visitor

MAIL = "nora@alderlane.example"
NORA = {"given_name": "Nora", "family_name": "Eklund", "password": PASSWORD, "again": PASSWORD}


@pytest.fixture
def visitor(client: FlaskClient) -> Visitor:
    return Visitor(client)


@pytest.fixture
def invitation(make: Make) -> StaffInvitation:
    make.practice()
    made = invitations.invite(
        mail=MAIL,
        roles=[Role.FRONT_DESK],
        place=RotaPlace(),
        by=make.user(roles=["owner"]),
        now=clock.now(),
    )
    db.session.commit()
    return made


def path_of(invitation: StaffInvitation, now: datetime | None = None) -> str:
    raw = invitations.mint_address(invitation, now or clock.now())
    db.session.commit()
    return invitations.join_path(raw)


def test_somebody_invited_chooses_a_password_and_enrols_a_second_factor(
    visitor: Visitor, invitation: StaffInvitation
) -> None:
    visitor.open(path_of(invitation))
    assert visitor.heading == "Join the team"
    assert MAIL in visitor.text
    assert "as: Front desk" in visitor.text
    visitor.press("Join the team", **NORA)
    assert visitor.heading == "Sign in"
    assert "Your account is ready" in visitor.text
    visitor.press("Continue", email=MAIL, password=PASSWORD)
    assert visitor.heading == "Set up your app"
    visitor.press("Show the picture to scan")
    visitor.press("Finish", code=key_shown(visitor).generate().token)
    assert is_in(visitor)
    assert visitor.open("/staff").status == 200


def test_the_page_shows_again_what_was_typed_and_uses_nothing_up(
    visitor: Visitor, invitation: StaffInvitation
) -> None:
    visitor.open(path_of(invitation)).press("Join the team", **{**NORA, "family_name": ""})
    assert visitor.status == 422
    assert "Enter your family name." in visitor.text
    visitor.press("Join the team", **{**NORA, "password": "short", "again": "short"})
    assert "Use at least 12 characters" in visitor.text
    visitor.press("Join the team", **{**NORA, "password": "Nora Eklund Nora", "again": "Nora Eklund Nora"})
    assert "words, names or patterns" in visitor.text
    assert db.session.scalar(sa.select(User).where(User.email == MAIL)) is None
    visitor.press("Join the team", password=PASSWORD, again=PASSWORD)
    assert visitor.heading == "Sign in"


def test_a_name_the_rota_knows_stands_there_already(visitor: Visitor, make: Make) -> None:
    make.practice()
    known = make.therapist(make.location(), given_name="Priya", family_name="Raman")
    made = invitations.invite(
        mail=MAIL,
        roles=[Role.THERAPIST],
        place=RotaPlace(therapist_id=known.id),
        by=make.user(roles=["owner"]),
        now=clock.now(),
    )
    db.session.commit()
    visitor.open(path_of(made)).press("Join the team", password=PASSWORD, again=PASSWORD)
    db.session.refresh(known)
    person = db.session.get_one(User, known.user_id)
    assert (person.name, person.email) == ("Priya Raman", MAIL)


def test_an_address_that_was_used_says_so(visitor: Visitor, invitation: StaffInvitation) -> None:
    path = path_of(invitation)
    visitor.open(path).press("Join the team", **NORA)
    assert visitor.open(path).heading == "This invitation was accepted"
    assert visitor.status == 410


def test_an_address_that_was_withdrawn_while_the_page_was_open_says_so(
    visitor: Visitor, invitation: StaffInvitation
) -> None:
    visitor.open(path_of(invitation))
    invitations.withdraw(invitation.id, actor="test", now=clock.now())
    db.session.commit()
    visitor.press("Join the team", **NORA)
    assert visitor.heading == "This invitation was withdrawn"
    assert db.session.scalar(sa.select(User).where(User.email == MAIL)) is None


def test_an_address_that_ran_out_was_replaced_or_is_unknown_says_which(
    visitor: Visitor, invitation: StaffInvitation
) -> None:
    path = path_of(invitation)
    invitations.send_again(invitation.id, revision=1, by=invitation.invited_by, now=clock.now())
    db.session.commit()
    assert visitor.open(path).heading == "There is a newer invitation"
    path = path_of(invitation)
    invitation.expires_at = clock.now() - timedelta(seconds=1)
    db.session.commit()
    assert visitor.open(path).heading == "This invitation has run out"
    assert visitor.open("/staff/join/nobody-made-this").heading == "This address does not work"


def test_an_address_with_an_account_says_so(
    visitor: Visitor, make: Make, invitation: StaffInvitation
) -> None:
    visitor.open(path_of(invitation))
    make.user(email=MAIL)
    visitor.press("Join the team", **NORA)
    assert visitor.heading == "You are on the team already"


def test_the_page_tells_its_address_to_nobody(visitor: Visitor, invitation: StaffInvitation) -> None:
    headers = visitor.open(path_of(invitation)).answer.headers
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"
