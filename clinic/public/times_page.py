"""The page on which a client chooses a time of a treatment: which times, at which location, and what stands beside them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, time
from typing import Any, TypeVar
from uuid import UUID

from flask import render_template, request, url_for

from clinic.booking import (
    admission,
    availability,
    barring,
    revalidation,
    same_person,
    services,
    trained_therapists,
)
from clinic.booking import queries as appointments
from clinic.booking.models import Appointment
from clinic.booking.refusals import NextStep, next_step
from clinic.booking.search_criteria import SearchCriteria
from clinic.intake import queries as intake
from clinic.intake.answered_limits import AnsweredLimits
from clinic.intake.queries import UNKNOWN, SafetyStanding
from clinic.language import N_
from clinic.practice import profiles
from clinic.practice import queries as practice
from clinic.practice.models import IntakeRule, Location, Therapist, Treatment
from clinic.practice.supply import supply_of
from clinic.public import structured_data
from clinic.public.menu import lengths_of, that_fit
from clinic.refusal import NotFound, Refusal
from clinic.web import gender_preference, slot_picker, time_values, visit_facts
from clinic.web.browser import known_browser
from clinic.web.signed_in_client import signed_in_client_id
from clinic.web.slot_picker import PickerUrl, SlotChoice, SlotTime

NOON = time(12)


def render(
    treatment: Treatment,
    now: datetime,
    *,
    refusal: Refusal | None = None,
    wanted: datetime | None = None,
    at: Location | None = None,
) -> str:
    """The times; after a refusal those of the wanted day, and if the time is gone, the nearest ones.

    `at` is the location of the time, for a page whose URL does not name it.
    """
    profiles.read_pages(treatment.therapists)
    place = at or place_of(treatment, now)
    standing = standing_here(place.zone, now)
    choice = _choice(treatment, now, standing, place, wanted)
    therapists = [one for one in treatment.therapists if one.id not in choice.left_out]
    lengths = lengths_of(treatment)
    fitting = that_fit(lengths, standing.limits.most_minutes)
    is_gone = refusal is not None and next_step(refusal) in (NextStep.OTHER_TIME, NextStep.NEW_RESERVATION)
    present, asked_for = practice.the_practice(), choice.search.therapist_id
    chosen_therapist = choice.therapists.get(asked_for) if asked_for else None
    picker = slot_picker.picker(choice, treatment.slug, _address(treatment, at=at), now)
    nearest, is_widened = [], False
    if is_gone and wanted:
        nearest = slot_picker.nearest_times(choice, wanted, now)
    elif refusal is None and (picker.empty_on or not any(times for _, times in picker.groups)):
        nearest, is_widened = _nearest_of_anybody(choice, now), True
    return render_template(
        "public/times.html",
        structured=structured_data.graph(
            structured_data.business(present, choice.location, now),
            structured_data.service(present, treatment, choice.location),
        ),
        treatment=treatment,
        agreed=visit_facts.facts_of_treatment(treatment, choice.location, chosen_therapist, present),
        asks_first=treatment.intake == IntakeRule.BEFORE_BOOKING
        and not standing.is_answered_for(treatment.modalities),
        lengths=fitting,
        most_minutes=standing.limits.most_minutes if fitting != lengths else None,
        is_confirmed=admission.needs_approval(treatment),
        therapists=therapists,
        with_pages=[one for one in therapists if profiles.has_page(one)],
        is_anybody_left_out=bool(choice.left_out),
        chosen_therapist=chosen_therapist,
        locations=practice.locations(now.date()),
        picker=picker,
        genders=gender_preference.choices(therapists),
        chosen_gender=gender_preference.asked_for(),
        is_widened=is_widened,
        action=_address(treatment, "booking.hold", at)(request.args.get("day"), request.args.get("from")),
        refusal=refusal or _why_nobody(choice),
        nearest=nearest,
        has_errors=refusal is not None,
    )


def _nearest_of_anybody(choice: SlotChoice, now: datetime) -> list[SlotTime]:
    """Where nothing suits: the nearest times to the chosen day, or to now, whoever gives them and when in the day."""
    anybody = replace(
        choice,
        supply=choice.everybody or choice.supply,
        search=replace(choice.search, therapist_id=None),
    )
    noon = datetime.combine(choice.day or now.astimezone(choice.zone).date(), NOON, choice.zone)
    return slot_picker.nearest_times(anybody, max(noon, now), now, reach=slot_picker.WEEKS)


def place_of(treatment: Treatment, now: datetime) -> Location:
    """The location of the visit: from the URL, or else where the treatment is usually given."""
    asked_for = named(practice.locations(now.date()), request.args.get("location"))
    place = asked_for or practice.usual_place(treatment.therapists, now.date())
    if place is None:
        raise NotFound(N_("This practice has no place to come to yet."))
    return place


def _choice(
    treatment: Treatment,
    now: datetime,
    standing: SafetyStanding,
    place: Location,
    wanted: datetime | None,
) -> SlotChoice:
    therapist = named(treatment.therapists, request.args.get("therapist"))
    client_id = signed_in_client_id()
    mine = known_browser()
    held = services.holds_of(mine) if mine else []
    everybody = barring.shown_to(supply_of(treatment.id), client_id)
    supply = trained_therapists.offered_to(everybody, AnsweredLimits.of(standing), client_id)
    offered = same_person.avoiding(supply, client_id, now, records=True)
    suiting = gender_preference.suiting(treatment.therapists, gender_preference.asked_for())
    return SlotChoice(
        supply=replace(offered, therapists=tuple(id_ for id_ in offered.therapists if id_ in suiting)),
        everybody=offered,
        is_every_time_shown=request.args.get("times") == slot_picker.EVERY,
        search=SearchCriteria(
            treatment.id,
            therapist_id=therapist.id if therapist else None,
            location_id=place.id,
            own_therapist=appointments.own_therapist(client_id) if client_id else None,
            moving=tuple(kept.id for kept in held[:1]),
        ),
        location=place,
        therapists={person.id: person for person in treatment.therapists},
        day=time_values.read_day(request.args.get("day")) or slot_picker.local_day_of(wanted, place),
        start=time_values.read_day(request.args.get("from")),
        not_before=standing.not_before,
        own=_own_time(held, treatment, therapist, place, now),
        left_out=trained_therapists.left_out(everybody, supply),
    )


def _own_time(
    held: Sequence[Appointment],
    treatment: Treatment,
    therapist: Therapist | None,
    place: Location,
    now: datetime,
) -> Appointment | None:
    """The time this browser keeps, where it is one of those that are shown and can still be booked."""
    for kept in held:
        is_shown = (kept.treatment_id, kept.location_id) == (treatment.id, place.id)
        is_shown = is_shown and (therapist is None or kept.therapist_id == therapist.id)
        if is_shown and revalidation.is_live(kept, now) and revalidation.is_possible(kept, now):
            return None if _is_barred(kept.therapist_id) else kept
    return None


def _is_barred(therapist_id: UUID) -> bool:
    client_id = signed_in_client_id()
    return client_id is not None and not barring.barred_therapists(client_id).isdisjoint({None, therapist_id})


def _why_nobody(choice: SlotChoice) -> Refusal | None:
    """The sentence for a visitor who is shown no times because of a training or a bar; None for anybody else."""
    everybody = choice.everybody or choice.supply
    if availability.candidates(everybody, choice.search):
        return None
    if why := trained_therapists.why_nobody(choice.left_out, everybody, choice.search.therapist_id):
        return why
    client_id = signed_in_client_id()
    return barring.BarredOnline() if client_id and barring.barred_therapists(client_id) else None


def standing_here(zone: str, now: datetime) -> SafetyStanding:
    """What this visitor's answers mean, also when they booked nothing yet."""
    mine, client_id = known_browser(), signed_in_client_id()
    if mine is None and client_id is None:
        return UNKNOWN
    return intake.safety_standing(browser=mine, client_id=client_id, now=now, zone=zone)


Named = TypeVar("Named", Therapist, Location)


def named(among: Sequence[Named], slug: str | None) -> Named | None:
    """The one with this slug, None without a slug; raises NotFound if no such one is among them."""
    if not slug:
        return None
    for found in among:
        if found.slug == slug:
            return found
    raise NotFound


def _address(treatment: Treatment, endpoint: str = "booking.choose", at: Location | None = None) -> PickerUrl:
    """The URL of the times, keeping the chosen therapist and location."""

    def address(day: Any = None, start: Any = None, every: bool = False) -> str:
        return url_for(
            endpoint,
            slug=treatment.slug,
            therapist=request.args.get("therapist") or None,
            location=at.slug if at else request.args.get("location") or None,
            day=day,
            _anchor="times" if day and endpoint == "booking.choose" else None,
            **{"from": start, "with": request.args.get("with") or None},
            times=slot_picker.EVERY if every or request.args.get("times") == slot_picker.EVERY else None,
        )

    return address
