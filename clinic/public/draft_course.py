"""The draft course as its client reads it: how many, how often, when we check how it is going, where, how firmly, how
long, and what it costs in all."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from clinic.guidance.course import CLIENT_CAN_COME
from clinic.guidance.rules.kinds import REGION_GROUPS, REGIONS
from clinic.intake.explanation import ExplainedPlan
from clinic.language.reading import money, plural
from clinic.practice.models import Treatment
from clinic.public.client_sentences import without_codes

_BOTH_SIDES: Final = {f"both {name}": sides for name, sides in REGION_GROUPS.items()}
CHECK: Final = "We check how it is going"
MOST_SHOWN: Final = 10
AS_WISHED: Final = "As you like it."
"""The stored reason for a pressure that is the client's own wish, whichever type is given."""


@dataclass(frozen=True)
class DraftCourseShown:
    """The rows of the draft course, and its sessions as bones: how many there are, and after which we check.

    `sessions` is None if there are too many to show, or if their number is agreed freely.
    """

    rows: tuple[tuple[str, str], ...]
    sessions: int | None
    gates: tuple[int, ...]


def draft_course(
    plan: ExplainedPlan, chosen: Treatment | None, currency: str, *, cap: str | None, of_top: bool
) -> DraftCourseShown:
    """The course, with the treatment that can be booked for it; pressure and types only if it is that of the best match."""
    sessions = plan.course.sessions
    rows = [
        ("Sessions", _sessions(plan)),
        (CHECK, _check(plan)),
        ("Areas", _with_a_word(_areas(plan.areas))),
        ("Left alone", _areas(plan.avoid)),
        ("Pressure", pressure(plan, cap) if of_top or cap or plan.pressure_why == AS_WISHED else ""),
        ("Types", _types(plan, chosen) if of_top else ""),
        ("Length", _length(plan, chosen)),
        ("Price", _price(sessions, chosen, currency)),
    ]
    return DraftCourseShown(
        rows=tuple((name, said) for name, said in rows if said),
        sessions=sessions if sessions and sessions <= MOST_SHOWN else None,
        gates=plan.reassess.after,
    )


def _sessions(plan: ExplainedPlan) -> str:
    """How many and how often; where the client can come at another rhythm, that too, from the stored note about it."""
    said = plan.course.text.replace("the athlete", "you")
    for note in plan.notes:
        if note.startswith(CLIENT_CAN_COME):
            rhythm = note.removeprefix(CLIENT_CAN_COME).partition(".")[0]
            return f"{said} You can come {rhythm}; your therapist takes that into account."
    return said


def _check(plan: ExplainedPlan) -> str:
    """When, in the stored words without their beginning, and what follows from it."""
    said = plan.reassess.text
    for beginning in ("Look back together ", "Look back "):
        if said.startswith(beginning):
            rest = said.removeprefix(beginning)
            return rest[:1].upper() + rest[1:]
    return said


def _areas(regions: Sequence[str]) -> str:
    """The names of regions; both sides, and the whole of them, are one."""
    left = list(dict.fromkeys(regions))
    for both, (one, other, *whole) in _BOTH_SIDES.items():
        if one in left and other in left:
            left[left.index(one)] = both
            left = [region for region in left if region not in (other, *whole)]
    names = ", ".join(REGIONS.get(region, region) for region in left)
    return f"{names[:1].upper()}{names[1:]}"


def _with_a_word(areas: str) -> str:
    return f"{areas}. We ask you before each area, and you can say no to any of them." if areas else ""


def pressure(plan: ExplainedPlan, cap: str | None) -> str:
    """How firmly, and why; the most that safety allows is told as such."""
    if plan.pressure == cap:
        return f"{plan.pressure.capitalize()} at most, for your safety."
    return f"{plan.pressure.capitalize()}. {without_codes(plan.pressure_why)}".strip()


def _types(plan: ExplainedPlan, chosen: Treatment | None) -> str:
    """Different types for different areas, with their minutes in the session that can be booked."""
    proposed = plan.length.minutes if plan.length else 0
    minutes = chosen.length_minutes if chosen is not None else proposed
    parts = plan.parts_of(minutes) if minutes else plan.area_parts
    return "; ".join(f"{part.name} for the {_and(part.areas)}, {part.minutes} minutes" for part in parts)


def _and(regions: Sequence[str]) -> str:
    return " and ".join(REGIONS.get(region, region) for region in regions)


def _length(plan: ExplainedPlan, chosen: Treatment | None) -> str:
    length = plan.length
    if chosen is None:
        return f"{length.minutes} minutes" if length else ""
    booked = f"{chosen.length_minutes} minutes"
    if length and length.most and chosen.length_minutes > length.most:
        return f"{booked} can be booked here. {length.most} may be enough for you; talk it over with your therapist."
    return booked


def _price(sessions: int | None, chosen: Treatment | None, currency: str) -> str:
    if chosen is None:
        return ""
    each = money(chosen.price_cents, currency)
    if not sessions or sessions == 1:
        return f"{each}, paid at the visit"
    in_all = money(sessions * chosen.price_cents, currency)
    return f"{in_all} for {plural(sessions, 'session')}, {each} at each visit"
