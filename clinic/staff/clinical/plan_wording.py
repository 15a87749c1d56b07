"""What a plan says, and what changed from one version to the next, in words for staff."""

from collections.abc import Iterable, Sequence

from clinic.guidance.fields import FIELDS
from clinic.guidance.knowledge import MODALITIES
from clinic.guidance.rules.kinds import REGIONS
from clinic.plans.plan_content import ACTIVITY, AVERAGE_PAIN, PEG_ITEMS, ClientGoal, PlanContent, PlannedArea
from clinic.plans.plan_versions import PlanCause

RHYTHMS = {
    "once": "Once",
    "weekly": "Every week",
    "fortnightly": "Every two weeks",
    "monthly": "Every four weeks",
}
CAUSES = {
    PlanCause.DECISION: "Decided in the review",
    PlanCause.EDIT: "Changed",
    PlanCause.LOOK_BACK: "Decided when looking back",
}
NOTHING = "nothing"
TITLES = {
    "goals": "Goals",
    "modalities": "Types",
    "sessions": "Sessions",
    "every": "Rhythm",
    "minutes": "Length",
    "pressure": "Pressure",
    "areas": "Areas",
    "look_backs": "Review at sessions",
}
"""The parts of a plan in the order in which they are read."""


def rows_of(content: PlanContent) -> list[tuple[str, str]]:
    """A plan as terms and words, without what it leaves open."""
    said = _words(content)
    return [(title, said[name]) for name, title in TITLES.items() if said[name] != NOTHING]


def differences(before: PlanContent, after: PlanContent) -> list[tuple[str, str, str]]:
    """What changed, as (part, words before, words after)."""
    changed, was, is_ = after.differs_in(before), _words(before), _words(after)
    return [(title, was[name], is_[name]) for name, title in TITLES.items() if name in changed]


def score_of_goal(goal: ClientGoal) -> str:
    """The score that shows a goal, in words beside the goal; empty without one."""
    return "How well it goes" if goal.measure == ACTIVITY + goal.words else measure_words(goal.measure)


def measure_words(measure: str) -> str:
    """The score that shows a goal; empty without one."""
    if measure.startswith(ACTIVITY):
        return f"How well it goes: {measure.removeprefix(ACTIVITY)}"
    return FIELDS[measure].title if measure in FIELDS else ""


def measures(activities: Iterable[str]) -> list[tuple[str, str]]:
    """The scores a goal can have: those asked of everybody, and the client's own activities."""
    codes = (*(ACTIVITY + activity for activity in activities), AVERAGE_PAIN, *PEG_ITEMS)
    return [("", "No score"), *((code, measure_words(code)) for code in codes)]


def _words(content: PlanContent) -> dict[str, str]:
    return {
        "goals": _listed((_goal(goal) for goal in content.goals), "; "),
        "modalities": _listed((MODALITIES[one].name for one in content.modalities), ", then "),
        "sessions": str(content.sessions),
        "every": RHYTHMS.get(content.every, content.every),
        "minutes": f"{content.minutes} minutes",
        "pressure": content.pressure.capitalize() or NOTHING,
        "areas": _capitalised(_listed((_area(area) for area in content.areas), ", ")),
        "look_backs": _listed(map(str, content.look_backs), ", "),
    }


def _listed(words: Iterable[str], between: str) -> str:
    return between.join(words) or NOTHING


def _goal(goal: ClientGoal) -> str:
    measure = score_of_goal(goal)
    return f"“{goal.words}” ({measure[0].lower()}{measure[1:]})" if measure else f"“{goal.words}”"


def _area(area: PlannedArea) -> str:
    more: Sequence[str] = [
        *([MODALITIES[area.modality].name] if area.modality else []),
        *([f"{area.minutes} min"] if area.minutes else []),
    ]
    name = REGIONS.get(area.area, area.area)
    return f"{name} ({', '.join(more)})" if more else name


def _capitalised(words: str) -> str:
    return words if words == NOTHING else f"{words[:1].upper()}{words[1:]}"
