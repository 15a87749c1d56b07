"""Letters that open an account. Their one-time address is made here, at delivery, so that no table holds it in clear."""

from collections.abc import Callable, Mapping
from datetime import datetime

from flask import current_app

from clinic.accounts import team
from clinic.accounts.models import PasswordReset, User
from clinic.db import db
from clinic.language import N_, gettext
from clinic.messaging.letters.content import Drop, LetterContent
from clinic.messaging.models import MessageKind
from clinic.messaging.services import Claim
from clinic.practice import invitations
from clinic.practice.invitations import InvitationStanding, StaffInvitation
from clinic.practice.models import Practice

ROLES = {"front_desk": N_("Front desk"), "therapist": N_("Therapist"), "owner": N_("Owner")}

WHY_NOT = {
    InvitationStanding.USED: "decided",
    InvitationStanding.WITHDRAWN: "withdrawn",
    InvitationStanding.EXPIRED: "too_late",
}


def _invitation(held: Claim, practice: Practice, now: datetime) -> LetterContent | Drop:
    found = db.session.get(StaffInvitation, held.subject_id)
    if found is None:
        return Drop("gone")
    stands = invitations.standing(found, now)
    if stands is not InvitationStanding.OPEN:
        return Drop(WHY_NOT[stands])
    if held.occasion != f"r{found.revision}":
        return Drop(
            "decided"
        )  # It was sent again meanwhile; the newer letter carries the address that works.
    return LetterContent(
        recipient=found.email,
        facts={
            "link": _address(invitations.join_path(invitations.mint_address(found, now))),
            "inviter": found.invited_by.name,
            "roles": [gettext(ROLES[name]) for name in found.role_names],
        },
    )


def _password_reset(held: Claim, practice: Practice, now: datetime) -> LetterContent | Drop:
    found = db.session.get(PasswordReset, held.subject_id)
    user = db.session.get(User, held.recipient_id)
    if found is None or user is None or not user.active:
        return Drop("gone")
    if found.ended_at is not None:
        return Drop("decided")
    return LetterContent(
        recipient=user.email,
        facts={"link": _address(team.set_up_path(team.mint_set_up_link(user, now)))},
    )


def _address(path: str) -> str:
    return f"{current_app.config['PUBLIC_URL']}{path}"


KINDS: Mapping[MessageKind, Callable[[Claim, Practice, datetime], LetterContent | Drop]] = {
    MessageKind.STAFF_INVITATION: _invitation,
    MessageKind.PASSWORD_RESET: _password_reset,
}
