"""What each staff role may do, in one table. Clients and visitors have no permissions.

*Front desk* sees everyone's calendar and contacts, never health data. *Therapist* reads the health data of their own
clients only (`plans.queries` decides whose those are), and signs the rule book. *Owner* changes settings, reads reports without names and the
audit log, and sees the calendar and contacts without changing them; health data only if they are also a therapist.
Roles add up.
"""

from collections.abc import Iterable
from enum import StrEnum

from clinic.accounts.models import Role, User


class Permission(StrEnum):
    """One thing a member of staff may be allowed to do."""

    CALENDAR_READ = "calendar_read"
    CALENDAR_WRITE = "calendar_write"
    CONTACTS_READ = "contacts_read"
    MESSAGES_READ = "messages_read"
    HEALTH_READ = "health_read"
    REVIEW_DECIDE = "review_decide"
    NOTE_WRITE = "note_write"
    GUIDANCE_SIGN = "guidance_sign"
    SETTINGS_WRITE = "settings_write"
    REPORTS_READ = "reports_read"
    AUDIT_READ = "audit_read"


_DESK = frozenset(
    {
        Permission.CALENDAR_READ,
        Permission.CALENDAR_WRITE,
        Permission.CONTACTS_READ,
        Permission.MESSAGES_READ,
    }
)

GRANTS: dict[Role, frozenset[Permission]] = {
    Role.FRONT_DESK: _DESK,
    Role.THERAPIST: _DESK
    | {
        Permission.HEALTH_READ,
        Permission.REVIEW_DECIDE,
        Permission.NOTE_WRITE,
        Permission.GUIDANCE_SIGN,
    },
    Role.OWNER: frozenset(
        {
            Permission.CALENDAR_READ,
            Permission.CONTACTS_READ,
            Permission.MESSAGES_READ,
            Permission.SETTINGS_WRITE,
            Permission.REPORTS_READ,
            Permission.AUDIT_READ,
        }
    ),
}


def granted(role_names: Iterable[str]) -> frozenset[Permission]:
    """All permissions of a person who holds these roles."""
    return frozenset().union(*(GRANTS[Role(name)] for name in role_names))


def may(user: User, permission: Permission | str) -> bool:
    """Whether this active member of staff holds the permission; False for anybody who is not staff."""
    return isinstance(user, User) and user.is_active and Permission(permission) in granted(user.role_names)
