"""A signed-in client's course: its sessions as bones and as a list, what it consists of, and what was decided about it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from flask import Blueprint, render_template
from sqlalchemy.orm import joinedload

from clinic import clock
from clinic.accounts import audit, signed_links
from clinic.booking.models import CAME, Appointment
from clinic.db import db, transaction
from clinic.guidance.knowledge import MODALITIES
from clinic.guidance.rules.kinds import REGIONS
from clinic.language import N_, gettext
from clinic.language.health_texts import health_text
from clinic.plans import courses
from clinic.plans.look_backs import LookBackChoice
from clinic.plans.models import LookBack, Plan, PlannedSession
from clinic.plans.plan_content import PlanContent
from clinic.portal import course
from clinic.web.access import audience, client
from clinic.web.signed_in_client import client_of_page

DECIDED: dict[LookBackChoice, str] = {
    LookBackChoice.CONTINUE: N_("You looked back together: go on as planned."),
    LookBackChoice.ACTIVE_CARE: N_(
        "You looked back together: go on, with more movement of your own in between."
    ),
    LookBackChoice.CHANGE: N_("You looked back together: try another type of massage."),
    LookBackChoice.SPACE_OUT: N_("You looked back together: more time between the sessions."),
    LookBackChoice.FINISH: N_("You looked back together: the course ends here."),
    LookBackChoice.REFER: N_("You looked back together: somebody else should look at it first."),
}
"""What was decided when looking back, as the client reads it. Reasons and scores are not shown."""

RHYTHMS: dict[str, str] = {
    "weekly": N_("Every week"),
    "fortnightly": N_("Every two weeks"),
    "monthly": N_("Every four weeks"),
}
"""How often the sessions are planned; a single session has no rhythm."""

blueprint = Blueprint("own_plan", __name__)


@dataclass(frozen=True, kw_only=True)
class CourseSession:
    """One planned session: its visit with the visit's page if there is one, else about when it should be."""

    number: int
    visit: Appointment | None
    path: str | None
    about_on: date | None
    is_over: bool
    has_look_back: bool
    decided: str = ""


@dataclass(frozen=True, kw_only=True)
class ClientCourse:
    """A running course; `done` sessions are over, `to_book` are neither booked nor over."""

    plan: Plan
    sessions: tuple[CourseSession, ...]
    to_book: int

    @property
    def done(self) -> int:
        """How many sessions are over."""
        return sum(session.is_over for session in self.sessions)

    @property
    def gates(self) -> tuple[int, ...]:
        """The sessions at which we look back."""
        return tuple(session.number for session in self.sessions if session.has_look_back)

    def number_of(self, visit: Appointment) -> int | None:
        """Which session a visit is; None if it is not one of this course."""
        found = (one.number for one in self.sessions if one.visit and one.visit.id == visit.id)
        return next(found, None)


@blueprint.get("/my/plan")
@audience(client)
def show() -> str:
    """The whole course; what was decided about it is sealed, and the access is recorded."""
    signed_in, now = client_of_page(), clock.now()
    with transaction():
        found = running(signed_in.client_id, now, with_decisions=True)
        planned: list[tuple[str, str]] = []
        goals: list[str] = []
        if found is not None:
            stored = found.plan.content
            content = PlanContent.of(stored, found.plan.sessions)
            planned = list(_planned(content, has_length=bool(stored.get("length"))))
            goals = [goal.words for goal in content.goals]
            audit.record(
                signed_in.actor, "read", found.plan, client_id=signed_in.client_id,
                purpose="own_course", fields=("content", "chosen"), now=now,
            )  # fmt: skip
        left = course.can_go_on(signed_in.record) if found else None
    return render_template("portal/plan.html", course=found, planned=planned, goals=goals, left=left)


def _planned(content: PlanContent, *, has_length: bool) -> Iterator[tuple[str, str]]:
    """What the newest version of the plan says, as terms and words of the client's language."""
    if content.modalities:
        yield gettext("Types"), ", ".join(health_text(MODALITIES[name].name) for name in content.modalities)
    if content.every in RHYTHMS:
        yield gettext("How often"), gettext(RHYTHMS[content.every])
    if has_length:
        yield gettext("Length"), gettext("%(minutes)s minutes") % {"minutes": content.minutes}
    if content.areas:
        yield gettext("Areas"), _capital(", ".join(health_text(REGIONS[area]) for area in content.regions))
    if content.pressure:
        yield gettext("Pressure"), _capital(health_text(content.pressure))


def _capital(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}"


def running(client_id: UUID, now: datetime, *, with_decisions: bool = False) -> ClientCourse | None:
    """The course a client follows now; None without one. Nothing sealed is opened without `with_decisions`."""
    plan = courses.plan_of(client_id)
    if plan is None:
        return None
    (found,) = courses.courses_of([plan.id])
    decided = dict(_decisions(plan)) if with_decisions else {}
    sessions = tuple(_sessions(found, decided, now))
    return ClientCourse(plan=plan, sessions=sessions, to_book=sum(one.visit is None for one in sessions))


def _sessions(found: courses.Course, decided: dict[UUID, str], now: datetime) -> Iterator[CourseSession]:
    ids = [visit_id for visit_id, _ in found.visits]
    rows = sa.select(Appointment).where(Appointment.id.in_(ids)).options(joinedload(Appointment.therapist))
    visits = {visit.id: visit for visit in db.session.scalars(rows)}
    planned = sa.select(PlannedSession.number, PlannedSession.about_on)
    rows_of_plan = db.session.execute(planned.where(PlannedSession.plan_id == found.plan.id))
    about = {row.number: row.about_on for row in rows_of_plan}
    for number in range(1, found.plan.sessions + 1):
        visit = visits[ids[number - 1]] if number <= len(ids) else None
        yield CourseSession(
            number=number,
            visit=visit,
            path=signed_links.manage_path(visit.id, visit.link_epoch) if visit else None,
            about_on=about.get(number),
            is_over=visit is not None and (visit.state in CAME or visit.ends_at <= now),
            has_look_back=number in found.look_backs,
            decided=decided.get(visit.id, "") if visit else "",
        )


def _decisions(plan: Plan) -> Iterator[tuple[UUID, str]]:
    for kept in db.session.scalars(sa.select(LookBack).where(LookBack.plan_id == plan.id)):
        yield kept.appointment_id, DECIDED[LookBackChoice(kept.content["chosen"])]
