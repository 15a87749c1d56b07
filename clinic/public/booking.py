"""Booking: choose a treatment, choose a time (reserved from then on), answer the questions, enter your details.

All paths lead to the same gate, `booking.services.book`; a page can be skipped or forged, the gate cannot.
"""

from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from clinic import clock, language
from clinic.accounts import audit, limits, signed_links
from clinic.accounts import services as accounts
from clinic.accounts.models import Client
from clinic.booking import (
    admission,
    idempotency,
    services,
    states,
)
from clinic.booking import queries as appointments
from clinic.booking.idempotency import StoredAnswer
from clinic.booking.models import Appointment
from clinic.booking.refusals import NextStep, next_step
from clinic.booking.search_criteria import SearchCriteria
from clinic.booking.waiting import queries as waiting_list
from clinic.db import transaction
from clinic.guidance.levels import Level
from clinic.intake import drafts
from clinic.intake import queries as intake
from clinic.intake.queries import UNKNOWN
from clinic.intake.services import adopt
from clinic.language import N_
from clinic.plans import services as plans
from clinic.plans import to_book
from clinic.practice import queries as practice
from clinic.practice.models import IntakeRule
from clinic.public import extend_reservation, missing_treatments, times_page
from clinic.public.chosen_treatment import why_looked_at_first
from clinic.public.forms import BookingDetailsForm, PersonForm
from clinic.public.intake import SAID_NO
from clinic.public.menu import menu
from clinic.refusal import Refusal
from clinic.web import access, form_keys, refusal_page, time_values, visit_facts
from clinic.web.access import anyone, audience
from clinic.web.browser import browser, forget_typed, keep_typed, known_browser, typed
from clinic.web.signed_in_client import signed_in_client, signed_in_client_id

blueprint = Blueprint("booking", __name__, url_prefix="/book")

SENT_BEFORE = N_(
    "This form was sent before, with other details, and made a booking; that booking stays as it is, and nothing was "
    "done now. If you want another session, go on from here."
)


THERAPIST_DECIDES = "therapist_decides"
"""In the visitor's cookie until they have booked."""


@blueprint.get("")
@audience(anyone)
def treatments() -> str:
    """What can be booked."""
    return closed_page() or treatments_page()


@blueprint.get("/<slug>")
@audience(anyone)
def choose(slug: str) -> str:
    """Days and times of one treatment."""
    _note_decision()
    return closed_page() or times_page.render(practice.treatment(slug), clock.now())


@blueprint.post("/<slug>")
@audience(anyone)
def hold(slug: str) -> ResponseReturnValue:
    """Reserve the chosen time and continue with what is still to be asked."""
    now = clock.now()
    try:
        treatment = practice.treatment(slug)
    except practice.Unbookable as refusal:
        return treatments_page(refusal=refusal), refusal.status
    starts_at, therapist_id = time_values.read_value(request.form.get("start", ""))
    network = limits.network(request.remote_addr)
    try:
        limits.take(limits.HOLDS_NETWORK, network, now)
        with transaction():
            kept = services.hold(
                SearchCriteria(
                    treatment.id,
                    therapist_id=therapist_id,
                    location_id=times_page.place_of(treatment, now).id,
                ),
                starts_at,
                browser=browser(),
                client_id=signed_in_client_id(),
                now=now,
                network=network,
            )
            if treatment.intake == IntakeRule.BEFORE_BOOKING:
                drafts.choose(browser(), treatment.modalities, now)
    except Refusal as refusal:
        step = next_step(refusal)
        if (first := refusal_page.to_first(step)) is not None:
            return first
        page = closed_page() if step is NextStep.PHONE else ""
        page = page or times_page.render(treatment, now, refusal=refusal, wanted=starts_at)
        return refusal_page.answer(page, refusal)
    return redirect(next_page(kept, now), 303)


@blueprint.get("/details")
@audience(anyone)
def details() -> ResponseReturnValue:
    """The visitor's details, beside what was chosen."""
    now = clock.now()
    _note_decision()
    kept = appointments.reservation_of(known_browser(), now)
    if kept is None:
        return _without_time()
    if (won := waiting_list.won_with(kept.id)) is not None:
        return redirect(signed_links.offer_path(won.id, won.entry.link_epoch), 303)
    if not _plain(kept) and (first := next_page(kept, now)) != url_for(".details"):
        return redirect(first, 303)
    form = BookingDetailsForm(
        formdata=None,
        data={
            **known_details(),
            "key": form_keys.new(),
            "plain": _plain(kept),
            "decide": session.get(THERAPIST_DECIDES, False),
        },
    )
    return _details_page(form, kept)


