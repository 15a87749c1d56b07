"""A parent's or guardian's consent: the young person gives an address, and its owner agrees through a one-time link."""

from datetime import datetime
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import BooleanField, EmailField
from wtforms.validators import InputRequired

from clinic import clock
from clinic.accounts import limits
from clinic.accounts import services as accounts
from clinic.accounts.models import LinkPurpose
from clinic.booking import queries as appointments
from clinic.db import transaction
from clinic.intake import consent, guardians, queries
from clinic.intake.models import Submission
from clinic.language import N_
from clinic.web.access import anyone, audience
from clinic.web.browser import known_browser
from clinic.web.forms import Form
from clinic.web.signed_in_client import signed_in_client_id

blueprint = Blueprint("guardian", __name__, url_prefix="/guardian")

UNPROCESSABLE = 422
GONE = 410


class GuardianForm(Form):
    """Where to reach the parent or guardian."""

    mail = EmailField(
        N_("E-mail address of your parent or guardian"),
        description=N_("We send one link. Nothing about your health is in it."),
        validators=[InputRequired(N_("Enter the e-mail address of your parent or guardian"))],
        render_kw={"autocomplete": "off", "inputmode": "email", "spellcheck": "false"},
    )


class AgreeForm(Form):
    """The guardian's yes."""

    agree = BooleanField(
        N_("I am a parent or guardian, and I agree to this."),
        validators=[InputRequired(N_("Please tick that you agree, or close this page"))],
    )


@blueprint.get("")
@audience(anyone)
def show() -> ResponseReturnValue:
    """What somebody under 18 has to do before booking, or that it is done."""
    submission = _under_age(clock.now())
    if submission is None:
        return redirect(url_for("outcome.show"), 303)
    return _page(GuardianForm(formdata=None), submission)


@blueprint.post("")
@audience(anyone)
def ask() -> ResponseReturnValue:
    """Request the link; the letter follows from the request."""
    now, form = clock.now(), GuardianForm()
    submission = _under_age(now)
    if submission is None:
        raise guardians.NoGuardianNeeded
    if not form.validate():
        return _page(form, submission), UNPROCESSABLE
    limits.take(limits.INTAKES_NETWORK, limits.network(request.remote_addr), now)
    limits.take(limits.GUARDIAN_LINKS, form.mail.data or "", now)
    try:
        with transaction():
            guardians.ask(submission, form.mail.data or "", now)
    except accounts.UnreadableAddress as unreadable:
        form.mail.errors = [unreadable.sentence]
        return _page(form, submission), UNPROCESSABLE
    return redirect(url_for(".show"), 303)


def _page(form: GuardianForm, submission: Submission) -> str:
    asked = guardians.consent_asked(submission)
    return render_template(
        "public/guardian/ask.html",
        form=form,
        has_errors=form.has_errors,
        is_asked=asked is not None,
        is_agreed=guardians.is_agreed(submission),
        held=appointments.reservation_of(known_browser(), clock.now()),
    )


def _under_age(now: datetime) -> Submission | None:
    """This browser's newest answers, if they are from somebody under 18."""
    found = queries.newest_full(browser=known_browser(), client_id=signed_in_client_id(), now=now)
    return found if found is not None and guardians.is_under_age(found.outcome) else None


@blueprint.get("/again/<uuid:consent_id>")
@audience(anyone)
def go_on(consent_id: UUID) -> str:
    """The permanent link in the letter: it opens nothing, and its button sends a new one-time link."""
    return render_template("public/guardian/again.html", consent_id=consent_id, is_sent=False)


@blueprint.post("/again/<uuid:consent_id>")
@audience(anyone)
def mail_fresh_link(consent_id: UUID) -> str:
    """Send a new link to the same address; the page is the same whether or not one follows."""
    now = clock.now()
    limits.take(limits.GUARDIAN_LINKS_AGAIN, str(consent_id), now)
    with transaction():
        guardians.ask_again(consent_id, now)
    return render_template("public/guardian/again.html", consent_id=consent_id, is_sent=True)


@blueprint.get("/<raw>")
@audience(anyone)
def link(raw: str) -> ResponseReturnValue:
    """The guardian's page: what is asked, and a button, because mail programs follow links before people do."""
    if accounts.find_link(raw, LinkPurpose.GUARDIAN_CONSENT, clock.now()) is None:
        return render_template("public/guardian/gone.html"), GONE
    return _consent_page(AgreeForm(formdata=None), raw)


@blueprint.post("/<raw>")
@audience(anyone)
def agree(raw: str) -> ResponseReturnValue:
    """Record the guardian's consent and use up the link."""
    now, form = clock.now(), AgreeForm()
    limits.take(limits.LINK_USES_NETWORK, limits.network(request.remote_addr), now)
    if accounts.find_link(raw, LinkPurpose.GUARDIAN_CONSENT, now) is None:
        return render_template("public/guardian/gone.html"), GONE
    if not form.validate():
        return _consent_page(form, raw), UNPROCESSABLE
    with transaction():
        found = accounts.consume_link(raw, LinkPurpose.GUARDIAN_CONSENT, now)
        given = guardians.agree(found.subject_id, now) if found and found.subject_id else None
    if given is None:
        return render_template("public/guardian/gone.html"), GONE
    return render_template("public/guardian/thanks.html")


def _consent_page(form: AgreeForm, raw: str) -> str:
    return render_template(
        "public/guardian/agree.html",
        form=form,
        has_errors=form.has_errors,
        raw=raw,
        paragraphs=consent.GUARDIAN.paragraphs,
    )
