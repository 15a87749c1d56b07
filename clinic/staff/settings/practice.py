"""The overview with the first hour's steps, the practice and its rules."""

from dataclasses import dataclass

import sqlalchemy as sa
from flask import redirect, url_for
from flask.typing import ResponseReturnValue

from clinic import clock
from clinic.booking import outside_hours
from clinic.db import db
from clinic.practice import booking_rules, legal_texts, opening_hours, practice_settings, queries
from clinic.practice.models import (
    Location,
    OnlineBooking,
    Practice,
    Room,
    Therapist,
    Treatment,
    WeeklyHours,
    treatment_rooms,
    treatment_therapists,
)
from clinic.staff import desk
from clinic.staff.blueprint import blueprint
from clinic.staff.settings.layout import BLOCKERS, OWNERS, page, saved
from clinic.staff.settings.practice_forms import BookingRulesForm, PracticeForm
from clinic.staff.settings.translated_forms import in_languages
from clinic.web.access import actor, audience, staff

IMPRINT = "staff.settings_legal"


@dataclass(frozen=True)
class SetUpStep:
    """One thing to do before clients can book, in the order in which they build on each other."""

    text: str
    why: str
    endpoint: str
    act: str
    is_done: bool


def steps() -> list[SetUpStep]:
    """From an empty practice to the first offer."""
    today = opening_hours.today(clock.now())

    sold = sa.select(Treatment.id).where(Treatment.retired_at.is_(None))
    here = sa.or_(Therapist.left_on.is_(None), Therapist.left_on > today)
    roomless = sold.where(
        Treatment.needs_room,
        ~sa.exists().where(
            treatment_rooms.c.treatment_id == Treatment.id,
            treatment_rooms.c.room_id == Room.id,
            Room.retired_at.is_(None),
        ),
    )
    given = sold.join(treatment_therapists).join(Therapist).where(here)
    working = sa.select(WeeklyHours.id).join(Therapist, Therapist.id == WeeklyHours.therapist_id).where(here)
    questions = (sa.select(Practice.id), sa.select(Location.id), sold, roomless, given, working)
    is_described, has_place, sells, lacks_room, is_given, works = (
        bool(one) for one in db.session.execute(sa.select(*(sa.exists(each) for each in questions))).one()
    )
    listed = [
        SetUpStep(
            "Say who you are",
            "Name, telephone, country and currency stand on every page and letter.",
            "staff.settings_practice",
            "Describe the practice",
            is_described,
        ),
        SetUpStep(
            "Add a location",
            "Its clock decides what time it is for every appointment.",
            "staff.settings_new_location",
            "Add a location",
            has_place,
        ),
        SetUpStep(
            "Add treatments",
            "What clients choose, with length and price.",
            "staff.settings_new_treatment",
            "Add a treatment",
            sells,
        ),
        SetUpStep(
            "Add rooms",
            "No two visits meet in one room. Skip this for treatments that need none.",
            "staff.settings_new_room",
            "Add a room",
            sells and not lacks_room,
        ),
        SetUpStep(
            "Add therapists",
            "Who gives which treatment.",
            "staff.settings_new_therapist",
            "Add a therapist",
            is_given,
        ),
        SetUpStep(
            "Enter weekly hours",
            "When each therapist can be booked.",
            "staff.settings_hours",
            "Enter hours",
            works,
        ),
    ]
    practice_here = queries.find_practice()
    if practice_here is not None and practice_here.country in legal_texts.IMPRINT_COUNTRIES:
        listed.append(
            SetUpStep(
                "Write the imprint",
                "Your country requires every business website to say who is behind it.",
                IMPRINT,
                "Write the imprint",
                not legal_texts.lacks_imprint(practice_here),
            )
        )
    return listed


def _online() -> str:
    """Whether clients can book online; *not open* before there is a practice."""
    present = queries.find_practice()
    return present.online_booking if present else OnlineBooking.NOT_OPEN


@blueprint.get("/settings", endpoint="settings")
@audience(staff, *BLOCKERS)
def overview() -> ResponseReturnValue:
    """What is set up, what comes next, and what needs a look."""
    listed = steps()
    next_step = next((step for step in listed if not step.is_done), None)
    return page(
        "home",
        "home",
        steps=listed,
        next_step=next_step,
        outside=len(outside_hours.ids(clock.now())),
        online=_online(),
        lacks_imprint=next_step is not None and next_step.endpoint == IMPRINT,
    )


@blueprint.route("/settings/practice", endpoint="settings_practice", methods=["GET", "POST"])
@audience(staff, *OWNERS)
def practice() -> ResponseReturnValue:
    """Who the practice is; saving it for the first time sets it up."""
    present = queries.find_practice()
    form = in_languages(PracticeForm)
    if not form.is_submitted():
        form.seen.data = practice_settings.page_mark(
            practice_settings.details_of(present) if present else None
        )
        if present:
            form.show(practice_settings.details_of(present))
    form.offer()
    if form.validate_on_submit() and saved(
        form,
        lambda: practice_settings.describe(
            form.details, seen_as=form.seen.data or "", actor=actor(), now=clock.now()
        ),
        present=lambda: practice_settings.page_mark(practice_settings.details_of(queries.the_practice())),
    ):
        desk.say("Saved." if present else "Your practice is set up. Here is what comes next.")
        return redirect(url_for("staff.settings_practice" if present else "staff.settings"), 303)
    return page("practice", "practice", form)


@blueprint.route("/settings/rules", endpoint="settings_rules", methods=["GET", "POST"])
@audience(staff, *OWNERS)
def rules() -> ResponseReturnValue:
    """How clients book."""
    if queries.find_practice() is None:
        desk.say("First say who you are; the rules come after.")
        return redirect(url_for("staff.settings_practice"), 303)
    present = booking_rules.rules_of(queries.the_practice())
    form = BookingRulesForm()
    form.offer(present)
    if not form.is_submitted():
        form.seen.data = practice_settings.page_mark(present)
        form.show(present)
    if form.validate_on_submit() and saved(
        form,
        lambda: practice_settings.set_rules(
            form.rules, seen_as=form.seen.data or "", actor=actor(), now=clock.now()
        ),
        present=lambda: practice_settings.page_mark(booking_rules.rules_of(queries.the_practice())),
    ):
        desk.say("Saved. The rules hold for the next booking; what is booked stays as it is.")
        return redirect(url_for("staff.settings_rules"), 303)
    return page("rules", "rules", form)
