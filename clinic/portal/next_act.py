"""The one thing to do next for a visit, if there is any: the most urgent one only."""

from dataclasses import dataclass
from datetime import datetime

from flask import url_for

from clinic.accounts import signed_links
from clinic.booking import coming
from clinic.booking.models import Appointment, State
from clinic.intake import queries
from clinic.intake.queries import SafetyStanding
from clinic.language import N_
from clinic.plans import before_visit
from clinic.plans.preparation import PreparationProgress
from clinic.practice.models import IntakeRule


@dataclass(frozen=True, kw_only=True)
class NextAct:
    """What its button says, and the URL behind it."""

    words: str
    path: str
    is_posted: bool = False
    """Whether the button changes something at once, and is posted with the visit's revision."""


def next_act(
    visit: Appointment, standing: SafetyStanding, left: PreparationProgress | None, now: datetime
) -> NextAct | None:
    """What a client should do before this visit, the most urgent first; None if they only need to come.

    1. Health questions that the visit needs, if there are none from the last months or consent to them was withdrawn.
    2. A parent's or guardian's consent, for somebody under 18.
    3. The short form, from a day before the visit until it is answered.
    4. That they come, in the week before the visit.
    5. What the booking did not need, as long as some of it is left.
    """
    if _needs_answers(visit) and (standing.submission is None or queries.is_withdrawn(standing.submission)):
        return NextAct(words=N_("Answer the health questions"), path=url_for("intake.begin"))
    if standing.needs_guardian:
        return NextAct(words=N_("Ask your parent or guardian"), path=url_for("guardian.show"))
    form = before_visit.form_path(visit, now)
    if form is not None and before_visit.answers_given(visit) is None:
        return NextAct(words=N_("Answer a few questions about today"), path=form)
    if coming.is_asked(visit, now):
        token = signed_links.token(signed_links.MANAGE, visit.id, visit.link_epoch)
        return NextAct(words=N_("I will come"), path=url_for("appointment.come", token=token), is_posted=True)
    if left is not None and left.left:
        path = signed_links.preparation_path(visit.id, visit.link_epoch)
        return NextAct(words=N_("Answer the questions before your visit"), path=path)
    return None


def _needs_answers(visit: Appointment) -> bool:
    return visit.state != State.ARRIVED and visit.treatment.intake != IntakeRule.NONE
