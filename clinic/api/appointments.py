"""Hold a time, book it, read it, move it, cancel it: the pages' verbs for API callers.

A caller owns what it has the secret of: a hold's secret, or an appointment's manage token. Without it the answer is
404, as for something that never existed.
"""

import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, current_app, json, jsonify, request, url_for
from pydantic import BaseModel

from clinic import clock
from clinic.accounts import audit, limits, signed_links
from clinic.accounts import services as accounts
from clinic.accounts.models import Client
from clinic.api import request_parsing, schemas
from clinic.api.blueprint import blueprint
from clinic.api.problems import Invalid, LongPast, RevisionNeeded, StaleMatch, invalid, problem
from clinic.booking import (
    admission,
    availability,
    changes,
    idempotency,
    past_visits,
    same_person,
    search_criteria,
    services,
    states,
    trained_therapists,
)
from clinic.booking import queries as appointments
from clinic.booking.models import Appointment, State
from clinic.booking.placing import NotOffered, supply_as_agreed
from clinic.booking.refusals import NextStep, next_step
from clinic.booking.search_criteria import SearchCriteria
from clinic.booking.suitability import OtherTherapist
from clinic.db import transaction
from clinic.practice import own_texts
from clinic.practice import queries as practice
from clinic.practice.models import Location
from clinic.practice.supply import Site, Supply, supply_named, supply_of
from clinic.refusal import NotFound, Refusal, Stale
from clinic.scheduling import hours
from clinic.scheduling.hours import Days
from clinic.web.access import anyone, audience
from clinic.web.browser import digest

NEAREST = 3

blueprint.register_error_handler(Invalid, invalid)


@blueprint.post("/holds")
@audience(anyone)
def keep() -> Response:
    """Keep a time for as long as the practice keeps one; the answer holds the secret that owns it."""
    request_parsing.query(())
    wanted, now = request_parsing.body(schemas.NewHold), clock.now()
    network = limits.network(request.remote_addr)
    limits.take(limits.HOLDS_NETWORK, network, now)
    supply = supply_named(wanted.treatment)
    criteria = search_criteria.from_slugs(supply, wanted.therapist, wanted.location)
    secret = secrets.token_urlsafe(32)
    try:
        with transaction():
            hold = services.hold(
                criteria,
                wanted.starts_at,
                browser=digest(secret),
                client_id=None,
                now=now,
                network=network,
                known=False,
                supply=supply,
            )
            # From what was read before the locks, so that nobody waits for it.
            kept = schemas.Hold(hold=secret, **_held(hold, supply))
    except Refusal as refusal:
        if next_step(refusal) is not NextStep.OTHER_TIME:
            raise
        return problem(refusal, nearest=_nearest(supply, criteria, wanted.starts_at, now))
    return _answer(kept, 201)


@blueprint.post("/appointments")
@audience(anyone)
def book() -> Response:
    """Book or request the time that is held, or a start. Sent again with the same key, it gives the same answer and books
    nothing."""
    request_parsing.query(())
    key, content, now = request_parsing.idempotency_key(), request_parsing.sent(), clock.now()
    if "start" in content and "hold" not in content:
        return _book_start(key, request_parsing.fitted(content, schemas.NewAppointmentAt), now)
    return _book_hold(key, request_parsing.fitted(content, schemas.NewAppointment), now)


def _book_hold(key: str, wanted: schemas.NewAppointment, now: datetime) -> Response:
    scope, content = digest(wanted.hold), wanted.model_dump()
    kept = appointments.kept_time(scope, now)
    if kept is None:  # Only the caller who booked it has an answer to a key, and then the hold is gone.
        return _answered_meanwhile(scope, key, content, services.HoldGone())

    def deed(client: Client) -> Appointment:
        return services.book(
            kept.id,
            browser=scope,
            client=client,
            actor=audit.VISITOR,
            now=now,
            plain=wanted.without_health_answers,
            therapist_decides=wanted.therapist_decides,
            seen=kept,
        )

    try:
        return _booked(deed, scope, key, wanted, now, country=kept.country)
    except Refusal as refusal:
        if next_step(refusal) is NextStep.HEALTH_QUESTIONS:
            return _to_questions(refusal, kept.treatment)
        return _answered_meanwhile(scope, key, content, refusal)


def _book_start(key: str, wanted: schemas.NewAppointmentAt, now: datetime) -> Response:
    # Never the digest of a browser or of a hold, whatever the secret is.
    scope, content = digest(f"start {wanted.secret}"), wanted.model_dump()
    if (earlier := idempotency.earlier(scope, key, content)) is not None:
        return _again(earlier)
    supply = supply_named(wanted.treatment)
    criteria = search_criteria.from_slugs(supply, wanted.therapist, wanted.location)

    def deed(client: Client) -> Appointment:
        return services.book_start(
            criteria,
            wanted.starts_at,
            browser=scope,
            client=client,
            now=now,
            supply=supply,
            plain=wanted.without_health_answers,
            therapist_decides=wanted.therapist_decides,
        )

    try:
        return _booked(deed, scope, key, wanted, now, country=supply.rules.country)
    except Refusal as refusal:
        if (earlier := idempotency.earlier(scope, key, content)) is not None:
            return _again(earlier)
        step = next_step(refusal)
        if step is NextStep.HEALTH_QUESTIONS:
            return _to_questions(refusal, wanted.treatment)
        if step is NextStep.OTHER_TIME:
            return problem(refusal, nearest=_nearest(supply, criteria, wanted.starts_at, now))
        raise


