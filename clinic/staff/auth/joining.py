"""Accepting an invitation to the team: a name, a password, and then the sign-in, which asks for a second factor.

The link is a secret. Opening the page does not use it up, because mail programs follow links before people do.
"""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import StringField
from wtforms.validators import InputRequired

from clinic import clock
from clinic.accounts import limits, security_events, team
from clinic.accounts.models import User
from clinic.db import transaction
from clinic.messaging.kinds.team import ROLES
from clinic.practice import invitations
from clinic.practice.invitations import InvitationGone, InvitationStanding, StaffInvitation
from clinic.staff.auth import second_factor
from clinic.staff.auth.blueprint import blueprint
from clinic.staff.auth.password_form import PasswordForm
from clinic.web import typed_text
from clinic.web.access import anyone, audience

UNPROCESSABLE = 422

WHY_GONE = {
    InvitationStanding.EXPIRED: (
        "This invitation has run out",
        "It worked for three days. Ask the practice to send it again.",
    ),
    InvitationStanding.WITHDRAWN: (
        "This invitation was withdrawn",
        "The practice has taken it back. If you think that is a mistake, ask there.",
    ),
    InvitationStanding.USED: (
        "This invitation was accepted",
        "An account was made with it. If it is yours, you can sign in with your password.",
    ),
    InvitationStanding.REPLACED: (
        "There is a newer invitation",
        "The practice has sent it again. Open the address in the newest mail; this one no longer works.",
    ),
    InvitationStanding.UNKNOWN: (
        "This address does not work",
        "It may be incomplete, or from long ago. Open it from the mail once more, or ask the practice for a new invitation.",
    ),
}


class AcceptInvitationForm(PasswordForm):
    """Who joins, and their password."""

    given_name = StringField(
        "Given name",
        validators=[InputRequired("Enter your given name.")],
        render_kw={"autocomplete": "given-name"},
    )
    family_name = StringField(
        "Family name",
        validators=[InputRequired("Enter your family name.")],
        render_kw={"autocomplete": "family-name"},
    )


@blueprint.route("/join/<raw>", methods=["GET", "POST"])
@audience(anyone)
def join(raw: str) -> ResponseReturnValue:
    """Enter a name and choose a password, which creates the account."""
    now = clock.now()
    if request.method == "POST":
        limits.take(limits.SET_UP_LINK, limits.network(request.remote_addr), now)
    form = AcceptInvitationForm()
    try:
        invitation = invitations.find(raw, now)
        if form.validate_on_submit() and _is_acceptable(form, invitation):
            _accept(raw, form)
            flash("Your account is ready. Please sign in.", "ok")
            return redirect(url_for("security.login"), 303)
    except InvitationGone as gone:
        return _gone(*WHY_GONE[gone.standing]), gone.status
    except team.AlreadyStaff as already:
        return _gone("You are on the team already", "There is an account with this e-mail address."), (
            already.status
        )
    if not form.is_submitted() and invitation.therapist is not None:
        form.given_name.data = invitation.therapist.given_name
        form.family_name.data = invitation.therapist.family_name
    page = render_template(
        "staff/auth/join.html",
        form=form,
        invitation=invitation,
        roles=[ROLES[name] for name in invitation.role_names],
        has_errors=form.has_errors,
    )
    return page, UNPROCESSABLE if form.has_errors else 200


def _is_acceptable(form: AcceptInvitationForm, invitation: StaffInvitation) -> bool:
    """Whether the password is acceptable for this person; if not, the form says why."""
    person = User(
        email=invitation.email,
        given_name=form.given_name.data or "",
        family_name=form.family_name.data or "",
        role_names=list(invitation.role_names),
    )
    objection = second_factor.objection(form.password.data or "", person)
    if objection is not None:
        form.password.errors = [objection]
    return objection is None


def _accept(raw: str, form: AcceptInvitationForm) -> None:
    with transaction():
        invitations.accept(
            raw,
            given_name=form.given_name.data or "",
            family_name=form.family_name.data or "",
            password=second_factor.compared(form.password.data or ""),
            now=clock.now(),
            network=security_events.network_hash(request.remote_addr),
        )


def _gone(heading: str, text: str) -> str:
    return render_template("staff/auth/join_gone.html", heading=heading, text=text, typed=typed_text.typed())
