"""How staff sign in: Flask-Security on our tables, with password and second factor, or a passkey.

Every session is also a row on the server (`accounts.sessions`), so that signing out, idleness and leaving end it at
once. All attempts are limited in PostgreSQL. Nobody can register; the first owner comes from the command line.
"""

from typing import Any, cast

from flask import Blueprint, Flask, flash, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import user_logged_out
from flask_security import Security
from flask_security.signals import (
    password_changed,
    tf_code_confirmed,
    tf_profile_changed,
    user_authenticated,
    wan_deleted,
    wan_registered,
)

from clinic import clock
from clinic.accounts import audit, limits, security_events, sessions, team
from clinic.accounts.models import StaffSession, User, WebAuthn
from clinic.db import db, transaction
from clinic.refusal import Refusal
from clinic.staff.auth import (
    attempts,
    device_mark,
    first_owner,
    flask_security_settings,
    forms,
    own_sessions,
    second_factor,
)
from clinic.staff.auth.first_owner import FirstOwnerForm
from clinic.staff.auth.password_form import PasswordForm
from clinic.staff.day import practice_zone
from clinic.web import access, context, signed_in_staff
from clinic.web.access import anyone, audience, staff
from clinic.web.signed_in_staff import STAFF_FIELD

blueprint = Blueprint("sign_in", __name__, url_prefix="/staff")


def init_app(app: Flask) -> None:
    """Compose sign-in for one application; a Security object belongs to one application only."""
    for name, value in flask_security_settings.OPTIONS.items():
        app.config.setdefault(f"SECURITY_{name}", value)  # The test environment hashes more quickly.
    app.config.from_mapping(
        {f"SECURITY_MSG_{name}": message for name, message in flask_security_settings.MESSAGES.items()}
    )
    security = Security(
        login_form=forms.SignInForm,
        verify_form=forms.PasswordAgainForm,
        change_password_form=forms.NewPasswordForm,
        two_factor_verify_code_form=forms.CodeForm,
        mf_recovery_form=forms.RecoveryForm,
        wan_register_form=forms.PasskeyForm,
        wan_signin_response_form=forms.PasskeyAnswerForm,
        mail_util_cls=second_factor.OurMail,
        password_util_cls=second_factor.StaffPasswords,
        totp_cls=second_factor.OneTimeTotp,
        webauthn_util_cls=second_factor.Passkeys,
        mf_recovery_codes_util_cls=second_factor.RecoveryCodes,
    )
    security.init_app(app, second_factor.Staff(db, cast(Any, User), cast(Any, None), cast(Any, WebAuthn)))
    security.want_json(lambda request: False)
    security.login_manager.request_loader(
        lambda request: None
    )  # Nobody signs in with a token, so none is looked up.
    access.declare(app, flask_security_settings.POLICIES)
    app.before_request(attempts.limit_attempts)
    app.before_request(stay_signed_in)
    app.register_blueprint(blueprint)
    user_authenticated.connect(_signed_in, app)
    user_logged_out.connect(_signed_out, app)
    for signal, action in _AUDITED:
        signal.connect(action, app)


def stay_signed_in() -> ResponseReturnValue | None:
    """Somebody signed in needs no code; Flask-Security would sign them out for merely opening that page."""
    if request.endpoint != "security.two_factor_token_validation" or signed_in_staff.signed_in_user() is None:
        return None
    if session.get("tf_state") == "validating_profile":
        return None
    return redirect(url_for("sign_in.account"), 303)


def _signed_in(app: Flask, user: User, authn_via: list[str] | None = None, **more: Any) -> None:
    """Complete a sign-in: create a session on the server, and a new CSRF token."""
    now = clock.now()
    session.pop("_remember", None)
    session.pop("csrf_token", None)
    g.pop("csrf_token", None)
    _end_own_session()
    if authn_via == ["change"]:
        sessions.end_all_of(user, now)
    place = context.practice()
    session[STAFF_FIELD] = sessions.open_staff(
        user, now, own_sessions.device(), lock_minutes=place.lock_minutes if place else None
    )
    session.permanent = True
    device_mark.remember(user)
    audit.record(
        audit.by_user(user.id),
        "signed_in",
        user,
        purpose=" ".join(authn_via or ["code"]),
        network=security_events.network_hash(request.remote_addr),
        now=now,
    )


def _signed_out(app: Flask, user: Any, **more: Any) -> None:
    _end_own_session()


