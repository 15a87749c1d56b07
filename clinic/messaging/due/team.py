"""Letters that open an account: to somebody who is invited to the team, and to somebody whose password an owner reset."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from clinic.accounts.models import PasswordReset, User
from clinic.messaging.due.shape import DueQuery, DueRules, due_query, never_owed
from clinic.messaging.models import Message, MessageKind
from clinic.practice.invitations import StaffInvitation


def invitations(rules: DueRules, now: datetime) -> Sequence[DueQuery]:
    """Somebody was invited, or the invitation was sent again: told at once, as somebody just asked for it."""
    asked = sa.select(
        StaffInvitation.id,
        StaffInvitation.id.label("recipient_id"),
        StaffInvitation.revision,
        StaffInvitation.asked_at,
        StaffInvitation.expires_at,
    ).where(
        StaffInvitation.accepted_at.is_(None),
        StaffInvitation.withdrawn_at.is_(None),
        StaffInvitation.expires_at > now,
        never_owed(
            MessageKind.STAFF_INVITATION,
            StaffInvitation.id,
            Message.occasion == sa.func.concat("r", StaffInvitation.revision),
        ),
    )
    return [
        due_query(
            MessageKind.STAFF_INVITATION,
            asked,
            rules.until(now),
            occasion=lambda row: f"r{row.revision}",
            due_at=lambda row: row.asked_at,
            expires_at=lambda row: row.expires_at,
        )
    ]


def password_resets(rules: DueRules, now: datetime) -> Sequence[DueQuery]:
    """An owner reset somebody's password: told at once, because nothing else lets them in."""
    asked = (
        sa.select(
            PasswordReset.id,
            PasswordReset.user_id.label("recipient_id"),
            PasswordReset.asked_at,
            PasswordReset.expires_at,
        )
        .join(User, User.id == PasswordReset.user_id)
        .where(
            User.active,
            PasswordReset.ended_at.is_(None),
            PasswordReset.expires_at > now,
            never_owed(MessageKind.PASSWORD_RESET, PasswordReset.id),
        )
    )
    return [
        due_query(
            MessageKind.PASSWORD_RESET,
            asked,
            rules.until(now),
            occasion=lambda row: "first",
            due_at=lambda row: row.asked_at,
            expires_at=lambda row: row.expires_at,
        )
    ]
