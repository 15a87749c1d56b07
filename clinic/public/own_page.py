"""A page about a client's own answers by mail: the client gives an address, and a one-time link sent there shows it once.

It is the outcome, or after a stop the page for the doctor. Neither the letter nor an address of these pages says what the link
is about. Following it proves the address.
"""

from datetime import datetime
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from clinic import clock, language
from clinic.accounts import limits
from clinic.accounts import services as accounts
from clinic.accounts.models import Contact, LinkPurpose
from clinic.db import db, transaction
from clinic.intake import own_pages
from clinic.intake.models import Draft, OwnPage, PageShown, Submission
from clinic.language import N_
from clinic.public import doctors_letter, outcome
from clinic.public.doctors_letter import MailForm
from clinic.web import languages, one_time
from clinic.web.access import anyone, audience
from clinic.web.signed_in_client import signed_in_client

blueprint = Blueprint("own_page", __name__)

UNPROCESSABLE = 422


@blueprint.get("/intake/letter/mail")
@audience(anyone)
def ask() -> str:
    """Where to send the page for the doctor; raises NoPageForDoctor without answers that a doctor should see."""
    doctors_letter.source_here(clock.now())
    return _ask_page(PageShown.DOCTOR, _form_with_address())


@blueprint.post("/intake/letter/mail")
@audience(anyone)
def ask_for_link() -> ResponseReturnValue:
    """Request the link to the page for the doctor; the letter follows from the request."""
    return _request_link(doctors_letter.source_here(clock.now()), PageShown.DOCTOR)


@blueprint.get("/intake/outcome/mail")
@audience(anyone)
def ask_outcome() -> str:
    """Where to send the outcome; raises NoOutcome if there is none to send."""
    outcome.submission_here(clock.now())
    return _ask_page(PageShown.OUTCOME, _form_with_address())


@blueprint.post("/intake/outcome/mail")
@audience(anyone)
def ask_for_outcome() -> ResponseReturnValue:
    """Request the link to the outcome; the letter follows from the request."""
    return _request_link(outcome.submission_here(clock.now()), PageShown.OUTCOME)


def _request_link(source: Draft | Submission, shows: PageShown) -> ResponseReturnValue:
    form, now = MailForm(), clock.now()
    if not form.validate():
        return _ask_page(shows, form), UNPROCESSABLE
    limits.take(limits.INTAKES_NETWORK, limits.network(request.remote_addr), now)
    limits.take(limits.OWN_PAGE_LINKS, str(source.id), now)
    limits.take(limits.OWN_PAGE_LINKS_MAIL, form.mail.data or "", now)
    try:
        with transaction():
            own_pages.ask(source, form.mail.data or "", now, shows=shows, language=language.current())
    except accounts.UnreadableAddress as unreadable:
        form.mail.errors = [unreadable.sentence]
        return _ask_page(shows, form), UNPROCESSABLE
    return redirect(url_for(".asked"), 303)


def _form_with_address() -> MailForm:
    """With the address that a signed-in client has proven; with none for anybody else."""
    signed_in = signed_in_client()
    mail = db.session.get_one(Contact, signed_in.contact_id).value if signed_in else ""
    return MailForm(formdata=None, mail=mail)


def _ask_page(shows: PageShown, form: MailForm) -> str:
    back = "outcome.show" if shows is PageShown.OUTCOME else "doctors_letter.show"
    return render_template(
        "public/own_page/ask.html", form=form, has_errors=form.has_errors, shows=shows, back=url_for(back)
    )


@blueprint.get("/own-page/asked")
@audience(anyone)
def asked() -> str:
    """The same page whether or not a letter follows."""
    return one_time.asked_page(
        N_(
            "If your answers are still kept, a link is on its way to the address you gave. It works for ten minutes, once."
        )
    )


@blueprint.get("/own-page/again/<uuid:page_id>")
@audience(anyone)
def again(page_id: UUID) -> str:
    """The second link in the letter."""
    return one_time.again_page(
        heading=N_("Ask for another link"), to=url_for(".again_by_mail", page_id=page_id)
    )


@blueprint.post("/own-page/again/<uuid:page_id>")
@audience(anyone)
def again_by_mail(page_id: UUID) -> ResponseReturnValue:
    """Send a new link to the same address, if there still is such a page."""
    now = clock.now()
    limits.take(limits.OWN_PAGE_LINKS, str(page_id), now)
    with transaction():
        own_pages.ask_again(page_id, now)
    return redirect(url_for(".asked"), 303)


@blueprint.get("/own-page/<raw>")
@audience(anyone)
def link(raw: str) -> ResponseReturnValue:
    """A one-time link, with a choice of the language that the doctor reads."""
    found = accounts.find_link(raw, LinkPurpose.DOCTOR_PAGE, clock.now())
    if found is None:
        return _gone(raw)
    page = own_pages.page_behind(found)
    languages.speak_as_letters(page.language if page else None)
    return one_time.button_page(
        heading=N_("The page you asked for"),
        sentence=N_(
            "It is shown once, and says something about your health. Open it where nobody else looks on, and where you can print."
        ),
        act=N_("Show the page"),
        to=url_for(".open_page", raw=raw),
        with_languages=True,
    )


@blueprint.post("/own-page/<raw>")
@audience(anyone)
def open_page(raw: str) -> ResponseReturnValue:
    """Use up the link and show the page, at no URL that could be opened again; the access is recorded."""
    now = clock.now()
    limits.take(limits.LINK_USES_NETWORK, limits.network(request.remote_addr), now)
    with language.speaking(request.form.get("in", language.current())), transaction():
        page = own_pages.page_behind(accounts.consume_link(raw, LinkPurpose.DOCTOR_PAGE, now))
        shown = _shown(page, now) if page else None
    return shown or _gone(raw)


def _shown(page: OwnPage, now: datetime) -> str | None:
    """The page behind a link; None if its answers are no longer kept."""
    source = own_pages.answers_behind(page, now)
    if source is None:
        return None
    if page.shows == PageShown.OUTCOME:
        return outcome.page_by_link(source, now) if isinstance(source, Submission) else None
    return doctors_letter.page(source, now, purpose="doctor's letter by link", mail=None)


def _gone(raw: str) -> ResponseReturnValue:
    """The way to another link, for whoever has one that was used or is too old."""
    ended = accounts.ended_link(raw, LinkPurpose.DOCTOR_PAGE)
    if ended is None:
        return one_time.gone_page(
            N_(
                "A link works for ten minutes, once. The mail it came in holds a second address, where you can ask for a new one."
            )
        )
    return one_time.gone_page(
        N_("A link works for ten minutes, once. We can send a fresh one to the address you gave."),
        again=url_for(".again_by_mail", page_id=ended.subject_id),
    )
