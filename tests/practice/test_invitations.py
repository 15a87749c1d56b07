"""Inviting somebody to the team: who may be invited, what becomes of an invitation, and the account it begins."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask_security import verify_password

from clinic.accounts import team
from clinic.accounts.models import AuditEntry, LoginLink, Role, User
from clinic.db import db
from clinic.practice import invitations, therapists
from clinic.practice.invitations import InvitationStanding, RotaPlace, StaffInvitation
from clinic.practice.models import Therapist
from tests.make import Make
from tests.visitor import PASSWORD

MAIL = "nora@alderlane.example"


@pytest.fixture
def owner(make: Make) -> User:
    make.practice()
    return make.user(roles=["owner"], given_name="Ines")


def invited(owner: User, now: datetime, **given: Any) -> StaffInvitation:
    made = invitations.invite(
        **{"mail": MAIL, "roles": [Role.FRONT_DESK], "place": RotaPlace(), "by": owner, "now": now, **given}
    )
    db.session.commit()
    return made


def address(invitation: StaffInvitation, now: datetime) -> str:
    raw = invitations.mint_address(invitation, now)
    db.session.commit()
    return raw


def accepted(raw: str, now: datetime) -> User:
    return invitations.accept(raw, given_name="Nora", family_name="Eklund", password=PASSWORD, now=now)


def why_gone(raw: str, now: datetime) -> InvitationStanding:
    with pytest.raises(invitations.InvitationGone) as looked:
        invitations.find(raw, now)
    with pytest.raises(invitations.InvitationGone) as tried:
        accepted(raw, now)
    assert looked.value.standing is tried.value.standing
    return looked.value.standing


def test_an_account_begins_with_the_roles_of_the_invitation(owner: User, now: datetime) -> None:
    made = invited(owner, now, mail="Nora@AlderLane.example", roles=[Role.FRONT_DESK, Role.OWNER])
    user = accepted(address(made, now), now)
    assert (user.email, user.name, user.role_names) == (MAIL, "Nora Eklund", ["front_desk", "owner"])
    assert verify_password(PASSWORD, user.password or "")
    assert (made.user_id, made.accepted_at) == (user.id, now)
    assert db.session.scalar(sa.select(Therapist)) is None
    assert list(invitations.open_invitations()) == []


def test_a_therapist_joins_the_place_that_waits_or_gets_a_new_one(
    make: Make, owner: User, now: datetime
) -> None:
    known = make.therapist(make.location(), given_name="Priya", family_name="Raman")
    first = invited(owner, now, roles=[Role.THERAPIST], place=RotaPlace(therapist_id=known.id))
    user = accepted(address(first, now), now)
    assert therapists.of_user(user.id) == known
    second = invited(
        owner, now, mail="max@alderlane.example", roles=[Role.THERAPIST], place=RotaPlace(is_new=True)
    )
    other = accepted(address(second, now), now)
    made = therapists.of_user(other.id)
    assert made is not None
    assert made != known
    assert made.name == "Nora Eklund"


def test_a_place_that_was_taken_meanwhile_keeps_nobody_out(make: Make, owner: User, now: datetime) -> None:
    known = make.therapist(make.location())
    made = invited(owner, now, roles=[Role.THERAPIST], place=RotaPlace(therapist_id=known.id))
    known.user_id = make.user().id
    db.session.commit()
    user = accepted(address(made, now), now)
    assert user.role_names == ["therapist"]
    assert therapists.of_user(user.id) is None


def test_nobody_is_invited_twice_and_nobody_who_has_an_account(
    make: Make, owner: User, now: datetime
) -> None:
    invited(owner, now)
    with pytest.raises(invitations.AlreadyInvited):
        invited(owner, now, mail="NORA@alderlane.example")
    with pytest.raises(team.AlreadyStaff):
        invited(owner, now, mail=owner.email)


def test_one_place_in_the_rota_is_offered_to_one_person(make: Make, owner: User, now: datetime) -> None:
    known = make.therapist(make.location())
    place = RotaPlace(therapist_id=known.id)
    invited(owner, now, roles=[Role.THERAPIST], place=place)
    with pytest.raises(invitations.PlaceInvited):
        invited(owner, now, mail="max@alderlane.example", roles=[Role.THERAPIST], place=place)
    taken = make.therapist(make.location(), user_id=make.user().id)
    with pytest.raises(therapists.SignInTaken):
        invited(
            owner, now, mail="max@alderlane.example", roles=[Role.THERAPIST],
            place=RotaPlace(therapist_id=taken.id),
        )  # fmt: skip


def test_before_there_is_a_practice_nobody_is_invited(make: Make, now: datetime) -> None:
    with pytest.raises(invitations.PracticeUnnamed):
        invited(make.user(roles=["owner"]), now)


def test_each_way_an_address_can_be_dead_has_its_own_name(owner: User, now: datetime) -> None:
    made = invited(owner, now)
    raw = address(made, now)
    assert invitations.find(raw, now + timedelta(hours=71, minutes=59)) == made
    assert why_gone(raw, now + timedelta(hours=72)) is InvitationStanding.EXPIRED
    assert why_gone("made-up", now) is InvitationStanding.UNKNOWN
    invitations.send_again(made.id, revision=1, by=owner, now=now)
    assert why_gone(raw, now) is InvitationStanding.REPLACED
    newer = address(made, now)
    accepted(newer, now)
    assert why_gone(newer, now) is InvitationStanding.USED
    other = invited(owner, now, mail="max@alderlane.example")
    raw = address(other, now)
    invitations.withdraw(other.id, actor="test", now=now)
    assert why_gone(raw, now) is InvitationStanding.WITHDRAWN


def test_an_invitation_that_ran_out_is_sent_again_for_another_three_days(owner: User, now: datetime) -> None:
    made = invited(owner, now)
    later = now + timedelta(days=5)
    invitations.send_again(made.id, revision=1, by=owner, now=later)
    assert made.expires_at == later + timedelta(hours=72)
    assert accepted(address(made, later), later).email == MAIL


def test_of_two_who_send_it_again_from_one_page_the_second_is_told(owner: User, now: datetime) -> None:
    made = invited(owner, now)
    invitations.send_again(made.id, revision=1, by=owner, now=now)
    with pytest.raises(invitations.SentMeanwhile):
        invitations.send_again(made.id, revision=1, by=owner, now=now)
    assert made.revision == 2


def test_what_was_answered_or_withdrawn_is_not_sent_again(owner: User, now: datetime) -> None:
    made = invited(owner, now)
    accepted(address(made, now), now)
    with pytest.raises(invitations.InvitationAnswered):
        invitations.send_again(made.id, revision=1, by=owner, now=now)
    with pytest.raises(invitations.InvitationAnswered):
        invitations.withdraw(made.id, actor="test", now=now)
    other = invited(owner, now, mail="max@alderlane.example")
    invitations.withdraw(other.id, actor="test", now=now)
    invitations.withdraw(other.id, actor="test", now=now)
    with pytest.raises(invitations.InvitationWithdrawn):
        invitations.send_again(other.id, revision=1, by=owner, now=now)
    assert invited(owner, now, mail="max@alderlane.example"), "and can be invited anew"


def test_an_address_that_got_an_account_meanwhile_begins_no_second_one(
    make: Make, owner: User, now: datetime
) -> None:
    raw = address(invited(owner, now), now)
    make.user(email=MAIL)
    with pytest.raises(team.AlreadyStaff):
        accepted(raw, now)


def test_the_address_is_kept_as_a_digest_and_old_invitations_are_deleted(owner: User, now: datetime) -> None:
    made = invited(owner, now)
    raw = address(made, now)
    (link,) = db.session.scalars(sa.select(LoginLink)).all()
    assert raw.encode() not in link.digest
    assert (link.purpose, link.expires_at) == ("staff_invitation", made.expires_at)
    invitations.old_invitations(made.expires_at).delete()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(StaffInvitation)) == 1
    invitations.old_invitations(made.expires_at + timedelta(seconds=1)).delete()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(StaffInvitation)) == 0


@pytest.mark.parametrize("goes", ["leaves", "is no owner any more"])
def test_an_owner_who_goes_leaves_no_invitation_open_behind_them(
    make: Make, owner: User, now: datetime, goes: str
) -> None:
    owner.password = "hash"
    gone = make.user(roles=["owner"], password="hash")
    made = invited(gone, now)
    raw = address(made, now)
    if goes == "leaves":
        team.see_off(gone, actor="test", now=now)
    else:
        team.set_roles(gone, [Role.THERAPIST], actor="test", now=now)
    assert why_gone(raw, now) is InvitationStanding.WITHDRAWN
    invitations.send_again(made.id, revision=1, by=owner, now=now)
    assert made.invited_by_id == owner.id
    assert accepted(address(made, now), now).email == MAIL


def test_the_roles_that_an_invitation_gives_are_in_the_audit(owner: User, now: datetime) -> None:
    user = accepted(address(invited(owner, now), now), now)
    (entry,) = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.subject_id == user.id))
    assert (entry.action, entry.purpose) == ("roles_changed", "from none to front desk")
