"""Two people change the team at the same instant: an owner always stays, and an invitation is accepted and sent once."""

from collections import Counter
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from clinic.accounts import team
from clinic.accounts.models import Role, User
from clinic.db import db, transaction
from clinic.practice import invitations
from clinic.practice.invitations import RotaPlace
from config import Settings
from tests import make
from tests.conftest import NOW
from tests.races.rivals import race
from tests.visitor import PASSWORD

ROUNDS = 6

pytestmark = pytest.mark.race


def demote(user_id: UUID) -> str:
    with transaction():
        team.set_roles(db.session.get_one(User, user_id), [Role.THERAPIST], actor="test", now=NOW)
    return "demoted"


def see_off(user_id: UUID) -> str:
    with transaction():
        team.see_off(db.session.get_one(User, user_id), actor="test", now=NOW)
    return "seen off"


def close_password(user_id: UUID, by_id: UUID) -> str:
    with transaction():
        team.reset_password(db.session.get_one(User, user_id), by=db.session.get_one(User, by_id), now=NOW)
    return "closed"


def restore(ids: list[UUID]) -> str:
    with transaction():
        for user_id in ids:
            person = db.session.get_one(User, user_id)
            person.role_names, person.active, person.password = ["owner"], True, "hash"
    return "restored"


def act(round_: int, rival: int, task: Any) -> str:
    """Each of two owners does something to the other; every other round puts both back."""
    what, ids = task[rival], [UUID(task[2]), UUID(task[3])]
    own, other = ids[rival], ids[1 - rival]
    if what == "restore":
        return restore(ids) if rival == 0 else ""
    if what == "close":
        return close_password(other, own)
    return {"demote": demote, "see off": see_off}[what](other)


def test_two_owners_who_take_the_role_from_each_other_leave_one(
    race_app: Flask, race_settings: Settings
) -> None:
    ids = [str(make.user(roles=["owner"], password="hash").id) for _ in range(2)]
    wars = [("demote", "demote"), ("see off", "see off"), ("see off", "demote"), ("close", "close")]
    tasks = [(*deeds, *ids) for _ in range(ROUNDS) for war in wars for deeds in (war, ("restore", "restore"))]
    fought = [number for number, task in enumerate(tasks) if task[0] != "restore"]
    reports = race(race_settings, act, tasks, 2)
    for number in fought:
        results = Counter(report.result for report in reports if report.round == number)
        assert results["LastOwner"] == 1, (tasks[number], results)


def join(round_: int, rival: int, task: Any) -> str:
    """Accept one invitation by its one address."""
    with transaction():
        invitations.accept(task, given_name="Nora", family_name=str(rival), password=PASSWORD, now=NOW)
    return "joined"


def send(round_: int, rival: int, task: Any) -> str:
    """Send an invitation again from a page that showed its first revision."""
    with transaction():
        by = db.session.get_one(invitations.StaffInvitation, UUID(task)).invited_by
        invitations.send_again(UUID(task), revision=1, by=by, now=NOW)
    return "sent"


@pytest.fixture
def invited(race_app: Flask) -> list[UUID]:
    make.practice()
    owner = make.user(roles=["owner"], password="hash")
    with transaction():
        return [
            invitations.invite(
                mail=f"nora{number}@alderlane.example",
                roles=[Role.THERAPIST],
                place=RotaPlace(is_new=True),
                by=owner,
                now=NOW,
            ).id
            for number in range(ROUNDS)
        ]


def test_of_two_who_accept_one_invitation_at_once_one_joins(
    invited: list[UUID], race_settings: Settings
) -> None:
    with transaction():
        raws = [
            invitations.mint_address(db.session.get_one(invitations.StaffInvitation, id_), NOW)
            for id_ in invited
        ]
    reports = race(race_settings, join, raws, 2)
    for number in range(ROUNDS):
        results = Counter(report.result for report in reports if report.round == number)
        assert results == {"joined": 1, "InvitationGone": 1}


def test_of_two_who_send_one_invitation_again_at_once_one_does(
    invited: list[UUID], race_settings: Settings
) -> None:
    reports = race(race_settings, send, [str(id_) for id_ in invited], 2)
    for number in range(ROUNDS):
        results = Counter(report.result for report in reports if report.round == number)
        assert results == {"sent": 1, "SentMeanwhile": 1}
