"""The first page of a signed-in client, in this order: what comes next and what to do for it, how it has been, the course,
the last visits; beside it the tips after the last one and the waiting list."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import render_template, url_for

from clinic.accounts import audit, signed_links
from clinic.accounts import services as accounts
from clinic.accounts.models import Client, Contact
from clinic.booking import past_visits
from clinic.booking import queries as booking
from clinic.booking.models import Appointment
from clinic.booking.waiting import entries
from clinic.db import db, transaction
from clinic.intake import queries as intake
from clinic.plans import preparation, tips
from clinic.portal import course, past, plan, progress, waiting_list
from clinic.portal.next_act import next_act
from clinic.portal.past import PastVisit
from clinic.portal.plan import ClientCourse
from clinic.web.signed_in_client import SignedInClient

PAST_SHOWN = 3
TIPS_SHOWN = 5


@dataclass(frozen=True, kw_only=True)
class AfterLastVisit:
    """Tips for the days after the last visit, the client's own first, and the sentence and signs for when to get help; `path` has all."""

    tips: tuple[str, ...]
    signs: tuple[str, ...]
    path: str


def page(signed_in: SignedInClient, now: datetime) -> str:
    """The page. What it opens of the client's answers is recorded in the audit log."""
    person = signed_in.record
    proven = db.session.get_one(Contact, signed_in.contact_id)
    visits = booking.upcoming(person.id, now)
    next_visit = visits[0] if visits else None
    prepared = preparation.progress_of(next_visit, now) if next_visit else None
    running = plan.running(person.id, now)
    before = past.page(person.id, 1, now, size=PAST_SHOWN)
    with transaction():
        line = progress.pain_line(person, actor=signed_in.actor, now=now, look_backs=_look_backs(running))
        after = _after(before.visits, person, signed_in.actor, now)
        return render_template(
            "portal/home.html",
            person=person,
            others=len(accounts.people_on(proven)) > 1,
            visits=[(visit, signed_links.manage_path(visit.id, visit.link_epoch)) for visit in visits],
            act=next_act(next_visit, _standing(next_visit, now), prepared, now) if next_visit else None,
            preparation=prepared,
            next_number=running.number_of(next_visit) if running and next_visit else None,
            course=running,
            left=course.can_go_on(person) if running else None,
            line=line,
            has_progress=progress.has_any(person.id),
            past=before,
            after=after,
            waits=waiting_list.entries_of(person.id, now),
            earlier=_earlier(next_visit, now) if next_visit else None,
        )


def _standing(visit: Appointment, now: datetime) -> intake.SafetyStanding:
    return intake.safety_standing(browser=None, client_id=visit.client_id, now=now, zone=visit.zone)


def _look_backs(running: ClientCourse | None) -> frozenset[datetime]:
    sessions = running.sessions if running else ()
    return frozenset(one.visit.starts_at for one in sessions if one.visit and one.has_look_back)


def _earlier(visit: Appointment, now: datetime) -> str | None:
    """Where to wait for an earlier time; None if there can be none."""
    if not entries.may_wait(visit, now):
        return None
    token = signed_links.token(signed_links.MANAGE, visit.id, visit.link_epoch)
    return url_for("waiting.ask_earlier", token=token)


def _after(visits: Sequence[PastVisit], person: Client, actor: str, now: datetime) -> AfterLastVisit | None:
    """The tips of the newest visit that took place, while they are kept."""
    last = next((one for one in visits if one.took_place), None)
    if last is None or last.tips is None or not past_visits.keeps_tips(last.visit, now):
        return None
    given = tips.given_in(last.visit)
    general = tips.general(given)
    own = tips.own(last.visit, given, now)
    audit.record(
        actor,
        "read",
        last.visit,
        client_id=person.id,
        purpose="own_tips",
        fields=("answers", "modalities"),
        now=now,
    )
    return AfterLastVisit(
        tips=tuple(tip.text for tip in (*own, *general.general))[:TIPS_SHOWN],
        signs=general.warning_signs,
        path=last.tips,
    )
