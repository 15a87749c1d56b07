"""What to mind with one client, on one card: what was planned, in which position, what was left out and why.

It is read from the newest answers under review and from the running course, and shown on the visit and beside the note. Allergies and
the client's own words are the newest there are, with what they have given for this visit and not yet finished. It
says what is planned; what was given is only what the therapist writes into the note.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from clinic.accounts import audit
from clinic.accounts.models import User
from clinic.booking.models import Appointment
from clinic.guidance import own_words, questionnaire
from clinic.guidance.knowledge import MODALITIES, TECHNIQUES
from clinic.guidance.own_words import ASKED_LOOK, OwnWords
from clinic.guidance.rules.kinds import REGIONS
from clinic.intake import guardians, withdrawal
from clinic.intake import queries as intake
from clinic.intake.explanation import (
    ExplainedPlan,
    ExplainedRule,
    ExplainedSafety,
    TechniqueGroup,
    safety_of,
    unasked_titles,
)
from clinic.intake.models import Purpose, Submission
from clinic.language.reading import full_date
from clinic.plans import courses, preparation, queries
from clinic.plans.models import Plan

POSITIONS = frozenset({"side_lying"})
"""Notes of the guidance that say how the client lies."""


@dataclass(frozen=True, kw_only=True)
class LeftOutType:
    """A type of massage or a technique that is not given, and the answers behind it."""

    name: str
    why: str


@dataclass(frozen=True, kw_only=True)
class CareSummary:
    """The card; an empty field has nothing to say."""

    withdrawn: tuple[str, ...] = ()
    """Consents the client has withdrawn, and what that asks of the therapist."""
    allergies: str = ""
    """What the client said last of allergies to oils and scents: also that there are none, which is worth knowing."""
    cautions: tuple[str, ...] = ()
    position: tuple[str, ...] = ()
    care: tuple[str, ...] = ()
    """What to mind in each session."""
    types: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    by_area: tuple[str, ...] = ()
    """Each type with its areas and minutes, where areas want different types: they add up to the visit's length."""
    leave_alone: tuple[str, ...] = ()
    pressure: str = ""
    own_words: tuple[OwnWords, ...] = ()
    """What the client wrote in the newest full answers, shown first."""
    techniques: tuple[TechniqueGroup, ...] = ()
    """By type, each technique once."""
    left_out: tuple[LeftOutType, ...] = ()
    not_asked: tuple[str, ...] = ()
    """Titles of the questions that nobody has asked the client yet."""
    plan_id: UUID | None = None
    """The running course, whose plan can be changed."""


def care_of(visit: Appointment, *, by: User, now: datetime) -> CareSummary | None:
    """What to mind in a visit; None if nothing is known. Reading it is recorded, and the caller commits."""
    if visit.client_id is None:
        return None
    review = queries.newest_review(visit.client_id)
    plan = courses.plan_of(visit.client_id)
    safety = safety_of(review.outcome) if review is not None else ExplainedSafety.read({})
    sent = intake.newest_full(browser=None, client_id=visit.client_id, now=now)
    answers = _newest_answers(visit, sent, now)
    words, allergies = own_words.told(answers), _allergies(answers)
    withdrawn = _withdrawn(visit.client_id, visit.zone)
    if not (review or plan or words or allergies or withdrawn):
        return None
    audit.record(
        audit.by_user(by.id),
        "read",
        visit,
        client_id=visit.client_id,
        purpose="care",
        fields=("rules", "plan", *(["own_words"] if words else []), *(["allergies"] if allergies else [])),
        now=now,
    )
    return replace(
        summary(safety, plan, visit.length_minutes),
        own_words=words,
        allergies=allergies,
        withdrawn=withdrawn,
        not_asked=unasked_titles(sent.outcome) if sent is not None else (),
        plan_id=plan.id if plan is not None else None,
    )


def _newest_answers(visit: Appointment, sent: Submission | None, now: datetime) -> Mapping[str, Any]:
    """What was sent, and over it what was saved for this visit since."""
    prepared = preparation.preparation_of(visit, now)
    if prepared is not None:
        return prepared.answers
    return sent.answers if sent is not None else {}


def _allergies(answers: Mapping[str, Any]) -> str:
    said = answers.get("allergies")
    if said is None:
        return ""
    return questionnaire.in_words("allergies", said) if said else "None"


WITHDRAWN = {
    Purpose.HEALTH_DATA: "Consent to keep the health answers was withdrawn on {day}: ask again before you rely on them.",
    Purpose.SHARE_WITH_CLINICIAN: "Consent to contact the doctor was withdrawn on {day}: do not contact them.",
}


GUARDIAN_WITHDRAWN = (
    "The consent of a parent or guardian was withdrawn on {day}: speak with them before the visit."
)


def _withdrawn(client_id: UUID, zone: str) -> tuple[str, ...]:
    since = withdrawal.withdrawn_since(client_id)
    said = [(text, since.get(purpose)) for purpose, text in WITHDRAWN.items()]
    said.append((GUARDIAN_WITHDRAWN, guardians.withdrawn_at(client_id)))
    return tuple(text.format(day=full_date(at, zone)) for text, at in said if at is not None)


def summary(safety: ExplainedSafety, plan: Plan | None, minutes: int) -> CareSummary:
    """The card of what screening found and of a running course, for a visit of so many minutes."""
    content = plan.content if plan is not None else {}
    planned = ExplainedPlan.read(content)
    position = tuple(text for code, text in safety.notes if code in POSITIONS)
    care = (*(text for _, text in safety.notes), *planned.notes)
    return CareSummary(
        # A wish for a look stands beside the client's own words.
        cautions=tuple(f"{fired.why} ({fired.rule})" for fired in safety.fired if fired.rule != ASKED_LOOK),
        position=position,
        care=tuple(text for text in dict.fromkeys(care) if text not in position),
        types=tuple(MODALITIES[modality].name for modality in content.get("modalities", ())),
        areas=_regions(planned.areas),
        by_area=tuple(part.sentence for part in planned.parts_of(minutes)),
        leave_alone=(*_regions(planned.avoid), *planned.sites),
        pressure=planned.pressure,
        techniques=planned.techniques_by_type,
        left_out=tuple(_left_out(safety)),
    )


def _regions(codes: Iterable[str]) -> tuple[str, ...]:
    return tuple(REGIONS.get(code, code) for code in codes)


def _left_out(safety: ExplainedSafety) -> Iterable[LeftOutType]:
    fired = {rule.rule: rule for rule in safety.fired}
    for modality, rules in safety.exclusions.items():
        yield LeftOutType(name=MODALITIES[modality].name, why=_whys(rules, fired))
    for technique in safety.forbidden:
        yield LeftOutType(name=TECHNIQUES[technique].name, why="")


def _whys(rules: Iterable[str], fired: dict[str, ExplainedRule]) -> str:
    return "; ".join(fired[rule].why if rule in fired else rule for rule in rules)
