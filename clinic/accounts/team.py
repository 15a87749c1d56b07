"""The team: adding people, the one-time link by which they choose a password, their roles, and leaving.

No page lets a stranger become staff: the first owner is created on the command line, which prints a one-time link;
everybody else is invited (`practice.invitations`). A forgotten password is reset by the same kind of link, and the
second factor stays in force.

A practice always keeps an owner who can sign in. Taking the role or the sign-in from an owner first locks the rows of
all owners, in id order, and checks again under the lock, so that if two owners demote each other, one is refused.
"""

import secrets
import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from flask_security import hash_password

from clinic.accounts import audit, security_events, sessions
from clinic.accounts.models import PasswordReset, Role, SetUpLink, User, WebAuthn
from clinic.accounts.services import digest, normalise_mail
from clinic.db import db, violates
from clinic.refusal import NotFound, Refusal

SET_UP_LIFE = timedelta(hours=24)


class AlreadyStaff(Refusal):
    """Somebody with this address already works here."""

    code = "already-staff"
    sentence = "Somebody with this e-mail address is already on the team."


class OwnAccount(Refusal):
    """Only possible for other people's accounts."""

    code = "own-account"
    sentence = "This is your own account. You change your password and your second factor under Your sign-in."


class NotHere(Refusal):
    """The person no longer works here."""

    code = "not-here"
    sentence = "This person no longer works here. Let them come back first."


class NoSupervisor(Refusal):
    """The person chosen cannot supervise, or the student supervises others."""

    code = "no-supervisor"
    sentence = (
        "A supervisor is a therapist who works here and is no student, and a student supervises nobody."
    )


class LastOwner(Refusal):
    """No other owner could run the practice."""

    code = "last-owner"
    sentence = "Nobody else who can sign in is an owner. Give the role to somebody else first."


def add_user(
    *,
    mail: str,
    given_name: str,
    family_name: str,
    roles: Iterable[Role],
    now: datetime,
    is_demo: bool = False,
    password: str | None = None,
) -> User:
    """Add a member of staff; flushed. Without a password, they choose one by a set-up link.

    Raises AlreadyStaff, and UnreadableAddress for an address that cannot be one.
    """
    user = User(
        email=normalise_mail(mail),
        given_name=given_name,
        family_name=family_name,
        role_names=sorted(set(roles)),
        active=True,
        is_demo=is_demo,
        password=hash_password(password) if password else None,
        fs_uniquifier=uuid.uuid4().hex,
        create_datetime=now,
    )
    with violates("uq_users_email", AlreadyStaff()):
        db.session.add(user)
    return user


def find_user(mail: str) -> User:
    """The member of staff with this address; raises NotFound."""
    user = db.session.scalar(sa.select(User).where(User.email == normalise_mail(mail)))
    if user is None:
        raise NotFound("Nobody with this e-mail address is on the team.")
    return user


def member(user_id: UUID) -> User:
    """The member of staff, still here or not; raises NotFound."""
    found = db.session.get(User, user_id)
    if found is None:
        raise NotFound
    return found


def everybody() -> Sequence[User]:
    """All current and former staff, by name, with their passkeys."""
    people = sa.select(User).order_by(User.given_name, User.family_name, User.id)
    return db.session.scalars(people.options(sa.orm.selectinload(User.webauthn))).all()


def is_last_owner(user: User) -> bool:
    """Whether this person is the only usable owner. Pages use it to warn; `set_roles` enforces it."""
    try:
        _require_another_owner(user)
    except LastOwner:
        return True
    return False


def mint_set_up_link(user: User, now: datetime) -> str:
    """A new secret with which this person can choose a password within a day; earlier ones are revoked."""
    _kill_set_up_links(user, now)
    raw = secrets.token_urlsafe(32)
    db.session.add(
        SetUpLink(digest=digest(raw), user_id=user.id, created_at=now, expires_at=now + SET_UP_LIFE)
    )
    return raw


def _kill_set_up_links(user: User, now: datetime) -> None:
    live = sa.update(SetUpLink).where(SetUpLink.user_id == user.id, SetUpLink.used_at.is_(None))
    db.session.execute(live.values(used_at=now))


def set_up_path(raw: str) -> str:
    """The URL of a set-up link."""
    return f"/staff/set-up/{raw}"


def find_set_up(raw: str, now: datetime) -> User | None:
    """Whom a set-up link is for, while it can be used; changes nothing."""
    return db.session.scalar(
        sa.select(User).join(SetUpLink, SetUpLink.user_id == User.id).where(*_usable(raw, now))
    )


def choose_password(raw: str, password: str, now: datetime) -> User | None:
    """Use up a set-up link: set the new password and end every session. None if the link is used or too old."""
    user_id = db.session.scalar(
        sa.update(SetUpLink).where(*_usable(raw, now)).values(used_at=now).returning(SetUpLink.user_id)
    )
    user = db.session.get(User, user_id) if user_id else None
    if user is None or not user.active:
        return None
    user.password = hash_password(password)
    _end_resets(user, now)
    end_sessions(user, now)
    return user


