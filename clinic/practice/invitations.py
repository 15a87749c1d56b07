"""Invitations to the team: made by an owner, sent in a letter with a one-time link, accepted by anyone who has that
link.

An invitation alone makes nobody staff: the account begins when it is accepted, with the roles and the place in the rota
that it names. The link is made when the letter is delivered and stored as a digest (`accounts.services.mint_link`). It
works once, until the invitation expires, is withdrawn or is sent again, and only while the person who last sent it is
an owner here, so that nobody leaves a door open behind them. Every change locks the invitation's row first: of two
people who accept, withdraw or resend it at once, the second sees what the first did.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.orm import Mapped, mapped_column, relationship

from clinic.accounts import audit, security_events, team
from clinic.accounts.models import LinkPurpose, LoginLink, Role, User
from clinic.accounts.services import digest, mint_link, normalise_mail
from clinic.db import Identified, Model, RowsToDelete, db, violates_one_of
from clinic.practice import therapists
from clinic.practice.models import Therapist
from clinic.practice.queries import find_practice
from clinic.refusal import NotFound, Refusal

LIFE = timedelta(hours=72)


class StaffInvitation(Identified, Model):
    """An invitation to the team: who, in which roles, and its outcome."""

    __tablename__ = "staff_invitations"

    email: Mapped[str]
    role_names: Mapped[list[str]] = mapped_column(pg.ARRAY(sa.Text))
    therapist_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("therapists.id"))
    """The person's existing therapist in the rota, if any."""
    is_new_therapist: Mapped[bool] = mapped_column(default=False)
    """Whether accepting adds them to the rota."""
    invited_by_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id"))
    created_at: Mapped[datetime]
    asked_at: Mapped[datetime]
    """When it was last sent."""
    revision: Mapped[int] = mapped_column(default=1)
    """Raised each time it is sent again; names the occasion of its letter."""
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    user_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("users.id"))
    """The account that it became."""
    withdrawn_at: Mapped[datetime | None]

    invited_by: Mapped[User] = relationship(foreign_keys=invited_by_id)
    therapist: Mapped[Therapist | None] = relationship()

    __table_args__ = (
        sa.CheckConstraint("email = lower(email)", name="email_is_lower_case"),
        sa.CheckConstraint(
            "cardinality(role_names) > 0 AND role_names <@ ARRAY['front_desk', 'therapist', 'owner']",
            name="roles_known",
        ),
        sa.CheckConstraint(
            "(therapist_id IS NULL AND NOT is_new_therapist) OR role_names @> ARRAY['therapist']",
            name="rota_is_for_therapists",
        ),
        sa.CheckConstraint("therapist_id IS NULL OR NOT is_new_therapist", name="one_place_in_rota"),
        sa.CheckConstraint("num_nonnulls(accepted_at, withdrawn_at) <= 1", name="one_end"),
        sa.CheckConstraint("(accepted_at IS NULL) = (user_id IS NULL)", name="accepted_whole"),
        sa.Index(
            "uq_staff_invitations_open_email",
            "email",
            unique=True,
            postgresql_where=sa.text("accepted_at IS NULL AND withdrawn_at IS NULL"),
        ),
        sa.Index(
            "uq_staff_invitations_open_therapist",
            "therapist_id",
            unique=True,
            postgresql_where=sa.text("accepted_at IS NULL AND withdrawn_at IS NULL"),
        ),
    )


class InvitationStanding(StrEnum):
    """What can be done with an invitation, or with one of its addresses."""

    OPEN = "open"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    USED = "used"
    REPLACED = "replaced"
    """A newer letter has the link that works."""
    UNKNOWN = "unknown"


class InvitationGone(Refusal):
    """The invitation can no longer be accepted; `standing` says why."""

    status = 410
    code = "invitation-gone"
    sentence = "This invitation does not work any more."

    def __init__(self, standing: InvitationStanding) -> None:
        super().__init__()
        self.standing = standing


class PracticeUnnamed(Refusal):
    """The practice has not been named yet."""

    code = "practice-unnamed"
    sentence = "First say who the practice is: the invitation carries its name and telephone number."


class AlreadyInvited(Refusal):
    """There is an open invitation to this address."""

    code = "already-invited"
    sentence = "There is an open invitation to this e-mail address. Send it again, or withdraw it first."


