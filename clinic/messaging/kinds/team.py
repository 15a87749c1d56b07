"""Letters that open an account: to somebody who is invited to the team, and to somebody whose password an owner reset."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from clinic.accounts import team
from clinic.accounts.models import PasswordReset, User
from clinic.db import db
from clinic.language import N_, gettext
from clinic.messaging.due.shape import DueQuery, DueRules, due_query, never_owed
from clinic.messaging.kinds.content import Drop, LetterContent, public_url
from clinic.messaging.kinds.declaration import DeclaredKind, Recipient
from clinic.messaging.kinds.sample import sample_link
from clinic.messaging.kinds.wording import OF_PRACTICE, Words
from clinic.messaging.models import Message, MessageKind
from clinic.messaging.services import Claim
from clinic.practice import invitations as practice_invitations
from clinic.practice.invitations import InvitationStanding, StaffInvitation
from clinic.practice.models import Practice

ROLES = {"front_desk": N_("Front desk"), "therapist": N_("Massage therapist"), "owner": N_("Owner")}

WHY_NOT = {
    InvitationStanding.USED: "decided",
    InvitationStanding.WITHDRAWN: "withdrawn",
    InvitationStanding.EXPIRED: "too_late",
}


def invitations(rules: DueRules, now: datetime) -> Sequence[DueQuery]:
    """Somebody was invited, or the invitation was sent again: at once, because somebody just asked for it."""
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
    """An owner reset somebody's password: at once, because nothing else lets them in."""
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


def _invitation_letter(claim: Claim, practice: Practice, now: datetime) -> LetterContent | Drop:
    found = db.session.get(StaffInvitation, claim.subject_id)
    if found is None:
        return Drop("gone")
    stands = practice_invitations.standing(found, now)
    if stands is not InvitationStanding.OPEN:
        return Drop(WHY_NOT[stands])
    if claim.occasion != f"r{found.revision}":
        return Drop("decided")  # It was sent again meanwhile; the newer letter has the working link.
    return LetterContent(
        recipient=found.email,
        facts={
            "link": public_url(practice_invitations.join_path(practice_invitations.mint_address(found, now))),
            "inviter": found.invited_by.name,
            "roles": [gettext(ROLES[name]) for name in found.role_names],
        },
    )


def _reset_letter(claim: Claim, practice: Practice, now: datetime) -> LetterContent | Drop:
    found = db.session.get(PasswordReset, claim.subject_id)
    user = db.session.get(User, claim.recipient_id)
    if found is None or user is None or not user.active:
        return Drop("gone")
    if found.ended_at is not None:
        return Drop("decided")
    return LetterContent(
        recipient=user.email,
        facts={"link": public_url(team.set_up_path(team.mint_set_up_link(user, now)))},
    )


KINDS = (
    DeclaredKind(
        kind=MessageKind.STAFF_INVITATION,
        label="Invitation to the team",
        recipient=Recipient.STAFF,
        due=(invitations,),
        words=Words(
            subject=N_("You are invited to the team at {practice}"),
            heading=N_("You are invited to the team"),
        ),
        placeholders=OF_PRACTICE,
        compose=_invitation_letter,
        sample=lambda scene: {
            "link": scene.link,
            "inviter": scene.visit.therapist,
            "roles": [gettext("Massage therapist")],
        },
        is_one_time=True,
    ),
    DeclaredKind(
        kind=MessageKind.PASSWORD_RESET,
        label="Link for a new password (to staff)",
        recipient=Recipient.STAFF,
        due=(password_resets,),
        words=Words(
            subject=N_("Choose a new password at {practice}"),
            heading=N_("Choose a new password"),
        ),
        placeholders=OF_PRACTICE,
        compose=_reset_letter,
        sample=sample_link,
        is_one_time=True,
    ),
)