@blueprint.post("/details")
@audience(anyone)
def book() -> ResponseReturnValue:
    """Book or request the reserved time. The same form sent twice finds its own booking."""
    now = clock.now()
    form = BookingDetailsForm()
    content = {name: form.data[name] for name in ("given_name", "family_name", "mail", "phone", "plain")}
    if form.decide.data:
        content["decide"] = True
    try:
        done = _done_before(form, content)
    except idempotency.OtherContent:
        return _with_a_new_key(form, idempotency.OtherContent(SENT_BEFORE), now)
    if done is not None:
        return done
    kept = appointments.reservation_of(known_browser(), now, lapsed_too=True)
    if kept is None:
        return _done_before(form, content) or _without_time()
    if extend_reservation.is_asked():
        return _kept_longer(form, kept, now)
    session[THERAPIST_DECIDES] = bool(form.decide.data)
    if not form.validate():
        return _details_page(form, kept), 422
    try:
        network = limits.network(request.remote_addr)
        limits.take_both(
            (limits.BOOKINGS_NETWORK, network), (limits.BOOKINGS_CONTACT, form.mail.data or ""), now
        )
        with transaction():
            booked = _book(form, kept, now)
            idempotency.remember(browser(), form.key.data or "", content, StoredAnswer(303, booked.id), now)
    except Refusal as refusal:
        return _done_before(form, content) or _refused(form, kept, refusal, now)
    forget_typed()
    session.pop(THERAPIST_DECIDES, None)
    return _to_done(booked)


def _refused(
    form: BookingDetailsForm, kept: Appointment, refusal: Refusal, now: datetime
) -> ResponseReturnValue:
    step = next_step(refusal)
    if step is NextStep.EARLIER_BOOKING:
        return _without_time()
    if step is NextStep.NEW_RESERVATION:
        return _choose_anew(form, kept, refusal, now)
    if step is NextStep.HEALTH_QUESTIONS:
        _keep_typed(form)
        flash(refusal.sentence, "plain")
    if (first := refusal_page.to_first(step)) is not None:
        return first
    return refusal_page.answer(_details_page(form, kept, refusal=refusal), refusal)


def _kept_longer(form: BookingDetailsForm, kept: Appointment, now: datetime) -> ResponseReturnValue:
    """The same page with what was typed and more time; or, if the time is gone, other times."""
    try:
        with transaction():
            kept = services.extend(kept.id, browser=browser(), now=now)
    except services.HoldGone as gone:
        return _choose_anew(form, kept, gone, now)
    return _details_page(form, appointments.appointment(kept.id))


def _choose_anew(
    form: BookingDetailsForm, kept: Appointment, gone: Refusal, now: datetime
) -> ResponseReturnValue:
    _keep_typed(form)
    if kept.treatment.retired_at is not None:
        return treatments_page(refusal=gone), gone.status
    page = times_page.render(kept.treatment, now, refusal=gone, wanted=kept.starts_at, at=kept.location)
    return page, gone.status


def _with_a_new_key(
    form: BookingDetailsForm, other: idempotency.OtherContent, now: datetime
) -> ResponseReturnValue:
    """An old page of a completed booking, sent with other details: nothing is done, and they can book again."""
    kept = appointments.reservation_of(known_browser(), now)
    if kept is None:
        _keep_typed(form)
        return treatments_page(refusal=other), other.status
    form.key.data = form_keys.new()
    return _details_page(form, kept, refusal=other), other.status


def _done_before(form: BookingDetailsForm, content: dict[str, Any]) -> ResponseReturnValue | None:
    """Redirect to the booking that this form made earlier; None if it made none."""
    if not form.key.data or form.key.process_errors:
        return None
    earlier = idempotency.earlier(browser(), form.key.data, content)
    if earlier is None or earlier.subject_id is None:
        return None
    forget_typed()
    return _to_done(appointments.appointment(earlier.subject_id))


def _to_done(visit: Appointment) -> ResponseReturnValue:
    return redirect(f"{signed_links.manage_path(visit.id, visit.link_epoch)}/done", 303)


def _book(form: BookingDetailsForm, kept: Appointment, now: datetime) -> Appointment:
    client, actor = client_of(form, now)
    adopt(browser(), client.id, now, is_new=actor == audit.VISITOR)
    appointment = services.book(
        kept.id,
        browser=browser(),
        client=client,
        actor=actor,
        now=now,
        plain=form.plain.data == "yes",
        therapist_decides=bool(form.decide.data),
    )
    submission = intake.newest_full(browser=None, client_id=client.id, now=now)
    if submission is not None:
        plans.open_review(submission.outcome, client.id, appointment, now)
    return appointment


def client_of(form: PersonForm, now: datetime) -> tuple[Client, str]:
    """The signed-in client, or a new one: a typed address proves nothing, so nobody is looked up by it."""
    known = signed_in_client()
    if known is not None:
        return known.record, known.actor
    new = accounts.add_client(
        given_name=form.given_name.data or "",
        family_name=form.family_name.data or "",
        mail=form.mail.data,
        phone=form.phone.data or None,
        country=practice.the_practice().country,
        language=form.language.data or language.ENGLISH,
        now=now,
    )
    return new, audit.VISITOR


