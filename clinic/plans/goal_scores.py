"""How far a client's goals are: the score that each names, at the start of the course and the newest since."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from clinic.guidance.schedule import Instrument
from clinic.plans import scores
from clinic.plans.models import OutcomeEntry, Plan
from clinic.plans.plan_content import ACTIVITY, AVERAGE_PAIN, PEG_ITEMS, ClientGoal, PlanContent

Entries = Mapping[Instrument, OutcomeEntry]


@dataclass(frozen=True, kw_only=True)
class GoalScore:
    """A goal with its score from 0 to 10 at the start and now; None if it was not given."""

    goal: ClientGoal
    start: int | None
    now: int | None


def goal_scores(plan: Plan, content: PlanContent) -> list[GoalScore]:
    """The goals of a plan with their scores. A caller that shows them records it."""
    if not any(goal.measure for goal in content.goals):
        return [GoalScore(goal=goal, start=None, now=None) for goal in content.goals]
    start = scores.start_of(plan)
    newest: dict[Instrument, OutcomeEntry] = {}
    for occasion in scores.of_client(plan.client_id):
        if occasion.at >= plan.made_at:
            newest |= occasion.entries
    return [
        GoalScore(goal=goal, start=_score(goal.measure, start), now=_score(goal.measure, newest))
        for goal in content.goals
    ]


def _score(measure: str, entries: Entries) -> int | None:
    if measure.startswith(ACTIVITY):
        rated = _of(entries, Instrument.PSFS).get("activities", ())
        named = measure.removeprefix(ACTIVITY)
        return next((row["score"] for row in rated if row["activity"] == named), None)
    if measure == AVERAGE_PAIN:
        return _of(entries, Instrument.NRS).get("average")
    return _of(entries, Instrument.PEG).get(measure.removeprefix("peg_")) if measure in PEG_ITEMS else None


def _of(entries: Entries, instrument: Instrument) -> dict[str, Any]:
    entry = entries.get(instrument)
    return entry.scores if entry is not None else {}
