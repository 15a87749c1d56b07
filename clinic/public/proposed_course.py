"""The course as the guidance proposes it, on the page right after a booking: only for the person whose answers it rests on."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from clinic.accounts import audit
from clinic.booking.models import Appointment
from clinic.guidance.levels import Level
from clinic.intake import queries
from clinic.intake.explanation import Explanation
from clinic.language import N_, gettext
from clinic.practice import queries as practice
from clinic.public import chosen_treatment
from clinic.public.draft_course import CHECK, draft_course
from clinic.web import access
from clinic.web.browser import known_browser
from clinic.web.signed_in_client import signed_in_client_id

IN_SHORT: Final = (N_("Sessions"), CHECK, N_("Length"))
"""The rows of the draft course that stand there; the suggestion has all of them."""


@dataclass(frozen=True, kw_only=True)
class ProposedCourse:
    """How many sessions, how often and how long, in rows; `sessions` and `gates` as bones, if there are few enough."""

    rows: tuple[tuple[str, str], ...]
    sessions: int | None
    gates: tuple[int, ...]


def proposed(visit: Appointment, now: datetime) -> ProposedCourse | None:
    """The draft course of the suggestion; None for anyone but the browser or signed-in client who answered, and if nothing was suggested.

    The page's URL alone tells nothing of it. The look is recorded; the caller commits.
    """
    standing = queries.safety_standing(
        browser=known_browser(), client_id=signed_in_client_id(), now=now, zone=visit.zone
    )
    sent = standing.submission
    if sent is None or sent.outcome is None or sent.client_id != visit.client_id:
        return None
    if (
        standing.level not in (Level.OK, Level.CAUTION)
        or standing.needs_guardian
        or queries.is_withdrawn(sent)
    ):
        return None
    plan = Explanation.of(sent.outcome).plan
    if plan is None or chosen_treatment.has_too_few_answers(sent.outcome):
        return None
    audit.record(
        access.actor(),
        "read",
        sent.outcome,
        client_id=sent.client_id,
        purpose="outcome",
        fields=("plan",),
        now=now,
    )
    course = draft_course(plan, visit.treatment, practice.the_practice().currency, cap=None, of_top=False)
    names = [gettext(name) for name in IN_SHORT]
    return ProposedCourse(
        rows=tuple(row for row in course.rows if row[0] in names),
        sessions=course.sessions,
        gates=course.gates,
    )