def next_page(kept: Appointment, now: datetime) -> str:
    """After reserving a time: the health questions if the treatment asks any that are not answered, otherwise details."""
    if kept.treatment.intake == IntakeRule.BEFORE_BOOKING and not session.get(SAID_NO):
        standing = intake.safety_standing(
            browser=browser(), client_id=signed_in_client_id(), now=now, zone=kept.zone
        )
        if not standing.is_answered_for(kept.treatment.modalities):
            return url_for("intake.begin")
    return url_for("booking.details")


def _note_decision() -> None:
    """Remember that the visitor came by *Let the therapist decide*; the last page shows it ticked."""
    if request.args.get("decide") == "therapist":
        session[THERAPIST_DECIDES] = True


def _plain(kept: Appointment) -> str:
    """`yes` if the time is requested without health answers; only for treatments that ask for them."""
    wants_answers = kept.treatment.intake == IntakeRule.BEFORE_BOOKING
    said_no = request.args.get("plain") == "yes" or session.get(SAID_NO)
    return "yes" if wants_answers and said_no else ""


def known_details() -> dict[str, Any]:
    """What is known of the visitor already: typed before, or signed in."""
    kept = typed(clock.now())
    known = signed_in_client()
    if kept or known is None:
        return kept
    client = known.record
    by_kind = {contact.kind: contact.value for contact in client.contacts}
    return {
        "given_name": client.given_name,
        "family_name": client.family_name,
        "mail": by_kind.get("mail"),
        "phone": by_kind.get("phone"),
    }


def _keep_typed(form: BookingDetailsForm) -> None:
    """Remember typed details, so that nobody types their name twice because a time was lost or a question was open."""
    details = {name: form.data[name] or "" for name in ("given_name", "family_name", "mail", "phone")}
    keep_typed(details, clock.now())


def _without_time() -> ResponseReturnValue:
    flash(N_("Choose a time first; we keep it while you fill in your details."), "plain")
    return redirect(url_for(".treatments"), 303)


def treatments_page(*, refusal: Refusal | None = None) -> str:
    sold = practice.treatments() if practice.find_practice() else []
    person = times_page.named(practice.therapists(clock.now().date()), request.args.get("therapist"))
    if person is not None:
        sold = [treatment for treatment in sold if person in treatment.therapists]
    now = clock.now()
    missing = missing_treatments.why_missing(sold, signed_in_client_id(), now)
    offered = [treatment for treatment in sold if treatment.id not in missing]
    zone = practice.practice_zone(now.date())
    standing = times_page.standing_here(zone, now) if offered else UNKNOWN
    most_minutes = standing.limits.most_minutes
    shown = menu(offered, most_minutes)
    return render_template(
        "public/treatments.html",
        asks_first=any(
            treatment.intake == IntakeRule.BEFORE_BOOKING
            and not standing.is_answered_for(treatment.modalities)
            for treatment in sold
        ),
        person=person,
        menu=shown,
        most_minutes=most_minutes if shown != menu(offered) else None,
        missing=[(treatment, missing[treatment.id]) for treatment in sold if treatment.id in missing],
        refusal=refusal,
        has_errors=refusal is not None,
    )


def closed_page() -> str:
    """The sentence for somebody who cannot book online now; empty if they can, or before there is a practice."""
    present = practice.find_practice()
    return "" if present is None or present.is_open else render_template("public/closed.html")


def _details_page(form: BookingDetailsForm, kept: Appointment, *, refusal: Refusal | None = None) -> str:
    now, client_id = clock.now(), signed_in_client_id()
    standing = intake.safety_standing(browser=known_browser(), client_id=client_id, now=now, zone=kept.zone)
    whys = () if form.plain.data else why_looked_at_first(standing, kept, client_id)
    if whys and standing.submission is not None:
        outcome = standing.submission.outcome
        with transaction():
            audit.record(
                access.actor(),
                "read",
                outcome,
                client_id=client_id,
                purpose="booking",
                fields=("rules",),
                now=now,
            )
    asks = (
        bool(form.plain.data or whys)
        or standing.level_at(kept.starts_at) is Level.THERAPIST_REVIEW
        or admission.is_requested_first(kept.treatment, client_id)
    )
    return render_template(
        "public/details.html",
        form=form,
        visit=kept,
        asks=asks,
        whys=whys,
        course=to_book.left_to_book(client_id) if client_id else None,
        free_until=states.free_until(kept),
        agreed=visit_facts.facts_of_visit(kept, practice.the_practice(), now),
        refusal=refusal,
        has_errors=refusal is not None or form.has_errors,
    )
