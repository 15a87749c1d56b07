"""What every staff page needs: who is signed in, whether a record may be opened, where to go back to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from clinic.accounts.models import User
from clinic.accounts.permissions import Permission
from clinic.booking import queries as booking_queries
from clinic.booking.models import Appointment
from clinic.db import db
from clinic.plans import queries as plans
from clinic.practice.models import Therapist
from clinic.refusal import NotFound
from clinic.staff.blueprint import blueprint
from clinic.web import access, signed_in_staff
from clinic.web.safe_redirects import own_path

STAFF_PAGES = (blueprint.name, "sign_in", "security")
"""Blueprints whose pages have the navigation rail; pages before the sign-in get no count."""


def user() -> User:
    """The signed-in member of staff. Raises NotFound for anybody else, whom a declared audience never lets through."""
    found = signed_in_staff.signed_in_user()
    if found is None:
        raise NotFound
    return found


def own_therapist() -> Therapist | None:
    """The therapist the signed-in person is, if any."""
    return db.session.scalars(sa.select(Therapist).where(Therapist.user_id == user().id)).one_or_none()


def visit(appointment_id: UUID) -> Appointment:
    """An agreed visit; raises NotFound for anything else, including a hold."""
    found = booking_queries.appointment(appointment_id)
    if found.client_id is None:
        raise NotFound
    return found


def client_id_of(appointment: Appointment) -> UUID:
    """The visit's client; raises NotFound for a hold."""
    if appointment.client_id is None:
        raise NotFound
    return appointment.client_id


def require_own(client_id: UUID, now: datetime) -> None:
    """Raise NotFound unless the signed-in person may open this client's health record."""
    if not access.may(Permission.HEALTH_READ) or not plans.treats(user().id, client_id, now):
        raise NotFound


def back_to(fallback: str) -> ResponseReturnValue:
    """Redirect (303) to the staff page a form came from, or to the fallback."""
    return redirect(staff_path(request.form.get("back")) or fallback, 303)


def staff_path(asked: str | None) -> str | None:
    """One of the staff's own pages to return to; None for anything else."""
    path = own_path(asked)
    return path if path is not None and path.startswith("/staff") and "//" not in path else None


@dataclass(frozen=True, kw_only=True)
class FlashAct:
    """A button beside what was just said: its words, where its form is sent, and what the form holds."""

    text: str
    to: str
    fields: Mapping[str, str]


def say(
    text: str,
    *,
    undo: str | None = None,
    fields: Mapping[str, str] | None = None,
    acts: Sequence[FlashAct] = (),
) -> None:
    """Say on the next page what was done, with a button to undo it if there is one, and with further acts."""
    # A message may be any JSON value; Flask's types know text alone.
    more = [{"text": act.text, "to": act.to, "fields": dict(act.fields)} for act in acts]
    message: Any = {"text": text, "undo": undo, "fields": dict(fields or {}), "acts": more}
    flash(message if undo or acts else text, "ok")


def sent_revision() -> int:
    """The revision of a visit that the page of this form showed; anything but a number counts as outdated."""
    sent = request.form.get("revision", "")
    return int(sent) if sent.isascii() and sent.isdigit() and len(sent) < 10 else -1


def undo_address(appointment: Appointment) -> str:
    """The URL that undoes the last act on a visit."""
    return url_for("staff.undo", appointment_id=appointment.id)
