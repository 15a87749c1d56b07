"""Booking on the practice's own website: in a frame there one chooses treatment, day and time; the rest is asked at our own address.

1. The frame keeps a time under a secret of its own. Nobody is known in a frame, and nothing about health is asked in it.
2. *Go on* sends that secret, as a form, to a new tab at our own address. There the time moves to the browser
   (`booking.framed_reservations`), and the health questions follow as they always do.

The forms carry no token, since a frame has no session: each has to say that it comes from a page of ours.
"""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, current_app, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from clinic import clock
from clinic.accounts import limits
from clinic.booking import admission, availability, framed_reservations, services
from clinic.booking import queries as appointments
from clinic.booking.models import Appointment
from clinic.booking.refusals import NextStep, next_step
from clinic.booking.search_criteria import SearchCriteria
from clinic.db import transaction
from clinic.language import LANGUAGES
from clinic.practice import queries as practice
from clinic.practice.models import IntakeRule, Treatment
from clinic.practice.supply import supply_of
from clinic.public import kept_on_website, times_page
from clinic.public.menu import lengths_of, menu
from clinic.refusal import Refusal
from clinic.web import framing, languages, refusal_page, slot_picker, time_values, visit_facts
from clinic.web.access import anyone, audience, csrf, require_own_form
from clinic.web.browser import digest
from clinic.web.slot_picker import PickerUrl, SlotChoice

blueprint = Blueprint("website_booking", __name__, url_prefix=framing.FRAMED_PATH)
csrf.exempt(blueprint)


@blueprint.before_request
def require_own_forms() -> None:
    """Each form has to come from a page of ours."""
    if request.method == "POST":
        require_own_form()


@blueprint.get("")
@audience(anyone)
def treatments() -> str:
    """What can be booked, and the time that is kept already, if any."""
    return _treatments()


@blueprint.get("/<slug>")
@audience(anyone)
def choose(slug: str) -> ResponseReturnValue:
    """Days and times of one treatment."""
    present = practice.find_practice()
    if present is None or not present.is_open:
        return _to_treatments()
    try:
        treatment = practice.treatment(slug)
    except practice.Unbookable as refusal:
        return _treatments(refusal=refusal), refusal.status
    return _times(treatment, clock.now())


@blueprint.post("/<slug>")
@audience(anyone)
def hold(slug: str) -> ResponseReturnValue:
    """Keep the chosen time under a new secret; an earlier one is released."""
    now = clock.now()
    try:
        treatment = practice.treatment(slug)
    except practice.Unbookable as refusal:
        return _treatments(refusal=refusal), refusal.status
    starts_at, therapist_id = time_values.read_value(request.form.get("start", ""))
    network = limits.network(request.remote_addr)
    secret = framing.new_secret()
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
                browser=digest(secret),
                client_id=None,
                now=now,
                network=network,
                known=False,
                gives_up=framing.known_holder(),
            )
    except Refusal as refusal:
        if next_step(refusal) is NextStep.PHONE:
            return _to_treatments()
        return refusal_page.answer(_times(treatment, now, refusal=refusal, wanted=starts_at), refusal)
    return _kept_page(appointments.appointment(kept.id), secret, now)


@blueprint.get("/kept/time")
@audience(anyone)
def kept_time() -> ResponseReturnValue:
    """The time that is kept here, with the way on; the list when there is none."""
    now, secret = clock.now(), framing.kept_secret()
    found = _kept(now)
    if found is None or secret is None:
        return _to_treatments()
    return _kept_page(found, secret, now)


@blueprint.post("/kept/time")
@audience(anyone)
def release() -> ResponseReturnValue:
    """Give the time back and choose another."""
    with transaction():
        framed_reservations.release(digest(request.form.get(kept_on_website.FIELD, "")), clock.now())
    slug = request.form.get("slug", "")
    answer = make_response(
        redirect(url_for(".choose", slug=slug, **_spoken()), 303) if slug else _to_treatments()
    )
    framing.forget_secret(answer)
    return answer


@blueprint.get("/booking.js")
@audience(anyone)
def script() -> Response:
    """The script beside the frame on the practice's website: it makes the frame as high as its page."""
    return kept_on_website.script_for_websites()


def _to_treatments() -> Response:
    return make_response(redirect(url_for(".treatments", **_spoken()), 303))