def _usable(raw: str, now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return (SetUpLink.digest == digest(raw), SetUpLink.used_at.is_(None), SetUpLink.expires_at > now)


def reset_password(user: User, *, by: User, now: datetime) -> PasswordReset:
    """Disable a colleague's password at once; a letter with a one-time link for a new one follows. Sessions end.

    Raises OwnAccount, NotHere, and LastOwner. The caller commits.
    """
    _require_colleague(user, by)
    lock_with_owners(user)
    _require_another_owner(user)
    user.password = None
    user.update_datetime = now
    end_sessions(user, now)
    _kill_set_up_links(user, now)
    _end_resets(user, now)
    made = PasswordReset(user_id=user.id, asked_by_id=by.id, asked_at=now, expires_at=now + SET_UP_LIFE)
    db.session.add(made)
    audit.record(audit.by_user(by.id), "password_reset", user, fields=["password"], now=now)
    return made


def reset_factor_of(user: User, *, by: User, now: datetime) -> None:
    """Remove the second factor of a colleague who lost it; the next sign-in sets one up. Raises OwnAccount and
    NotHere.

    The caller commits.
    """
    _require_colleague(user, by)
    reset_second_factor(user, now)
    audit.record(
        audit.by_user(by.id), "second_factor_reset", user, fields=["tf_totp_secret", "webauthn"], now=now
    )


def _require_colleague(user: User, by: User) -> None:
    if user.id == by.id:
        raise OwnAccount
    if not user.active:
        raise NotHere


def _end_resets(user: User, now: datetime) -> None:
    waiting = sa.update(PasswordReset).where(
        PasswordReset.user_id == user.id, PasswordReset.ended_at.is_(None)
    )
    db.session.execute(waiting.values(ended_at=now))


def reset_second_factor(user: User, now: datetime) -> None:
    """Remove app, recovery codes and passkeys; the next sign-in sets up a second factor again. Every session ends."""
    user.tf_primary_method = None
    user.tf_totp_secret = None
    user.totp_counter = None
    user.mf_recovery_codes = None
    user.webauthn.clear()
    end_sessions(user, now)


def set_roles(user: User, roles: Iterable[Role], *, actor: str, now: datetime, network: str = "") -> bool:
    """Set this person's roles, from their next request on; False if they are unchanged. Raises LastOwner.

    `network` is the requester's (`security_events.network_hash`). The caller commits.
    """
    wanted = sorted({role.value for role in roles})
    lock_with_owners(user)
    if wanted == sorted(user.role_names):
        return False
    if Role.OWNER not in wanted:
        _require_another_owner(user)
    before, user.role_names = list(user.role_names), wanted
    user.update_datetime = now
    security_events.record_roles(user, before, actor=actor, network=network, now=now)
    db.session.flush()
    return True


def supervisors_for(user: User) -> Sequence[User]:
    """Who can supervise this person: therapists who work here and are no students themselves, by name."""
    able = sa.select(User).where(
        User.active,
        User.role_names.contains([Role.THERAPIST.value]),
        User.supervisor_id.is_(None),
        User.id != user.id,
    )
    return db.session.scalars(able.order_by(User.given_name, User.family_name)).all()


def set_supervisor(user: User, supervisor_id: UUID | None, *, actor: str, now: datetime) -> None:
    """Make this person a student of somebody, or nobody's. Raises NoSupervisor. The caller commits."""
    if supervisor_id == user.supervisor_id:
        return
    has_students = db.session.scalar(sa.select(sa.exists().where(User.supervisor_id == user.id)))
    if supervisor_id is not None and (
        has_students or supervisor_id not in {each.id for each in supervisors_for(user)}
    ):
        raise NoSupervisor
    user.supervisor_id = supervisor_id
    audit.record(actor, "change", user, fields=["supervisor_id"], now=now)
    db.session.flush()


def see_off(user: User, *, actor: str, now: datetime) -> None:
    """Close somebody's sign-in; what they wrote and did stays under their name. Safe to repeat. Raises LastOwner.

    The caller commits.
    """
    lock_with_owners(user)
    if not user.active:
        return
    _require_another_owner(user)
    user.active = False
    user.update_datetime = now
    end_sessions(user, now)
    audit.record(actor, "left", user, fields=["active"], now=now)
    db.session.flush()


def welcome_back(user: User, *, actor: str, now: datetime) -> None:
    """Reopen somebody's sign-in, with the roles, password and second factor they had. The caller commits."""
    if not user.active:
        user.active = True
        user.update_datetime = now
        audit.record(actor, "came_back", user, fields=["active"], now=now)


def lock_with_owners(user: User) -> None:
    """Lock the rows of this person and of all owners, in id order, and reload this person.

    Call this instead of locking one of these rows first: two transactions that each hold the other's row would
    deadlock.
    """
    wanted = sa.or_(User.id == user.id, User.role_names.contains([Role.OWNER.value]))
    rows = sa.select(User).where(wanted).order_by(User.id).with_for_update(key_share=True)
    db.session.scalars(rows.execution_options(populate_existing=True)).all()


def _require_another_owner(user: User) -> None:
    """Raise LastOwner if this is an owner and no other current owner can sign in."""
    if Role.OWNER not in user.role_names:
        return
    others = sa.exists().where(
        User.id != user.id,
        User.active,
        User.role_names.contains([Role.OWNER.value]),
        sa.or_(User.password.is_not(None), sa.exists().where(WebAuthn.user_id == User.id)),
    )
    if not db.session.scalar(sa.select(others)):
        raise LastOwner


def end_sessions(user: User, now: datetime) -> None:
    """Sign somebody out everywhere, at once."""
    user.fs_uniquifier = uuid.uuid4().hex
    sessions.end_all_of(user, now)
