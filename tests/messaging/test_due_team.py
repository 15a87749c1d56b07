"""Letters that open an account: an invitation to the team, and a password that an owner reset."""

import re
from datetime import datetime, timedelta

import pytest
from flask import Flask

from clinic.accounts import team
from clinic.accounts.models import Role, User
from clinic.db import transaction
from clinic.messaging.models import MessageKind
from clinic.practice import invitations
from clinic.practice.invitations import RotaPlace, StaffInvitation
from tests.make import Make
from tests.messaging.conftest import Pass
from tests.messaging.mailers import Postbox, part
from tests.messaging.owed import kinds, occasions

MINUTE = timedelta(minutes=1)


@pytest.fixture
def owner(make: Make) -> User:
    make.practice()
    return make.user(roles=["owner"], given_name="Ines", family_name="Moreau")


def invited(owner: User, now: datetime) -> StaffInvitation:
    with transaction():
        return invitations.invite(
            mail="nora@alderlane.example",
            roles=[Role.FRONT_DESK, Role.THERAPIST],
            place=RotaPlace(is_new=True),
            by=owner,
            now=now,
        )


def keys(postbox: Postbox, path: str) -> list[str]:
    """The secrets in the addresses of all mails so far, oldest first."""
    texts = [part(mail, "text/plain") for mail in postbox.mails]
    return [found for text in texts for found in re.findall(rf"{path}/(\S+)", text)]


def test_an_invitation_is_told_once_and_its_address_works(
    app: Flask, owner: User, run: Pass, postbox: Postbox, now: datetime
) -> None:
    made = invited(owner, now)
    run(now)
    run(now + MINUTE)
    (mail,) = postbox.mails
    assert mail["To"] == "nora@alderlane.example"
    text = " ".join(part(mail, "text/plain").split())
    assert "Ines Moreau invites you" in text
    assert "as: Front desk, Massage therapist" in text
    (key,) = keys(postbox, "/staff/join")
    assert invitations.find(key, now + MINUTE) == made


def test_an_invitation_sent_again_is_a_letter_of_its_own_and_only_its_address_works(
    owner: User, run: Pass, postbox: Postbox, now: datetime
) -> None:
    made = invited(owner, now)
    run(now)
    with transaction():
        invitations.send_again(made.id, revision=1, by=owner, now=now + MINUTE)
    run(now + MINUTE)
    assert occasions(MessageKind.STAFF_INVITATION) == ["r1", "r2"]
    first, second = keys(postbox, "/staff/join")
    assert invitations.find(second, now + MINUTE) == made
    with pytest.raises(invitations.InvitationGone):
        invitations.find(first, now + MINUTE)


def test_what_was_withdrawn_or_ran_out_before_the_letter_left_is_not_told(
    owner: User, run: Pass, postbox: Postbox, now: datetime
) -> None:
    made = invited(owner, now)
    with transaction():
        invitations.withdraw(made.id, actor="test", now=now)
    run(now)
    invited(owner, now)
    run(now + timedelta(hours=72))
    assert postbox.mails == []
    assert kinds() == []


def test_a_reset_password_brings_an_address_for_a_new_one(
    owner: User, make: Make, run: Pass, postbox: Postbox, now: datetime
) -> None:
    nora = make.user(email="nora@alderlane.example", password="the old one")
    with transaction():
        team.reset_password(nora, by=owner, now=now)
    run(now)
    run(now + MINUTE)
    (mail,) = postbox.mails
    assert mail["To"] == nora.email
    (key,) = keys(postbox, "/staff/set-up")
    assert team.find_set_up(key, now + MINUTE) == nora


def test_a_password_chosen_meanwhile_needs_no_letter(
    owner: User, make: Make, run: Pass, postbox: Postbox, now: datetime
) -> None:
    nora = make.user(password="the old one")
    with transaction():
        team.reset_password(nora, by=owner, now=now)
        team.choose_password(team.mint_set_up_link(nora, now), "velvet thumb ocean 9", now)
    run(now)
    assert postbox.mails == []
