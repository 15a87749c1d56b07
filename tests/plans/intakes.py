"""Submissions as clients send them: real answers, judged by the current rule set."""

from datetime import datetime
from typing import Any

from clinic.accounts.models import Client
from clinic.booking.models import Appointment
from clinic.db import db
from clinic.guidance.red_flags import ASKED_FLAGS
from clinic.guidance.rules import CURRENT
from clinic.intake import assessment
from clinic.intake.models import Outcome, Submission
from clinic.plans import services
from clinic.plans.models import Review
from tests import make

NO_SIGNS = {f"red_flags.{code}": "no" for code in ASKED_FLAGS}

KNOTS: dict[str, Any] = {
    **NO_SIGNS,
    "age_years": 41,
    "visit_goals": ["sleep"],
    "back_pain_now": "yes",
    "pain_areas": ["neck", "shoulders"],
    "pain_avg_nrs": 5,
    "pain_now_nrs": 4,
    "pain_duration": "gt_12w",
    "pain_course": "comes_and_goes",
    "pain_trend": "same",
    "muscle_findings": ["tender_points_refer", "stiffness"],
    "radiation": "none",
    "clinician_seen": "yes_cleared",
    "conditions": [],
    "medications": [],
    "pressure_preference": "medium",
    "massage_experience": "some",
    "clothing_preference": "undress_ok",
}
"""Trigger point therapy leads, Swedish massage may follow; nothing about safety."""

BLOOD_PRESSURE = {**KNOTS, "conditions": ["hypertension_controlled"]}
"""Caution by C07: deep tissue massage and mechanical impulse therapy are left out."""

BLOOD_THINNER = {**KNOTS, "medications": ["anticoagulant"]}
"""A therapist looks first, by T01."""

PREGNANT = {
    **KNOTS,
    "pregnancy": "t2",
    "pregnancy_high_risk": "no",
    "pressure_preference": "firm",
}
"""22 weeks pregnant: deep tissue massage is left out, 45 minutes are the most, and a training is needed."""

FEVER = {**KNOTS, "today": ["fever"]}
"""A doctor first, by R03."""

NUMBNESS = {**KNOTS, "red_flags.saddle_numbness": "yes"}
"""Urgent, by U01."""


def as_answers(facts: dict[str, Any]) -> dict[str, Any]:
    """Facts as a form would have stored them: each red flag under its own key."""
    flags = {f"red_flags.{code}": "yes" for code in facts.get("red_flags", ())}
    flags |= {f"red_flags.{code}": "unsure" for code in facts.get("red_flags_unsure", ())}
    rest = {name: value for name, value in facts.items() if not name.startswith("red_flags")}
    return {**NO_SIGNS, **rest, **flags}


def send(
    who: Client, answers: dict[str, Any] = KNOTS, *, at: datetime = make.NOW, kind: str = "full"
) -> Outcome:
    """What a client sent, with what the guidance made of it."""
    assessed = assessment.assess(answers)
    row = Submission(client_id=who.id, submitted_at=at, kind=kind)
    row.answers = answers
    outcome = Outcome(
        submission_id=row.id,
        level=assessed.safety.level,
        disposition=assessed.safety.disposition,
        rule_set=CURRENT.version,
        assessed_at=at,
    )
    outcome.rules = list(assessed.safety.rules)
    outcome.explanation = assessed.explanation()
    db.session.add(row)
    db.session.flush()
    db.session.add(outcome)
    db.session.commit()
    return outcome


def review(visit: Appointment, answers: dict[str, Any] = KNOTS, **sent: Any) -> Review:
    """An open review of a visit whose client sent these answers."""
    assert visit.client is not None
    opened = services.open_review(send(visit.client, answers, **sent), visit.client.id, visit, make.NOW)
    db.session.commit()
    return opened
