"""Settings, Team: somebody leaves. Their visits are handed over, their sign-in ends, and what they wrote stays theirs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from clinic import clock
from clinic.accounts import team
from clinic.accounts.models import User
from clinic.booking import handover
from clinic.booking.desk import RulesInTheWay
from clinic.booking.models import Appointment
from clinic.db import transaction
from clinic.plans import queries as plans
from clinic.practice import opening_hours, therapists
from clinic.practice import queries as practice
from clinic.practice.models import Therapist
from clinic.refusal import Refusal
from clinic.staff import desk
from clinic.staff.blueprint import blueprint
from clinic.staff.booking import obstacles
from clinic.staff.settings.layout import OWNERS, page, saved
from clinic.staff.settings.team_forms import HandOverForm
from clinic.web.access import actor, audience, staff
from clinic.web.forms import Form

REVISION = "revision-"


@dataclass(frozen=True, kw_only=True)
class Departure:
    """What somebody who leaves still has to do. Of reviews and notes only the number, because an owner reads no health
    data."""

    person: User
    place: Therapist | None
    visits: Sequence[Appointment]
    reviews: int
    courses: int
    unsigned: int


def _departure(person: User, now: datetime) -> Departure:
    place = therapists.of_user(person.id)
    return Departure(
        person=person,
        place=place,
        visits=handover.visits_to_come(place.id, now) if place else (),
        reviews=plans.open_reviews_of(place.id) if place else 0,
        courses=plans.running_courses_of(place.id) if place else 0,
        unsigned=len(plans.unsigned_notes(person.id)),
    )


@blueprint.get("/settings/team/<uuid:user_id>/leave", endpoint="settings_leave")
@audience(staff, *OWNERS, fresh=True)
def ask_leave(user_id: UUID) -> ResponseReturnValue:
    """What somebody who leaves still has to do, to whom it can go, and the end of their access."""
    person, now = team.member(user_id), clock.now()
    return _page(_departure(person, now), now)


@blueprint.post("/settings/team/<uuid:user_id>/hand-over", endpoint="settings_hand_over")
@audience(staff, *OWNERS, fresh=True)
def hand_over(user_id: UUID) -> ResponseReturnValue:
    """Give the ticked visits to a colleague, each at its own time; those that do not fit stay and say why."""
    person, now = team.member(user_id), clock.now()
    departure = _departure(person, now)
    form = _form(departure, now)
    if not form.validate_on_submit():
        return _page(departure, now, form)
    wanted, chosen = set(form.visits.data or ()), UUID(form.therapist.data)
    to = therapists.therapist(chosen)
    handed, kept = 0, {}
    for visit_id, revision in [(each.id, _shown(each)) for each in departure.visits]:
        if str(visit_id) not in wanted:
            continue
        try:
            with transaction():
                handover.hand_over(
                    visit_id, to_therapist_id=chosen, revision=revision, by=desk.user(), now=now
                )
            handed += 1
        except RulesInTheWay as refusal:
            kept[visit_id] = " ".join(obstacles.sentences(refusal.rules, to))
        except Refusal as refusal:
            kept[visit_id] = refusal.sentence
    if handed:
        visits = "1 visit goes" if handed == 1 else f"{handed} visits go"
        desk.say(f"{visits} to {to.name}. The clients get a letter.")
    if not kept:
        return redirect(url_for("staff.settings_leave", user_id=user_id), 303)
    return _page(_departure(team.member(user_id), now), now, kept=kept, to=to)


@blueprint.post("/settings/team/<uuid:user_id>/leave", endpoint="settings_left")
@audience(staff, *OWNERS, fresh=True)
def leave(user_id: UUID) -> ResponseReturnValue:
    """End somebody's sign-in and their time in the rota, at once."""
    person, now = team.member(user_id), clock.now()
    is_self, form = person.id == desk.user().id, Form()
    if not (form.validate_on_submit() and saved(form, lambda: _see_off(person, now))):
        return _page(_departure(team.member(user_id), now), now, refused=form)
    if is_self:
        return redirect(url_for("security.login"), 303)
    desk.say(
        f"{person.name} is signed out everywhere and can no longer sign in.",
        undo=url_for("staff.settings_come_back", user_id=user_id),
    )
    return redirect(url_for("staff.settings_team"), 303)


def _see_off(person: User, now: datetime) -> None:
    team.see_off(person, actor=actor(), now=now)
    therapists.leave(person, left_on=opening_hours.today(now), actor=actor(), now=now)


def _form(departure: Departure, now: datetime) -> HandOverForm:
    form = HandOverForm()
    form.visits.choices = [(str(each.id), each.reference) for each in departure.visits]
    own = departure.place.id if departure.place else None
    colleagues = [each for each in practice.therapists(opening_hours.today(now)) if each.id != own]
    form.therapist.choices = [("", "Choose a therapist"), *((str(each.id), each.name) for each in colleagues)]
    if not form.is_submitted():
        form.visits.data = [str(each.id) for each in departure.visits]
    return form


def _shown(visit: Appointment) -> int:
    """The revision of a visit as the page showed it; an impossible one if the page did not show it."""
    sent = request.form.get(f"{REVISION}{visit.id}", "")
    return int(sent) if sent.isascii() and sent.isdigit() and len(sent) < 9 else 0


def _page(
    departure: Departure,
    now: datetime,
    form: HandOverForm | None = None,
    *,
    kept: dict[UUID, str] | None = None,
    to: Therapist | None = None,
    refused: Form | None = None,
) -> ResponseReturnValue:
    """The page; 409 when some visits did not fit or the leaving was refused, 422 when the form has to be looked at."""
    shown = form or _form(departure, now)
    if kept:
        shown = _form(departure, now)
        shown.visits.data = [str(visit_id) for visit_id in kept]
    found = [
        *(refused.form_errors if refused else ()),
        *(each for errors in shown.errors.values() for each in errors),
    ]
    return page(
        "leave",
        "team",
        status=409 if kept or refused else None,
        problems=[(None, each) for each in found],
        departure=departure,
        person=departure.person,
        hand_over=shown,
        kept=kept or {},
        to=to,
        is_last_owner=departure.person.active and team.is_last_owner(departure.person),
        is_self=departure.person.id == desk.user().id,
        revision=REVISION,
    )
