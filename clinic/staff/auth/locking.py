"""Locking this browser between two clients, unlocking it, and the PIN for that (`accounts.session_locks`)."""

from urllib.parse import urlsplit

from flask import current_app, flash, g, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security.utils import logout_user
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect
from wtforms import PasswordField
from wtforms.validators import EqualTo, InputRequired, ValidationError

from clinic import clock
from clinic.accounts import audit, session_locks
from clinic.accounts.models import StaffSession
from clinic.accounts.security_events import SecurityEvent
from clinic.accounts.session_locks import LONGEST, SHORTEST
from clinic.db import transaction
from clinic.staff import desk
from clinic.staff.auth.blueprint import blueprint
from clinic.web import access, security_log, signed_in_staff
from clinic.web.access import audience, staff
from clinic.web.forms import Form
from clinic.web.safe_redirects import own_path

OF_LOCKING = ("auth.unlock", "auth.before_locking", "auth.lock_state")
DIGITS = {"inputmode": "numeric", "autocomplete": "off"}


class UnlockForm(Form):
    """The PIN, to unlock."""

    pin = PasswordField("PIN", [InputRequired("Enter your PIN.")], render_kw=DIGITS)


class PinForm(Form):
    """A new PIN, typed twice."""

    pin = PasswordField(
        "New PIN",
        [InputRequired("Enter a PIN.")],
        description=f"{SHORTEST} to {LONGEST} digits that nobody here would guess. It is for this browser and until you sign out.",
        render_kw={**DIGITS, "autocomplete": "new-password"},
    )
    pin_again = PasswordField(
        "The same PIN again",
        [InputRequired("Enter the PIN again."), EqualTo("pin", "The two PINs differ.")],
        render_kw={**DIGITS, "autocomplete": "new-password"},
    )

    def validate_pin(self, field: PasswordField) -> None:
        """Refuse what is no PIN, or is tried first."""
        if field.data and (refused := session_locks.objection(field.data)):
            raise ValidationError(refused)


@blueprint.post("/lock")
@audience(staff)
def lock() -> ResponseReturnValue:
    """Lock this browser; what unlocks it leads back to the page it was locked on.

    Without a PIN or a passkey a page asks first, because unlocking would take the whole sign-in.
    """
    back = _way_back(request.form.get("next"))
    if g.staff_session.pin_hash is None and not desk.user().webauthn and "anyway" not in request.form:
        return redirect(url_for("auth.before_locking", next=back), 303)
    with transaction():
        signed_in_staff.lock_browser()
    return redirect(url_for("auth.unlock", next=back), 303)


@blueprint.get("/lock")
@audience(staff)
def before_locking() -> ResponseReturnValue:
    """Say that there is no PIN yet, and offer to choose one or to lock all the same."""
    back = _way_back(request.args.get("next"))
    return render_template("staff/auth/before_locking.html", here="account", back=back)


@blueprint.get("/lock/state")
@audience(staff)
def lock_state() -> ResponseReturnValue:
    """Say to a page that asks by itself that the browser is open, and to whom; a locked one answers 423 before this.

    Asked after a key or a press, it keeps the browser open as any page does.
    """
    return jsonify(locked=False, person=str(desk.user().id))


@blueprint.route("/unlock", methods=["GET", "POST"])
@audience(staff)
def unlock() -> ResponseReturnValue:
    """Unlock this browser by its PIN. The fifth wrong one in a row signs the person out."""
    back = _way_back(request.args.get("next"))
    if not signed_in_staff.is_locked():
        return redirect(back, 303)
    form = UnlockForm()
    if g.staff_session.pin_hash is not None and form.validate_on_submit():
        tried = _tried(form.pin.data or "")
        if tried is None:
            return redirect(back, 303)
        if tried <= 0:
            return _sign_out(back)
        form.pin.errors = [f"That is not the PIN. {_left(tried)}"]
    page = render_template(
        "staff/auth/unlock.html",
        form=form,
        own=g.staff_session,
        person=g.staff_session.user,
        back=back,
        has_errors=form.has_errors,
    )
    return page, 400 if form.has_errors else 200


def _tried(pin: str) -> int | None:
    """Try a PIN: None if it unlocked the browser, otherwise how many tries are left."""
    own: StaffSession = g.staff_session
    with transaction():
        counted = session_locks.count_try(own)
    if counted is None:
        return 0
    if counted.fits(pin):
        with transaction():
            signed_in_staff.unlock_browser("PIN")
        return None
    security_log.note(SecurityEvent.PIN_WRONG, actor=audit.by_user(own.user_id), account_id=own.user_id)
    return counted.left


def _left(tries: int) -> str:
    return "One try is left; then this browser signs you out." if tries == 1 else f"{tries} tries are left."


def _sign_out(back: str) -> ResponseReturnValue:
    own: StaffSession = g.staff_session
    person, now = own.user_id, clock.now()
    with transaction():
        audit.record(audit.by_user(person), "pin_used_up", subject_type="users", subject_id=person, now=now)
    logout_user()
    flash("The PIN does not open this browser any more. Please sign in.", "caution")
    return redirect(url_for("security.login", next=back), 303)


@blueprint.route("/pin", methods=["GET", "POST"])
@audience(staff, fresh=True)
def pin() -> ResponseReturnValue:
    """Choose the PIN that unlocks this browser, or another one."""
    form, own, back = PinForm(), g.staff_session, own_path(request.args.get("next"))
    if form.validate_on_submit():
        with transaction():
            session_locks.set_pin(own, form.pin.data or "")
            audit.record(access.actor(), "pin_set", desk.user(), now=clock.now())
            if "lock" in request.form:
                signed_in_staff.lock_browser()
        if "lock" in request.form:
            return redirect(url_for("auth.unlock", next=_way_back(back)), 303)
        desk.say("Your PIN is set for this browser.")
        return redirect(back or url_for("sign_in.account"), 303)
    page = render_template(
        "staff/auth/pin.html", here="account", form=form, own=own, back=back, has_errors=form.has_errors
    )
    return page, 400 if form.has_errors else 200


@blueprint.post("/pin/remove")
@audience(staff)
def remove_pin() -> ResponseReturnValue:
    """Remove the PIN; unlocking takes a passkey or the whole sign-in from then on."""
    with transaction():
        session_locks.remove_pin(g.staff_session)
        audit.record(access.actor(), "pin_removed", desk.user(), now=clock.now())
    desk.say("The PIN is removed.")
    return redirect(url_for("sign_in.account"), 303)


def _way_back(wanted: str | None) -> str:
    """The staff page that was open, if it can be opened by its address; otherwise *Today*."""
    asked = own_path(wanted)
    if asked is None or "//" in asked:
        return url_for("staff.today")
    try:
        endpoint, _ = current_app.url_map.bind("").match(urlsplit(asked).path, method="GET")
    except (HTTPException, RequestRedirect):
        return url_for("staff.today")
    declared = access.policy(current_app, endpoint)
    is_page = declared is not None and declared.audience == staff and endpoint not in OF_LOCKING
    return asked if is_page else url_for("staff.today")
