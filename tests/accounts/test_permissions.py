"""Who on the staff may do what."""

import pytest

from clinic.accounts import permissions
from clinic.accounts.models import Role
from clinic.accounts.permissions import GRANTS, Permission
from tests.make import Make

HEALTH = {Permission.HEALTH_READ, Permission.REVIEW_DECIDE, Permission.NOTE_WRITE}


def test_every_role_has_its_line_in_the_table() -> None:
    assert set(GRANTS) == set(Role)


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.OWNER])
def test_only_therapists_reach_health(role: Role) -> None:
    assert not GRANTS[role] & HEALTH
    assert GRANTS[Role.THERAPIST] >= HEALTH


def test_only_owners_change_settings_and_read_the_audit() -> None:
    theirs = {Permission.SETTINGS_WRITE, Permission.AUDIT_READ, Permission.REPORTS_READ}
    assert GRANTS[Role.OWNER] >= theirs
    assert not (GRANTS[Role.FRONT_DESK] | GRANTS[Role.THERAPIST]) & theirs


def test_an_owner_sees_the_calendar_and_the_contacts_and_changes_neither() -> None:
    assert GRANTS[Role.OWNER] >= {Permission.CALENDAR_READ, Permission.CONTACTS_READ}
    assert Permission.CALENDAR_WRITE not in GRANTS[Role.OWNER]


def test_roles_of_one_person_add_up(make: Make) -> None:
    person = make.user(roles=["owner", "therapist"])
    assert permissions.may(person, Permission.SETTINGS_WRITE)
    assert permissions.may(person, Permission.HEALTH_READ)


def test_somebody_without_a_role_may_nothing(make: Make) -> None:
    person = make.user(roles=[])
    assert not any(permissions.may(person, permission) for permission in Permission)


def test_somebody_who_left_may_nothing(make: Make) -> None:
    person = make.user(roles=["owner", "therapist", "front_desk"], active=False)
    assert not any(permissions.may(person, permission) for permission in Permission)


def test_demo_staff_may_nothing_outside_a_demo(make: Make) -> None:
    person = make.user(roles=["owner"], is_demo=True)
    assert not permissions.may(person, Permission.SETTINGS_WRITE)