class PlaceInvited(Refusal):
    """There is an open invitation for this place in the rota."""

    code = "place-invited"
    sentence = "Somebody else is invited for this place in the rota. Withdraw that invitation first."


class SentMeanwhile(Refusal):
    """Somebody else has sent the invitation again since the page was opened."""

    code = "sent-meanwhile"
    sentence = "Somebody else has just sent this invitation again. One letter is on its way."


class InvitationAnswered(Refusal):
    """The invitation was accepted, so it can no longer change."""

    code = "invitation-answered"
    sentence = "This invitation was accepted meanwhile. The person is on the team."


class InvitationWithdrawn(Refusal):
    """The invitation was withdrawn, so it cannot be sent again."""

    code = "invitation-withdrawn"
    sentence = "This invitation was withdrawn meanwhile. Invite the person anew."


@dataclass(frozen=True, kw_only=True)
class RotaPlace:
    """A person's place in the rota: none, an existing therapist, or a new one."""

    therapist_id: UUID | None = None
    is_new: bool = False


def standing(invitation: StaffInvitation, now: datetime) -> InvitationStanding:
    """The state of an invitation; if its sender is no longer an owner, it counts as withdrawn until an owner sends it
    again."""
    if invitation.accepted_at is not None:
        return InvitationStanding.USED
    by = invitation.invited_by
    if invitation.withdrawn_at is not None or not by.active or Role.OWNER not in by.role_names:
        return InvitationStanding.WITHDRAWN
    return InvitationStanding.OPEN if invitation.expires_at > now else InvitationStanding.EXPIRED


def open_invitations() -> Sequence[StaffInvitation]:
    """Invitations without an answer, including expired ones, newest first."""
    waiting = sa.select(StaffInvitation).where(_is_open())
    return db.session.scalars(
        waiting.order_by(StaffInvitation.created_at.desc()).options(
            sa.orm.joinedload(StaffInvitation.therapist), sa.orm.joinedload(StaffInvitation.invited_by)
        )
    ).all()


def invite(*, mail: str, roles: Iterable[Role], place: RotaPlace, by: User, now: datetime) -> StaffInvitation:
    """Invite somebody to the team; the letter follows from the row.

    Raises PracticeUnnamed, UnreadableAddress, AlreadyStaff, AlreadyInvited, PlaceInvited, SignInTaken.
    """
    if find_practice() is None:
        raise PracticeUnnamed
    email = normalise_mail(mail)
    if db.session.scalar(sa.select(sa.exists().where(User.email == email))):
        raise team.AlreadyStaff
    if place.therapist_id is not None and therapists.therapist(place.therapist_id).user_id is not None:
        raise therapists.SignInTaken
    made = StaffInvitation(
        email=email,
        role_names=sorted({role.value for role in roles}),
        therapist_id=place.therapist_id,
        is_new_therapist=place.is_new,
        invited_by_id=by.id,
        created_at=now,
        asked_at=now,
        expires_at=now + LIFE,
    )
    taken: dict[str, Refusal] = {
        "uq_staff_invitations_open_email": AlreadyInvited(),
        "uq_staff_invitations_open_therapist": PlaceInvited(),
    }
    with violates_one_of(taken):
        db.session.add(made)
    audit.record(audit.by_user(by.id), "invite", made, fields=["role_names", "therapist_id"], now=now)
    return made


def send_again(invitation_id: UUID, *, revision: int, by: User, now: datetime) -> StaffInvitation:
    """Send a new letter, whose link works for another three days; earlier links stop working.

    `revision` is the one that the page showed. The person who sends it again becomes its sender. Raises NotFound,
    InvitationAnswered, InvitationWithdrawn, SentMeanwhile.
    """
    found = _locked(invitation_id)
    _require_unanswered(found)
    if found.withdrawn_at is not None:
        raise InvitationWithdrawn
    if found.revision != revision:
        raise SentMeanwhile
    found.asked_at, found.expires_at, found.invited_by_id = now, now + LIFE, by.id
    found.revision += 1
    _kill_addresses(found, now)
    audit.record(audit.by_user(by.id), "invite_again", found, now=now)
    return found