def _treatments(*, refusal: Refusal | None = None) -> str:
    present = practice.find_practice()
    sold = practice.treatments() if present and present.is_open else []
    therapists = list(dict.fromkeys(one for treatment in sold for one in treatment.therapists))
    person = next((one for one in therapists if one.slug == request.args.get("therapist")), None)
    return _page(
        "treatments",
        menu=menu(each for each in sold if person is None or person in each.therapists),
        therapists=therapists,
        person=person,
        kept=_kept(clock.now()) if sold else None,
        refusal=refusal,
        has_errors=refusal is not None,
    )


def _times(
    treatment: Treatment, now: datetime, *, refusal: Refusal | None = None, wanted: datetime | None = None
) -> str:
    choice = _choice(treatment, now, wanted)
    present, asked_for = practice.the_practice(), choice.search.therapist_id
    chosen = choice.therapists.get(asked_for) if asked_for else None
    is_gone = refusal is not None and next_step(refusal) in (NextStep.OTHER_TIME, NextStep.NEW_RESERVATION)
    url = _address(treatment)
    return _page(
        "times",
        treatment=treatment,
        lengths=lengths_of(treatment),
        agreed=visit_facts.facts_of_treatment(treatment, choice.location, chosen, present),
        asks_first=treatment.intake == IntakeRule.BEFORE_BOOKING,
        is_confirmed=admission.needs_approval(treatment),
        chosen_therapist=chosen,
        locations=practice.locations(now.date()),
        picker=slot_picker.picker(choice, treatment.slug, url, now),
        action=_address(treatment, "website_booking.hold")(request.args.get("day"), request.args.get("from")),
        refusal=refusal,
        nearest=slot_picker.nearest_times(choice, wanted, now) if is_gone and wanted else [],
        has_errors=refusal is not None,
        is_anybody_there=bool(availability.candidates(choice.supply, choice.search)),
    )


def _choice(treatment: Treatment, now: datetime, wanted: datetime | None) -> SlotChoice:
    therapist = times_page.named(treatment.therapists, request.args.get("therapist"))
    place = times_page.place_of(treatment, now)
    return SlotChoice(
        supply=supply_of(treatment.id),
        search=SearchCriteria(
            treatment.id, therapist_id=therapist.id if therapist else None, location_id=place.id
        ),
        location=place,
        therapists={person.id: person for person in treatment.therapists},
        day=time_values.read_day(request.args.get("day")) or slot_picker.local_day_of(wanted, place),
        start=time_values.read_day(request.args.get("from")),
        is_every_time_shown=request.args.get("times") == slot_picker.EVERY,
    )


def _kept(now: datetime) -> Appointment | None:
    """The time that this browser keeps on this website and that has not passed."""
    found = appointments.reservation_of(framing.known_holder(), now)
    return found if found is not None and found.held_until and found.held_until > now else None


def _kept_page(visit: Appointment, secret: str, now: datetime) -> Response:
    present = practice.the_practice()
    page = _page(
        "kept",
        visit=visit,
        secret=secret,
        field=kept_on_website.FIELD,
        asks_first=visit.treatment.intake == IntakeRule.BEFORE_BOOKING,
        agreed=visit_facts.facts_of_visit(visit, present, now),
    )
    answer = make_response(page)
    framing.remember_secret(answer, secret, (visit.held_until or now) - now + timedelta(minutes=1))
    return answer


def _page(name: str, **shown: object) -> str:
    """A page for the frame. Error pages are none of these, so no website can frame them."""
    present = practice.find_practice()
    websites = present.websites if present else []
    framing.allow_websites(websites)
    return render_template(
        f"public/website_booking/{name}.html",
        websites=websites,
        spoken=_spoken(),
        host=urlsplit(current_app.config["PUBLIC_URL"]).netloc,
        **shown,
    )


def _spoken() -> dict[str, Any]:
    """The language that the frame's address names, for its links: a frame has no cookie that would remember it."""
    named = request.args.get(languages.IN_URL, "")
    return {languages.IN_URL: named} if named in LANGUAGES else {}


def _address(treatment: Treatment, endpoint: str = "website_booking.choose") -> PickerUrl:
    def address(day: Any = None, start: Any = None, every: bool = False) -> str:
        return url_for(
            endpoint,
            slug=treatment.slug,
            therapist=request.args.get("therapist") or None,
            location=request.args.get("location") or None,
            day=day,
            _anchor="times" if day and endpoint == "website_booking.choose" else None,
            times=slot_picker.EVERY if every or request.args.get("times") == slot_picker.EVERY else None,
            **{"from": start},
            **_spoken(),
        )

    return address
