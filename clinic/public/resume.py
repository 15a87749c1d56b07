"""Continuing the intake later or elsewhere: a one-time link by email binds the answers to another browser."""

from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import StringField

from clinic import clock
from clinic.accounts import limits
from clinic.accounts import services as accounts
from clinic.accounts.models import LinkPurpose
from clinic.db import transaction
from clinic.intake import drafts
from clinic.intake.models import Draft
from clinic.language import N_
from clinic.public.intake import AddressNotProven, draft_here, not_proven, way_on, without_draft
from clinic.web import one_time
from clinic.web.access import anyone, audience
from clinic.web.browser import browser
from clinic.web.forms import Form

blueprint = Blueprint("resume", __name__, url_prefix="/intake")
blueprint.register_error_handler(drafts.NoDraft, without_draft)
blueprint.register_error_handler(AddressNotProven, not_proven)

UNPROCESSABLE = 422


class ResumeForm(Form):
    """Where to send the link when page 0 left it open."""

    mail = StringField(
        N_("E-mail address"),
        description=N_("We send one link. Nothing about your health is in it."),
        render_kw={"autocomplete": "email", "type": "email", "inputmode": "email"},
    )


@blueprint.get("/resume")
@audience(anyone)
def later() -> str:
    """How to continue later: in this browser, or elsewhere by an emailed link."""
    draft = draft_here()
    return _later_page(ResumeForm(formdata=None), draft)


@blueprint.post("/resume")
@audience(anyone)
def ask_for_link() -> ResponseReturnValue:
    """Request the link; the letter follows from the request."""
    form, draft, now = ResumeForm(), draft_here(), clock.now()
    if not form.validate():
        return _later_page(form, draft), UNPROCESSABLE
    limits.take(limits.RESUME_LINKS, str(draft.id), now)
    try:
        with transaction():
            drafts.ask_resume(browser(), form.mail.data, now)
    except (drafts.NoAddress, accounts.UnreadableAddress) as refusal:
        form.mail.errors = [refusal.sentence]
        return _later_page(form, draft), UNPROCESSABLE
    return redirect(url_for(".link_asked"), 303)


def _later_page(form: ResumeForm, draft: Draft) -> str:
    return render_template(
        "public/resume/ask.html",
        form=form,
        has_errors=form.has_errors,
        has_address=draft.mail is not None,
        go_on=way_on(draft),
    )


@blueprint.get("/link-asked")
@audience(anyone)
def link_asked() -> str:
    """The same page whether or not a letter follows, so that it reveals nothing."""
    return one_time.asked_page(
        N_(
            "If your answers are still kept, a link is on its way to the address you gave. It works for ten minutes, once."
        )
    )


@blueprint.get("/go-on/<uuid:draft_id>")
@audience(anyone)
def go_on(draft_id: UUID) -> str:
    """The link in a letter, valid as long as the draft: it opens nothing, and its button sends a new one-time link."""
    return one_time.again_page(
        heading=N_("Go on with your answers"), to=url_for(".mail_fresh_link", draft_id=draft_id)
    )


@blueprint.post("/go-on/<uuid:draft_id>")
@audience(anyone)
def mail_fresh_link(draft_id: UUID) -> ResponseReturnValue:
    """Send a new link to the draft's own address, if there is such a draft."""
    now = clock.now()
    limits.take(limits.RESUME_LINKS, str(draft_id), now)
    with transaction():
        drafts.ask_resume_of(draft_id, now)
    return redirect(url_for(".link_asked"), 303)


@blueprint.get("/resume/<raw>")
@audience(anyone)
def link(raw: str) -> ResponseReturnValue:
    """A one-time link."""
    if accounts.find_link(raw, LinkPurpose.RESUME_INTAKE, clock.now()) is None:
        return _gone()
    return one_time.button_page(
        heading=N_("Go on with your answers"),
        sentence=N_("Your answers will open on this device, and close on the one where you began."),
        act=N_("Go on here"),
        to=url_for(".use_link", raw=raw),
    )


@blueprint.post("/resume/<raw>")
@audience(anyone)
def use_link(raw: str) -> ResponseReturnValue:
    """Use up the link: the draft now belongs to this browser."""
    now = clock.now()
    limits.take(limits.LINK_USES_NETWORK, limits.network(request.remote_addr), now)
    with transaction():
        found = accounts.consume_link(raw, LinkPurpose.RESUME_INTAKE, now)
        draft = drafts.resume(found.subject_id, browser(), now) if found and found.subject_id else None
    if draft is None:
        return _gone()
    return redirect(way_on(draft), 303)


def _gone() -> ResponseReturnValue:
    return one_time.gone_page(
        N_(
            "A link works for ten minutes, once. The mail it came in holds a second address, where you can ask for a new one."
        ),
        way_on=(N_("Tell us about your back"), url_for("intake.begin")),
    )