def _booked(
    deed: Callable[[Client], Appointment],
    scope: bytes,
    key: str,
    wanted: schemas.Visitor,
    now: datetime,
    *,
    country: str,
) -> Response:
    """Count the try, add the client, book for them, and store the answer."""
    _check_addresses(wanted, country)
    network = limits.network(request.remote_addr)
    limits.take_both((limits.BOOKINGS_NETWORK, network), (limits.BOOKINGS_CONTACT, wanted.mail), now)
    with transaction():
        client = accounts.add_client(
            given_name=wanted.given_name,
            family_name=wanted.family_name,
            mail=wanted.mail,
            phone=wanted.phone,
            country=country,
            now=now,
        )
        made = deed(client)
        token = signed_links.token(signed_links.MANAGE, made.id, made.link_epoch)
        answer = idempotency.StoredAnswer(201, made.id, schemas.dumped(_appointment(made, token, now)))
        idempotency.remember(scope, key, wanted.model_dump(), answer, now)
    return _again(answer)


def _to_questions(refusal: Refusal, slug: str) -> Response:
    page = current_app.config["PUBLIC_URL"] + url_for("booking.choose", slug=slug)
    return problem(refusal, page=page)


def _answered_meanwhile(scope: bytes, key: str, content: dict[str, Any], refusal: Refusal) -> Response:
    """Of two sent at once, the second finds the time taken by its own booking and gets the same answer."""
    if (earlier := idempotency.earlier(scope, key, content)) is not None:
        return _again(earlier)
    raise refusal


@blueprint.get("/appointments/<token>")
@audience(anyone)
def show(token: str) -> Response:
    """How an appointment stands."""
    request_parsing.query(())
    return _shown(_owned(token), token)


@blueprint.patch("/appointments/<token>")
@audience(anyone)
def move(token: str) -> Response:
    """Give an appointment another time; the old one is let go only with the new one."""
    request_parsing.query(())
    visit, now = _owned(token), clock.now()
    wanted = request_parsing.body(schemas.Move)
    people = {person.slug: person.id for person in visit.treatment.therapists}
    if wanted.therapist not in (None, search_criteria.ANYBODY, *people):
        raise NotFound("No such therapist gives this treatment.")
    who = visit.therapist_id if wanted.therapist is None else people.get(wanted.therapist)
    criteria = SearchCriteria(
        visit.treatment_id, who, visit.location_id, own_therapist=visit.therapist_id, moving=(visit.id,)
    )

    def deed(revision: int) -> Appointment:
        return changes.move(
            visit.id,
            wanted.starts_at,
            therapist_id=who,
            location_id=visit.location_id,
            revision=revision,
            actor=audit.by_link(visit.id),
            now=now,
        )

    try:
        return _changed(visit, token, wanted.revision, deed, now)
    except (NotOffered, OtherTherapist) as gone:
        if isinstance(gone, OtherTherapist):
            criteria = replace(criteria, therapist_id=None)
        supply = supply_as_agreed(supply_of(visit.treatment_id, retired_too=True), visit)
        supply = trained_therapists.offered_to_client(supply, visit.client_id, now, visit.id)
        supply = same_person.avoiding(supply, visit.client_id, now, records=False, moving=[visit.id])
        return problem(gone, nearest=_nearest(supply, criteria, wanted.starts_at, now))


@blueprint.delete("/appointments/<token>")
@audience(anyone)
def cancel(token: str) -> Response:
    """Cancel an appointment; for two minutes its page takes that back."""
    revision = request_parsing.query(("revision",)).get("revision")
    if revision is not None and not (revision.isascii() and revision.isdigit() and len(revision) < 10):
        raise Invalid({"?revision": "Give a whole number."})
    visit, now = _owned(token), clock.now()

    def deed(seen: int) -> Appointment:
        return changes.cancel(visit.id, revision=seen, actor=audit.by_link(visit.id), now=now)

    return _changed(visit, token, int(revision) if revision else None, deed, now)


def _changed(
    visit: Appointment, token: str, revision: int | None, deed: Callable[[int], Appointment], now: datetime
) -> Response:
    """Do something to an appointment if the caller saw its present revision."""
    named = request_parsing.if_match()
    seen = named if named is not None else revision
    if seen is None:
        raise RevisionNeeded
    limits.take(limits.CHANGES_LINK, str(visit.id), now)
    try:
        with transaction():
            deed(seen)
    except Stale as stale:
        refusal: Refusal = StaleMatch() if named is not None else stale
        return problem(refusal, revision=appointments.appointment(visit.id).revision)
    except admission.NotCleared:
        raise NotAtThatTime from None
    return _shown(appointments.appointment(visit.id), token)


