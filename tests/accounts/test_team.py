"""The people who work here."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask_security import verify_password

from clinic.accounts import sessions, team
from clinic.accounts.models import Role, User
from clinic.db import db
from clinic.refusal import NotFound
from tests.visitor import PASSWORD


def taken_on(now: datetime, mail: str = "Olga@AlderLane.example", **more: object) -> User:
    return team.add_user(
        mail=mail, given_name="Olga", family_name="Owner", roles=[Role.OWNER], now=now, **more
    )  # type: ignore[arg-type]


def test_somebody_new_has_no_password_and_a_comparable_address(
    database: sa.Connection, now: datetime
) -> None:
    olga = taken_on(now)
    assert (olga.email, olga.password, olga.role_names) == ("olga@alderlane.example", None, ["owner"])
    assert olga.active


def test_one_address_belongs_to_one_member_of_staff(database: sa.Connection, now: datetime) -> None:
    taken_on(now)
    with pytest.raises(team.AlreadyStaff):
        taken_on(now, mail="olga@alderlane.example")
    assert team.find_user("OLGA@alderlane.example").given_name == "Olga"


def test_nobody_is_found_for_an_unknown_address(database: sa.Connection) -> None:
    with pytest.raises(NotFound):
        team.find_user("nobody@alderlane.example")


def test_a_password_is_kept_as_argon2id(database: sa.Connection, now: datetime) -> None:
    """At what cost in production: `test_passwords`. Here it is quick to try, or the tests would do little else."""
    olga = taken_on(now, password=PASSWORD)
    assert olga.password is not None
    assert olga.password.startswith("$argon2id$v=19$m=8,t=1,p=1$")
    assert verify_password(PASSWORD, olga.password)


def test_a_set_up_link_sets_a_password_once_and_ends_every_session(
    database: sa.Connection, now: datetime
) -> None:
    olga = taken_on(now)
    raw = team.mint_set_up_link(olga, now)
    open_elsewhere, uniquifier = sessions.open_staff(olga, now), olga.fs_uniquifier
    assert team.find_set_up(raw, now) == olga
    assert team.choose_password(raw, PASSWORD, now) == olga
    assert olga.password
    assert olga.fs_uniquifier != uniquifier
    assert not sessions.staff(open_elsewhere, now)
    assert team.choose_password(raw, PASSWORD, now) is None


def test_a_set_up_link_lives_for_a_day_and_dies_with_the_next(database: sa.Connection, now: datetime) -> None:
    olga = taken_on(now)
    first = team.mint_set_up_link(olga, now)
    assert team.find_set_up(first, now + timedelta(hours=23, minutes=59))
    assert not team.find_set_up(first, now + timedelta(hours=24))
    second = team.mint_set_up_link(olga, now)
    assert not team.find_set_up(first, now)
    assert team.find_set_up(second, now)


def test_somebody_who_left_cannot_come_back_by_a_link(database: sa.Connection, now: datetime) -> None:
    olga = taken_on(now)
    other = taken_on(now, mail="other@alderlane.example", password=PASSWORD)
    raw = team.mint_set_up_link(olga, now)
    team.see_off(olga, actor="test", now=now)
    assert team.choose_password(raw, PASSWORD, now) is None
    assert (olga.active, other.active) == (False, True)


def test_a_new_start_forgets_app_codes_and_passkeys(database: sa.Connection, now: datetime) -> None:
    olga = taken_on(now)
    olga.tf_primary_method, olga.tf_totp_secret, olga.totp_counter = "authenticator", "{}", 7
    olga.mf_recovery_codes = ["x"]
    team.reset_second_factor(olga, now)
    db.session.flush()
    assert (olga.tf_primary_method, olga.tf_totp_secret, olga.totp_counter, olga.mf_recovery_codes) == (
        None,
    ) * 4


def test_roles_change_from_the_next_request_on(database: sa.Connection, now: datetime) -> None:
    olga = taken_on(now)
    team.set_roles(olga, [Role.THERAPIST, Role.OWNER, Role.OWNER], actor="test", now=now)
    assert olga.role_names == ["owner", "therapist"]
