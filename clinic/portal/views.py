"""How a client signs in without a password, says who they are, and finds their pages.

A one-time link proves an address and nothing more. The visitor then chooses one of the people on that address, or says
they are somebody else. Opening the link's page does not use it up, so a mail scanner cannot; only the button does.
"""

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from clinic import clock
from clinic.accounts import audit, limits, sessions
from clinic.accounts import services as accounts
from clinic.accounts.models import Client, ClientSession, Contact, ContactKind, LinkPurpose
from clinic.db import db, transaction
from clinic.intake import queries as intake
from clinic.language import N_
from clinic.messaging.kinds.addresses import owe_sign_in
from clinic.portal import (
    consents,
    contact_data,
    course,
    details,
    home,
    namesakes,
    own_access,
    own_answers,
    own_data,
    own_documents,
    own_erasure,
    own_export,
    own_messages,
    past,
    plan,
    preferences,
    progress,
    waiting_list,
)
from clinic.portal.forms import NameForm, SignInLinkForm
from clinic.practice import queries as practice
from clinic.refusal import NotFound, Refusal
from clinic.web import languages, signed_in_client
from clinic.web.access import anyone, audience, client, contact
from clinic.web.browser import forget_browser, known_browser
from clinic.web.safe_redirects import own_path
from clinic.web.signed_in_client import client_of_page, session_of_page

blueprint = Blueprint("portal", __name__)
blueprints = (
    blueprint,
    details.blueprint,
    preferences.blueprint,
    course.blueprint,
    progress.blueprint,
    plan.blueprint,
    own_answers.blueprint,
    own_messages.blueprint,
    own_data.blueprint,
    own_access.blueprint,
    consents.blueprint,
    contact_data.blueprint,
    own_documents.blueprint,
    own_erasure.blueprint,
    own_export.blueprint,
)

NEXT = "after_sign_in"


class SignInLinkGone(Refusal):
    """The one-time link was used or is older than ten minutes."""

    status = 410
    code = "link-gone"
    sentence = N_("It was used before, or it is older than ten minutes. Ask for a new one.")


@blueprint.errorhandler(SignInLinkGone)
def link_gone(refusal: SignInLinkGone) -> ResponseReturnValue:
    """A used or expired link leads to where a new one can be requested."""
    return render_template("portal/link_gone.html", sentence=refusal.sentence), refusal.status


@blueprint.route("/my/sign-in", methods=["GET", "POST"])
@audience(anyone)
def sign_in() -> ResponseReturnValue:
    """Request a link. The answer is the same whether or not the address is known."""
    form = SignInLinkForm()
    if request.method == "GET" and (wanted := own_path(request.args.get("next"))):
        session[NEXT] = wanted
    if form.validate_on_submit():
        send_link(form.mail.data or "")
        return redirect(url_for("portal.sent"), 303)
    return render_template("portal/sign_in.html", form=form, has_errors=form.has_errors)


def send_link(mail: str) -> None:
    """Queue a letter to a known address, at most three an hour; unknown addresses are counted in the same way."""
    now = clock.now()
    limits.take(limits.SIGN_IN_LINKS_NETWORK, limits.network(request.remote_addr), now)
    limits.take(limits.SIGN_IN_LINKS, mail, now)
    with transaction():
        found = accounts.contacts_on(ContactKind.MAIL, accounts.normalise_mail(mail))
        if found:
            owe_sign_in(found[0], now)


@blueprint.get("/my/sign-in/sent")
@audience(anyone)
def sent() -> ResponseReturnValue:
    """What happens next."""
    return render_template("portal/sent.html")


@blueprint.get("/l/<token>")
@audience(anyone)
def link(token: str) -> ResponseReturnValue:
    """One button. GET does not use up the link."""
    found = accounts.find_link(token, LinkPurpose.SIGN_IN, clock.now())
    if found is None:
        raise SignInLinkGone
    if (proven := db.session.get(Contact, found.contact_id)) is not None:
        languages.speak_to(proven.client)
    return render_template("portal/link.html")


@blueprint.post("/l/<token>")
@audience(anyone)
def use_link(token: str) -> ResponseReturnValue:
    """Use up the link: the address counts as proven, and this browser gets a client session. Raises SignInLinkGone."""
    now = clock.now()
    limits.take(limits.LINK_USES_NETWORK, limits.network(request.remote_addr), now)
    with transaction():
        used = accounts.consume_link(token, LinkPurpose.SIGN_IN, now)
        proven = db.session.get(Contact, used.contact_id) if used else None
        if proven is None:
            raise SignInLinkGone
        people = accounts.people_on(proven)
        accounts.prove(proven, now)
        raw = sessions.open_client(proven, people[0].id if len(people) == 1 else None, now)
        if len(people) == 1:
            _part_from_others(people[0].id)
        audit.record(audit.by_contact(proven.id), "signed_in", proven, client_id=proven.client_id, now=now)
    there = redirect(_onwards() if len(people) == 1 else url_for("portal.choose"), 303)
    signed_in_client.remember_client(there, raw)
    return there