def withdraw(invitation_id: UUID, *, actor: str, now: datetime) -> StaffInvitation:
    """Withdraw an invitation: its links stop working, and a letter that has not left stays here. Safe to repeat.

    Raises NotFound and InvitationAnswered.
    """
    found = _locked(invitation_id)
    _require_unanswered(found)
    if found.withdrawn_at is None:
        found.withdrawn_at = now
        _kill_addresses(found, now)
        audit.record(actor, "withdraw_invitation", found, now=now)
    return found


def mint_address(invitation: StaffInvitation, now: datetime) -> str:
    """The secret of the invitation's link; called at delivery, so that no table holds it in clear."""
    return mint_link(
        purpose=LinkPurpose.STAFF_INVITATION,
        subject_id=invitation.id,
        now=now,
        expires_at=invitation.expires_at,
    )


def join_path(raw: str) -> str:
    """The URL at which an invitation is accepted."""
    return f"/staff/join/{raw}"


def find(raw: str, now: datetime) -> StaffInvitation:
    """The invitation of a link, while it can be accepted; changes nothing. Raises InvitationGone."""
    return _usable(raw, now, lock=False)


def accept(
    raw: str, *, given_name: str, family_name: str, password: str, now: datetime, network: str = ""
) -> User:
    """Create an account with the invitation's roles, and join it to the rota. The link is used up.

    A place in the rota that somebody else has taken meanwhile stays theirs. Raises InvitationGone, AlreadyStaff.
    """
    invitation = _usable(raw, now, lock=True)
    user = team.add_user(
        mail=invitation.email,
        given_name=given_name,
        family_name=family_name,
        roles=[Role(name) for name in invitation.role_names],
        now=now,
        password=password,
    )
    actor = audit.by_user(user.id)
    invitation.accepted_at, invitation.user_id = now, user.id
    _kill_addresses(invitation, now)
    audit.record(actor, "accept_invitation", invitation, fields=["role_names"], now=now)
    security_events.record_roles(user, (), actor=actor, network=network, now=now)
    if invitation.is_new_therapist:
        therapists.take_on(therapists.details_for_user(user), treatments=(), actor=actor, now=now)
    elif invitation.therapist_id is not None:
        therapists.join(invitation.therapist_id, user, actor=actor, now=now)
    db.session.flush()
    return user


def old_invitations(before: datetime) -> RowsToDelete:
    """Invitations, accepted or not, that expired before an instant."""
    return RowsToDelete(StaffInvitation, StaffInvitation.expires_at < before)


def _usable(raw: str, now: datetime, *, lock: bool) -> StaffInvitation:
    link = db.session.scalar(
        sa.select(LoginLink).where(
            LoginLink.digest == digest(raw), LoginLink.purpose == LinkPurpose.STAFF_INVITATION
        )
    )
    question = sa.select(StaffInvitation).where(StaffInvitation.id == (link.subject_id if link else None))
    if lock:
        question = question.with_for_update().execution_options(populate_existing=True)
    invitation = db.session.scalar(question)
    if link is None or invitation is None:
        raise InvitationGone(InvitationStanding.UNKNOWN)
    if lock:
        db.session.refresh(link)  # Another transaction may have used it up while we waited.
    stands = standing(invitation, now)
    if stands is not InvitationStanding.OPEN:
        raise InvitationGone(stands)
    if link.used_at is not None or link.expires_at <= now:
        raise InvitationGone(InvitationStanding.REPLACED)
    return invitation


def _locked(invitation_id: UUID) -> StaffInvitation:
    found = db.session.get(StaffInvitation, invitation_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound
    return found


def _require_unanswered(invitation: StaffInvitation) -> None:
    if invitation.accepted_at is not None:
        raise InvitationAnswered


def _kill_addresses(invitation: StaffInvitation, now: datetime) -> None:
    db.session.execute(
        sa.update(LoginLink)
        .where(
            LoginLink.purpose == LinkPurpose.STAFF_INVITATION,
            LoginLink.subject_id == invitation.id,
            LoginLink.used_at.is_(None),
        )
        .values(used_at=now)
    )


def _is_open() -> sa.ColumnElement[bool]:
    return sa.and_(StaffInvitation.accepted_at.is_(None), StaffInvitation.withdrawn_at.is_(None))
