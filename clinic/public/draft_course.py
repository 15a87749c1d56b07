"""The draft course as its client reads it: how many, how often, when we check how it is going, where, how firmly, how
long, and what it costs in all."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from clinic.guidance.course import CLIENT_CAN_COME
from clinic.guidance.plan import AS_WISHED
from clinic.guidance.rules.kinds import REGION_GROUPS, REGIONS
from clinic.intake.explanation import ExplainedPlan
from clinic.language import ENGLISH, N_, current, gettext, joined, ngettext
from clinic.language.health_texts import health_text
from clinic.language.reading import money
from clinic.practice.models import Treatment
from clinic.public.client_sentences import without_codes

_BOTH_SIDES: Final = {f"both {name}": sides for name, sides in REGION_GROUPS.items()}
CHECK: Final = N_("We check how it is going")
MOST_SHOWN: Final = 10


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
        (gettext("Sessions"), _sessions(plan)),
        (gettext(CHECK), _check(plan)),
        (gettext("Areas"), _with_a_word(_areas(plan.areas))),
        (gettext("Left alone"), _areas(plan.avoid)),
        (gettext("Pressure"), pressure(plan, cap) if of_top or cap or plan.pressure_why == AS_WISHED else ""),
        (gettext("Types"), _types(plan, chosen) if of_top else ""),
        (gettext("Length"), _length(plan, chosen)),
        (gettext("Price"), _price(sessions, chosen, currency)),
    ]
    return DraftCourseShown(
        rows=tuple((name, said) for name, said in rows if said),
        sessions=sessions if sessions and sessions <= MOST_SHOWN else None,
        gates=plan.reassess.after,
    )


def _sessions(plan: ExplainedPlan) -> str:
    """How many and how often; where the client can come at another rhythm, that too, from the stored note about it."""
    said = health_text(plan.course.text.replace("the athlete", "you"))
    for note in plan.notes:
        if note.startswith(CLIENT_CAN_COME):
            rhythm = note.removeprefix(CLIENT_CAN_COME).partition(".")[0]
            also = gettext("You can come %(rhythm)s; your therapist takes that into account.")
            return f"{said} {also % {'rhythm': health_text(rhythm)}}"
    return said


def _check(plan: ExplainedPlan) -> str:
    """When, in the stored words without their beginning, and what follows from it."""
    said = plan.reassess.text
    if current() != ENGLISH:
        return health_text(said)
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
    names = ", ".join(health_text(REGIONS.get(region, region)) for region in left)
    return f"{names[:1].upper()}{names[1:]}"


def _with_a_word(areas: str) -> str:
    if not areas:
        return ""
    return gettext("%(areas)s. We ask you before each area, and you can say no to any of them.") % {
        "areas": areas
    }


def pressure(plan: ExplainedPlan, cap: str | None) -> str:
    """How firmly, and why; the most that safety allows is told as such."""
    said = health_text(plan.pressure)
    firmly = f"{said[:1].upper()}{said[1:]}"
    if plan.pressure == cap:
        return gettext("%(pressure)s at most, for your safety.") % {"pressure": firmly}
    return f"{firmly}. {health_text(without_codes(plan.pressure_why))}".strip()


def _types(plan: ExplainedPlan, chosen: Treatment | None) -> str:
    """Different types for different areas, with their minutes in the session that can be booked."""
    proposed = plan.length.minutes if plan.length else 0
    minutes = chosen.length_minutes if chosen is not None else proposed
    parts = plan.parts_of(minutes) if minutes else plan.area_parts
    sentence = gettext("%(type)s for the %(areas)s, %(minutes)s minutes")
    return "; ".join(
        sentence
        % {
            "type": health_text(part.name),
            "areas": joined(health_text(REGIONS.get(area, area)) for area in part.areas),
            "minutes": part.minutes,
        }
        for part in parts
    )


def _length(plan: ExplainedPlan, chosen: Treatment | None) -> str:
    length = plan.length
    if chosen is None:
        return gettext("%(minutes)s minutes") % {"minutes": length.minutes} if length else ""
    booked = gettext("%(minutes)s minutes") % {"minutes": chosen.length_minutes}
    if length and length.most and chosen.length_minutes > length.most:
        sentence = gettext(
            "%(booked)s can be booked here. %(most)s may be enough for you; talk it over with your therapist."
        )
        return sentence % {"booked": booked, "most": length.most}
    return booked


def _price(sessions: int | None, chosen: Treatment | None, currency: str) -> str:
    if chosen is None:
        return ""
    each = money(chosen.price_cents, currency)
    if not sessions or sessions == 1:
        return gettext("%(price)s, paid at the visit") % {"price": each}
    in_all = money(sessions * chosen.price_cents, currency)
    sentence = ngettext(
        "%(all)s for %(num)s session, %(each)s at each visit",
        "%(all)s for %(num)s sessions, %(each)s at each visit",
        sessions,
    )
    return sentence % {"all": in_all, "num": sessions, "each": each}
