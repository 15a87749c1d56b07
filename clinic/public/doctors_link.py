"""The page for the doctor by mail: the client gives an address, and a one-time link sent there shows the page once.

Neither the letter nor an address of these pages says what the link is about. Following it proves the address.
"""

from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from clinic import clock
from clinic.accounts import limits
from clinic.accounts import services as accounts
from clinic.accounts.models import LinkPurpose
from clinic.db import transaction
from clinic.intake import doctor_pages
from clinic.public import doctors_letter
from clinic.public.doctors_letter import MailForm
from clinic.web.access import anyone, audience

blueprint = Blueprint("doctors_link", __name__)

UNPROCESSABLE = 422
GONE = 410


@blueprint.get("/intake/letter/mail")
@audience(anyone)
def ask() -> str:
    """Where to send the link; raises NoPageForDoctor without answers that a doctor should see."""
    doctors_letter.source_here(clock.now())
    return _ask_page(MailForm(formdata=None))


@blueprint.post("/intake/letter/mail")
@audience(anyone)
def ask_for_link() -> ResponseReturnValue:
    """Request the link; the letter follows from the request."""
    form, now = MailForm(), clock.now()
    source = doctors_letter.source_here(now)
    if not form.validate():
        return _ask_page(form), UNPROCESSABLE
    limits.take(limits.INTAKES_NETWORK, limits.network(request.remote_addr), now)
    limits.take(limits.DOCTOR_LINKS, str(source.id), now)
    limits.take(limits.DOCTOR_LINKS_MAIL, form.mail.data or "", now)
    try:
        with transaction():
            doctor_pages.ask(source, form.mail.data or "", now)
    except accounts.UnreadableAddress as unreadable:
        form.mail.errors = [unreadable.sentence]
        return _ask_page(form), UNPROCESSABLE
    return redirect(url_for(".asked"), 303)


def _ask_page(form: MailForm) -> str:
    return render_template("public/doctors_link/ask.html", form=form, has_errors=form.has_errors)


@blueprint.get("/own-page/asked")
@audience(anyone)
def asked() -> str:
    """The same page whether or not a letter follows."""
    return render_template("public/doctors_link/asked.html")


@blueprint.get("/own-page/again/<uuid:page_id>")
@audience(anyone)
def again(page_id: UUID) -> str:
    """The second link in the letter: it opens nothing, and its button sends a new one-time link."""
    return render_template("public/doctors_link/again.html", page_id=page_id)


@blueprint.post("/own-page/again/<uuid:page_id>")
@audience(anyone)
def again_by_mail(page_id: UUID) -> ResponseReturnValue:
    """Send a new link to the same address, if there still is such a page."""
    now = clock.now()
    limits.take(limits.DOCTOR_LINKS, str(page_id), now)
    with transaction():
        doctor_pages.ask_again(page_id, now)
    return redirect(url_for(".asked"), 303)


@blueprint.get("/own-page/<raw>")
@audience(anyone)
def link(raw: str) -> ResponseReturnValue:
    """A one-time link: a button, because mail programs follow links before people do."""
    if accounts.find_link(raw, LinkPurpose.DOCTOR_PAGE, clock.now()) is None:
        return _gone(raw)
    return render_template("public/doctors_link/link.html", raw=raw)


@blueprint.post("/own-page/<raw>")
@audience(anyone)
def open_page(raw: str) -> ResponseReturnValue:
    """Use up the link and show the page, at no URL that could be opened again; the access is recorded."""
    now = clock.now()
    limits.take(limits.LINK_USES_NETWORK, limits.network(request.remote_addr), now)
    with transaction():
        used = accounts.consume_link(raw, LinkPurpose.DOCTOR_PAGE, now)
        source = doctor_pages.opened(used.subject_id, now) if used and used.subject_id else None
        if source is not None:
            return doctors_letter.page(source, now, purpose="doctor's letter by link", mail=None)
    return _gone(raw)


def _gone(raw: str) -> ResponseReturnValue:
    """The way to another link, for whoever has one that was used or is too old."""
    ended = accounts.ended_link(raw, LinkPurpose.DOCTOR_PAGE)
    return render_template("public/doctors_link/gone.html", page_id=ended.subject_id if ended else None), GONE