def _end_own_session() -> None:
    """End the row of this browser's session, if it has one, whether or not the caller commits anything else."""
    raw = session.pop(STAFF_FIELD, None)
    now = clock.now()
    live: StaffSession | None = sessions.staff(raw, now) if raw else None
    g.pop("staff_session", None)
    if live is not None:
        sessions.end(live, now)
        audit.record(
            audit.by_user(live.user_id), "signed_out", subject_type="users", subject_id=live.user_id, now=now
        )
        db.session.commit()


def _audited(action: str) -> Any:
    def note(app: Flask, user: User, **more: Any) -> None:
        audit.record(
            audit.by_user(user.id), action, subject_type="users", subject_id=user.id, now=clock.now()
        )

    return note


_AUDITED = (
    (password_changed, _audited("password_changed")),
    (tf_profile_changed, _audited("second_factor_changed")),
    (tf_code_confirmed, _audited("second_factor_used")),
    (wan_registered, _audited("passkey_added")),
    (wan_deleted, _audited("passkey_deleted")),
)


class SetUpLinkGone(Refusal):
    """The set-up link was used or is older than a day."""

    status = 410
    code = "link-gone"
    sentence = "This address was used before or has run out. Ask an owner of the practice for a new one."


@blueprint.route("/set-up/<token>", methods=["GET", "POST"])
@audience(anyone)
def set_up(token: str) -> ResponseReturnValue:
    """Choose a password with the link from an owner or the command line; opening the page does not use it up.

    The first owner is also asked whether they treat clients themselves.
    """
    now = clock.now()
    if request.method == "POST":
        limits.take(limits.SET_UP_LINK, limits.network(request.remote_addr), now)
    user = team.find_set_up(token, now)
    if user is None:
        return render_template("staff/auth/link_gone.html"), SetUpLinkGone.status
    form = FirstOwnerForm() if first_owner.is_asked(user) else PasswordForm()
    try:
        if form.validate_on_submit() and _is_chosen(form, user, token):
            flash("Your password is set. Please sign in.", "ok")
            return redirect(url_for("security.login"), 303)
    except SetUpLinkGone as gone:
        return render_template("staff/auth/link_gone.html"), gone.status
    return render_template("staff/auth/set_up.html", form=form, user=user, has_errors=form.has_errors)


def _is_chosen(form: PasswordForm, user: User, token: str) -> bool:
    password = form.password.data or ""
    objection = second_factor.objection(password, user)
    if objection is not None:
        form.password.errors = [objection]
        return False
    now = clock.now()
    with transaction():
        chosen = team.choose_password(token, second_factor.compared(password), now)
        if chosen is None:
            raise SetUpLinkGone
        audit.record(audit.by_user(chosen.id), "password_set_by_link", chosen, now=now)
        if isinstance(form, FirstOwnerForm) and form.treats.data == first_owner.YES:
            first_owner.begin_treating(chosen, now)
    return True


@blueprint.get("/account")
@audience(staff)
def account() -> ResponseReturnValue:
    """One's own sign-in: password, app, recovery codes, passkeys, and other devices."""
    user = signed_in_staff.signed_in_user()
    assert user is not None
    now = clock.now()
    mark = device_mark.of_request()
    return render_template(
        "staff/auth/account.html",
        here="account",
        user=user,
        own=g.staff_session,
        others=sessions.others_of(user, g.staff_session, now),
        zone=practice_zone(now),
        is_marked=mark is not None and mark.knows(user.id),
    )


@blueprint.post("/account/forget-device")
@audience(staff)
def forget_device() -> ResponseReturnValue:
    """Remove this browser's device mark; the session continues."""
    user = signed_in_staff.signed_in_user()
    assert user is not None
    device_mark.forget(user)
    with transaction():
        audit.record(access.actor(), "device_forgotten", user, now=clock.now())
    flash("This device is forgotten. Your next sign-in here makes it known again.", "ok")
    return redirect(url_for("sign_in.account"), 303)


@blueprint.post("/account/sign-out-others")
@audience(staff, fresh=True)
def sign_out_others() -> ResponseReturnValue:
    """End every other session of this person."""
    user = signed_in_staff.signed_in_user()
    assert user is not None
    now = clock.now()
    with transaction():
        sessions.end_others_of(user, g.staff_session, now)
        audit.record(access.actor(), "signed_out_elsewhere", user, now=now)
    flash("Every other device is signed out.", "ok")
    return redirect(url_for("sign_in.account"), 303)