class NotAtThatTime(Refusal):
    """Because of the client's answers this time is too soon; the API does not say which answers."""

    status = 403
    code = "call-the-practice"
    sentence = "Please call the practice to move this appointment to that time."


def _owned(token: str) -> Appointment:
    """The appointment with this manage token. Raises NotFound for an invalid token, LongPast a month after its end."""
    visit = appointments.by_manage_token(token)
    if past_visits.is_long_past(visit, clock.now()):
        raise LongPast
    return visit


def _check_addresses(wanted: schemas.Visitor, country: str) -> None:
    """Refuse impossible addresses, all at once. Raises Invalid."""
    faults = {}
    try:
        accounts.normalise_mail(wanted.mail)
    except accounts.UnreadableAddress as unreadable:
        faults["/mail"] = unreadable.sentence
    try:
        if wanted.phone:
            accounts.normalise_phone(wanted.phone, country)
    except accounts.UnreadableAddress as unreadable:
        faults["/phone"] = unreadable.sentence
    if faults:
        raise Invalid(faults)


def _again(answer: idempotency.StoredAnswer) -> Response:
    response = jsonify(answer.body)
    response.status_code = answer.status
    response.headers["Location"] = url_for(".show", token=answer.body["token"])
    response.headers["ETag"] = f'"{answer.body["revision"]}"'
    return response


def _shown(visit: Appointment, token: str) -> Response:
    response = _answer(_appointment(visit, token, clock.now()), 200)
    response.headers["ETag"] = f'"{visit.revision}"'
    return response


def _answer(value: BaseModel, status: int) -> Response:
    return Response(json.dumps(schemas.dumped(value)), status, mimetype="application/json")


def _appointment(visit: Appointment, token: str, now: datetime) -> schemas.Appointment:
    can_undo = changes.can_undo(visit, "client", now)
    return schemas.Appointment(
        token=token,
        page=f"{current_app.config['PUBLIC_URL']}{signed_links.manage_path(visit.id, visit.link_epoch)}",
        reference=visit.reference,
        state=visit.state,  # type: ignore[arg-type]  # Whoever has a token has a client; holds have none.
        revision=visit.revision,
        treatment=own_texts.said(visit.treatment, "mail_name", request_parsing.language_wanted()),
        free_until=_shown_at(states.free_until(visit), visit),
        decided_by=_shown_at(visit.decide_by, visit) if visit.decide_by else None,
        can_change=visit.state in (State.BOOKED, State.REQUESTED) and visit.starts_at > now,
        can_undo_until=_shown_at(visit.undo_until, visit) if can_undo and visit.undo_until else None,
        **_when_and_where(visit),
    )


def _held(hold: Appointment, supply: Supply) -> dict[str, Any]:
    assert hold.held_until is not None
    site, therapist_id = supply.site_at(hold.location_id), hold.therapist_id
    return {
        **_when(hold),
        "therapist": schemas.Who(
            slug=supply.therapist_slugs[therapist_id], name=supply.therapist_names[therapist_id]
        ),
        "location": _where(site),
        "currency": supply.rules.currency,
        "held_until": _shown_at(hold.held_until, hold),
        "questions": supply.intake,
        "policy": own_texts.said(
            supply.rules, "policy", request_parsing.language_wanted(supply.rules.language)
        ),
    }


def _when_and_where(visit: Appointment) -> dict[str, Any]:
    return {
        **_when(visit),
        "therapist": schemas.Who(slug=visit.therapist.slug, name=visit.therapist.name),
        "location": _where(visit.location),
        "currency": practice.the_practice().currency,
    }


def _when(visit: Appointment) -> dict[str, Any]:
    return {
        "start": _shown_at(visit.starts_at, visit),
        "end": _shown_at(visit.ends_at, visit),
        "zone": visit.zone,
        "length_minutes": visit.length_minutes,
        "price_cents": visit.price_cents,
    }


def _where(place: Location | Site) -> schemas.Where:
    return schemas.Where(slug=place.slug, name=place.name, street=place.street, town=place.town)


def _shown_at(at: datetime, visit: Appointment) -> str:
    """The local time at the visit's location, with its UTC offset."""
    return at.astimezone(ZoneInfo(visit.zone)).isoformat(timespec="minutes")


def _nearest(supply: Supply, criteria: SearchCriteria, wanted: datetime, now: datetime) -> list[str]:
    """The free starts nearest to one that is taken, within a week before and after it, in each location's local
    time."""
    day = hours.local_day(wanted, ZoneInfo("UTC"))
    week = Days(day - timedelta(days=7), day + timedelta(days=8))
    with availability.without_transaction():
        found = availability.find_offers(supply, criteria, week, now, ranked=False)
    return [
        start.starts_at.astimezone(found.supply.zone_of(start.candidates[0].location)).isoformat(
            timespec="minutes"
        )
        for start in found.offers.nearest(wanted, NEAREST)
    ]