@blueprint.route("/my/who", methods=["GET", "POST"])
@audience(contact)
def choose() -> ResponseReturnValue:
    """Whose visits? The people on the proven address by first name, or somebody else."""
    found = session_of_page()
    proven = db.session.get_one(Contact, found.contact_id)
    people = accounts.people_on(proven)
    if request.method == "POST" and (wanted := request.form.get("person")):
        return _chosen(found, people, wanted)
    zone = practice.practice_zone(clock.now().date())
    return render_template("portal/who.html", people=people, told_apart=namesakes.told_apart(people, zone))


def _chosen(found: ClientSession, people: list[Client], wanted: str) -> ResponseReturnValue:
    if wanted == "other":
        return redirect(url_for("portal.somebody_else"), 303)
    person = next((one for one in people if str(one.id) == wanted), None)
    if person is None:
        raise NotFound
    with transaction():
        _become(found, person.id)
    return redirect(_onwards(), 303)


@blueprint.route("/my/new", methods=["GET", "POST"])
@audience(contact)
def somebody_else() -> ResponseReturnValue:
    """An additional person on the same proven address."""
    form = NameForm()
    if form.validate_on_submit():
        found = session_of_page()
        proven = db.session.get_one(Contact, found.contact_id)
        limits.take(limits.PEOPLE_CONTACT, proven.normalised, clock.now())
        with transaction():
            person = accounts.add_person_on(
                proven,
                given_name=form.given_name.data or "",
                family_name=form.family_name.data or "",
                now=clock.now(),
            )
            _become(found, person.id)
        return redirect(_onwards(), 303)
    return render_template("portal/new.html", form=form, has_errors=form.has_errors)


def _become(found: ClientSession, client_id: UUID) -> None:
    found.client_id = client_id
    languages.speak_to(db.session.get_one(Client, client_id))
    _part_from_others(client_id)
    audit.record(
        audit.by_contact(found.contact_id), "chose_who", subject_type="clients", subject_id=client_id,
        client_id=client_id, now=clock.now(),
    )  # fmt: skip


def _part_from_others(client_id: UUID) -> None:
    """Answers that another signed-in client began in this browser stay theirs: their emailed link still opens them."""
    draft = intake.draft(known_browser(), clock.now())
    if draft is not None and draft.client_id not in (None, client_id):
        forget_browser()


@blueprint.get("/my", endpoint="home")
@audience(client)
def first_page() -> str:
    """The next visit with what to do for it, how it has been, the course, and what was."""
    return home.page(client_of_page(), clock.now())


@blueprint.get("/my/past")
@audience(client)
def past_visits() -> str:
    """All visits that are over, a page at a time."""
    found = client_of_page()
    number = request.args.get("page", 1, type=int)
    return render_template("portal/past.html", past=past.page(found.client_id, number, clock.now()))


@blueprint.post("/my/waiting/<uuid:entry_id>/end")
@audience(client)
def end_waiting(entry_id: UUID) -> ResponseReturnValue:
    """Withdraw a waiting-list entry."""
    found, now = client_of_page(), clock.now()
    try:
        limits.take(limits.CHANGES_LINK, str(entry_id), now)
        with transaction():
            waiting_list.end(entry_id, found.client_id, actor=found.actor, now=now)
        flash(N_("You are no longer on the waiting list."), "ok")
    except limits.TooMany as often:
        flash(often.sentence, "caution")
    return redirect(url_for("portal.home"), 303)


@blueprint.post("/my/waiting/<uuid:entry_id>/back")
@audience(client)
def back_to_waiting(entry_id: UUID) -> ResponseReturnValue:
    """Put an entry back that was withdrawn within the last day."""
    found, now = client_of_page(), clock.now()
    try:
        limits.take(limits.CHANGES_LINK, str(entry_id), now)
        with transaction():
            waiting_list.come_back(entry_id, found.client_id, actor=found.actor, now=now)
        flash(N_("You are on the waiting list again, at your old place."), "ok")
    except practice.Unbookable as refusal:
        flash(refusal.sentence, "caution")
    except NotFound:
        raise
    except Refusal as refusal:
        flash(refusal.sentence, "caution")
    return redirect(url_for("portal.home"), 303)


@blueprint.post("/my/sign-out")
@audience(contact)
def sign_out() -> ResponseReturnValue:
    """End the session here and on the server; what was begun in this browser is hidden with it."""
    with transaction():
        sessions.end(session_of_page(), clock.now())
    forget_browser()
    languages.forget()
    flash(N_("You are signed out."), "ok")
    there = redirect("/", 303)
    signed_in_client.forget_client(there)
    return there


def _onwards() -> str:
    return own_path(session.pop(NEXT, None)) or url_for("portal.home")
