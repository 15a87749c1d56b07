"""The pages on which a client moves a visit: other times around it, first with the same therapist, and the question before it moves."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from flask import render_template, request, url_for

from clinic.booking import barring, changes, same_person, states, trained_therapists
from clinic.booking.models import Appointment
from clinic.booking.placing import supply_as_agreed
from clinic.booking.search_criteria import SearchCriteria
from clinic.intake import queries as intake
from clinic.language import N_
from clinic.practice import profiles
from clinic.practice.models import Therapist
from clinic.practice.supply import Supply, supply_of
from clinic.public.times_page import named
from clinic.refusal import NotFound, Refusal
from clinic.web import gender_preference, slot_picker, time_values
from clinic.web.slot_picker import SlotChoice

ANYBODY = "any"
"""In the URL, in place of a therapist."""


class TooSoon(Refusal):
    """The answers allow a visit only later; a link reveals no more than that."""

    code = "too-soon"
    sentence = N_("This time is too soon after what you told us. Please choose a later one, or call us.")


class NobodyElse(Refusal):
    """Nobody can be offered for this visit; a link reveals no more than that."""

    code = "nobody-else"
    sentence = N_(
        "We cannot offer you another time online. Your appointment stays as it is; please call us to move it."
    )


def render(
    visit: Appointment,
    token: str,
    now: datetime,
    *,
    gone: Refusal | None = None,
    wanted: datetime | None = None,
) -> str:
    """The times around the visit's day with its therapist, unless the URL says otherwise; after a refusal around `wanted`."""
    supply, gender = _supply(visit, now), gender_preference.asked_for()
    offered = [person for person in visit.treatment.therapists if person.id in supply.therapists]
    profiles.read_pages(offered)
    therapist = _therapist(visit, offered, gender)
    suiting = gender_preference.suiting(offered, gender)
    choice = SlotChoice(
        search=SearchCriteria(
            visit.treatment_id,
            therapist_id=therapist.id if therapist else None,
            location_id=visit.location_id,
            own_therapist=visit.therapist_id,
            moving=(visit.id,),
        ),
        location=visit.location,
        therapists={person.id: person for person in visit.treatment.therapists},
        day=_day(visit, wanted),
        start=time_values.read_day(request.args.get("from")),
        supply=replace(supply, therapists=tuple(id_ for id_ in supply.therapists if id_ in suiting)),
        present=visit,
        is_every_time_shown=request.args.get("times") == slot_picker.EVERY,
        not_before=not_before(visit, now),
    )
    asked = request.args.get("times") == slot_picker.EVERY

    def address(day: Any = None, start: Any = None, endpoint: str = ".choose", every: bool = asked) -> str:
        return url_for(
            endpoint,
            token=token,
            day=day,
            times=slot_picker.EVERY if every else None,
            therapist=request.args.get("therapist") or None,
            _anchor="times" if day and endpoint == ".choose" else None,
            **{"from": start, "with": gender},
        )

    return render_template(
        "public/move.html",
        visit=visit,
        token=token,
        picker=slot_picker.picker(choice, visit.treatment.slug, address, now),
        action=address(request.args.get("day"), request.args.get("from"), ".move"),
        therapists=offered,
        chosen_therapist=therapist,
        genders=gender_preference.choices(offered),
        chosen_gender=gender,
        gone=gone or (None if supply.therapists else NobodyElse()),
        nearest=slot_picker.nearest_times(choice, wanted, now) if gone and wanted else [],
        has_errors=gone is not None,
    )


def render_question(visit: Appointment, token: str, starts_at: datetime, therapist_id: UUID) -> str:
    """Whether the visit is to move to this time; nothing has changed yet. Raises NotFound for a stranger's therapist."""
    therapist = next((one for one in visit.treatment.therapists if one.id == therapist_id), None)
    if therapist is None:
        raise NotFound
    return render_template(
        "public/move_sure.html",
        visit=visit,
        token=token,
        starts_at=starts_at,
        ends_at=starts_at + (visit.ends_at - visit.starts_at),
        therapist=therapist,
        start=time_values.value(starts_at, therapist_id),
        free_until=states.free_until(visit),
        undo_minutes=changes.UNDO // timedelta(minutes=1),
        day=slot_picker.local_day_of(starts_at, visit.location),
    )


def not_before(visit: Appointment, now: datetime) -> datetime | None:
    """From when the client's answers allow a visit; None if they do not postpone it."""
    return intake.safety_standing(
        browser=None, client_id=visit.client_id, now=now, zone=visit.zone
    ).not_before


def _therapist(visit: Appointment, offered: list[Therapist], gender: str | None) -> Therapist | None:
    """Whose times are shown: the visit's own therapist if they can be offered, unless somebody else was chosen."""
    wanted = request.args.get("therapist")
    if wanted == ANYBODY or (gender and not wanted):
        return None
    return named(offered, wanted or None) or next(
        (person for person in offered if person.id == visit.therapist_id), None
    )


def _day(visit: Appointment, wanted: datetime | None) -> date | None:
    """The day to open; None where the URL names weeks only."""
    asked = time_values.read_day(request.args.get("day"))
    if asked is not None or request.args.get("from"):
        return asked
    return slot_picker.local_day_of(wanted or visit.starts_at, visit.location)


def _supply(visit: Appointment, now: datetime) -> Supply:
    """The supply for the visit as agreed, without the times of the client's other visits; a link reveals nothing about
    other records.

    Therapists the client is barred from are left out, and those who lack a training, because the move would be refused.
    """
    supply = supply_as_agreed(supply_of(visit.treatment_id, retired_too=True), visit)
    supply = barring.shown_to(supply, visit.client_id)
    supply = trained_therapists.offered_to_client(supply, visit.client_id, now, visit.id)
    return same_person.avoiding(supply, visit.client_id, now, records=False, moving=[visit.id])
