"""Which member of staff is signed in here, and whether their browser is locked or in a client's hands.

They sign in by password and second factor (`clinic.staff.auth.sign_in`); the cookie names a session that the server knows.
"""

from datetime import datetime, timedelta
from typing import cast

import sqlalchemy as sa
from flask import current_app, g, request, session
from flask_login import current_user
from flask_security.utils import check_and_update_authn_fresh, logout_user
from flask_wtf.csrf import validate_csrf
from wtforms.validators import ValidationError

from clinic import clock
from clinic.accounts import audit, session_locks, sessions
from clinic.accounts.models import StaffSession, User
from clinic.db import db, transaction
from clinic.messaging import heartbeat
from clinic.messaging.heartbeat import DeliveryHeartbeats
from clinic.practice.models import Practice
from clinic.web import context

STAFF_FIELD = "staff"
HANDED_OVER = "handed_over"
PROVING = ("security.verify", "security.wan_verify", "security.wan_verify_response", "security.logout")
"""What stays open to a member of staff whose browser is in a client's hands: proving their identity, and signing
out."""

UNLOCKING = (
    "auth.unlock",
    "security.wan_verify",
    "security.wan_verify_response",
    "security.logout",
)
"""What stays open while the browser is locked: PIN, passkey, and signing out. A password alone does not unlock."""

POLLS = ("staff.calendar_stamp",)
"""What pages ask every few seconds by themselves; it keeps no session alive."""


def signed_in_user() -> User | None:
    """The member of staff who passed password and second factor in this browser and whose session is live."""
    if g.get("staff_session") is None:
        return None
    return cast(User, current_user._get_current_object())


def is_locked() -> bool:
    """Whether this browser belongs to a member of staff and is locked."""
    return bool(g.get("locked"))


def lock_browser(*, is_by_itself: bool = False) -> None:
    """Lock this browser's session: from now on every staff page leads to the page that unlocks it. The caller commits."""
    own: StaffSession = g.staff_session
    now = clock.now()
    session_locks.lock(own, proof=_proof(), now=now)
    audit.record(
        audit.by_user(own.user_id),
        "locked_itself" if is_by_itself else "locked",
        subject_type="users",
        subject_id=own.user_id,
        now=now,
    )


def unlock_browser(by: str) -> bool:
    """Open this browser's session again; False if it ended meanwhile. `by` names what opened it. The caller commits."""
    own: StaffSession = g.staff_session
    now = clock.now()
    if not session_locks.unlock(own, now):
        return False
    audit.record(
        audit.by_user(own.user_id),
        "unlocked",
        subject_type="users",
        subject_id=own.user_id,
        purpose=by,
        now=now,
    )
    return True


def is_fresh() -> bool:
    """Whether this member of staff proved their identity within the last minutes (`SECURITY_FRESHNESS`)."""
    within: timedelta = current_app.config["SECURITY_FRESHNESS"]
    return bool(check_and_update_authn_fresh(within, timedelta()))


def hand_over(to: str) -> None:
    """Hand this staff browser to a client: no staff page opens until the person who signed in proves their identity
    again.

    `to` says what it was handed over for. The earlier proof is voided on the server, so an older cookie opens nothing.
    The caller commits.
    """
    g.staff_session.spent_proof = _proof()
    session[HANDED_OVER] = to


def is_handed_over() -> bool:
    """Whether this browser belongs to a member of staff and is in a client's hands."""
    return bool(g.get("handed_over"))


def handed_over_for() -> str | None:
    """What this browser was handed over for; None if it was not."""
    return session.get(HANDED_OVER) if is_handed_over() else None


def find_staff_session() -> None:
    """Look up the browser's staff session; sign the browser out if the server no longer knows it."""
    if "_user_id" not in session:
        return
    now = clock.now()
    live = _live(session.get(STAFF_FIELD, ""), now)
    if live is not None and live.voided_proof is not None and 0 < _proof() <= live.voided_proof:
        session["fs_paa"] = 0  # Also for Flask-Security, which reads it when the person is first asked for.
    g.user_of_session = live.user if live is not None else None
    user = current_user
    if live is None or not user.is_authenticated or not user.is_active or user.id != live.user_id:
        # Signing out also removes the CSRF token.
        if request.method == "POST" and _carries_our_token():
            g.ended_session_of = sessions.lately_idle(session.get(STAFF_FIELD, ""), now)
        session.pop(STAFF_FIELD, None)
        logout_user()
        return
    if live.spent_proof is not None and _proof() <= live.spent_proof:
        g.handed_over = True
        if request.endpoint not in PROVING:
            return
    g.staff_session = live
    if session_locks.is_locked(live, now):
        _find_locked(live)
        return
    if not is_by_itself() and sessions.is_due_to_be_seen(live, now):
        with transaction():
            live.seen_at = now


def _live(raw: str, now: datetime) -> StaffSession | None:
    """The live session, its person, and what stands around every page of staff, in one statement."""
    found = db.session.execute(
        sessions.live_staff(raw, now)
        .outerjoin(Practice, sa.true())
        .add_columns(*context.also_read(now), heartbeat.as_column().label("heartbeats"))
    ).one_or_none()
    if found is None:
        return None
    context.already_read(now, found.Practice, found.first_zone)
    g.heartbeats = heartbeat.from_column(found.heartbeats)
    live: StaffSession = found.StaffSession
    return live


def heartbeats() -> DeliveryHeartbeats:
    """The heartbeats of the delivery, as they were read with who is signed in."""
    if "heartbeats" not in g:
        g.heartbeats = heartbeat.heartbeats()
    found: DeliveryHeartbeats = g.heartbeats
    return found


def _find_locked(live: StaffSession) -> None:
    """Of a locked session no page knows who is signed in, except those that unlock it."""
    if live.locked_at is None:
        with transaction():
            lock_browser(is_by_itself=True)
    g.locked = True
    if request.endpoint not in UNLOCKING:
        g.staff_session = None


def is_by_itself() -> bool:
    """Whether a page asks without an act of the person, as the calendar does every few seconds: nobody is seen by that."""
    return request.endpoint in POLLS or request.headers.get("X-By-Itself") == "yes"


def _carries_our_token() -> bool:
    try:
        validate_csrf(request.form.get("csrf_token"))
    except ValidationError:
        return False
    return True


def _proof() -> float:
    """When the person in this browser last proved their identity, as the sign-in stores it; 0 for never."""
    return float(session.get("fs_paa", 0))
