"""What a course plans, as a therapist edits it and as each version keeps it.

`PlanContent` is the part of a plan that people decide. The plan's stored draft has more, such as techniques, which follow
from the types; `put_into` writes the decided part into it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from clinic.guidance.knowledge import MODALITIES
from clinic.guidance.plan import area_minutes
from clinic.guidance.rules.kinds import REGIONS
from clinic.guidance.schedule import Instrument

Stored = Mapping[str, Any]

PEG_ITEMS: Final = ("peg_pain", "peg_enjoyment", "peg_activity")
AVERAGE_PAIN: Final = "pain_avg_nrs"
ACTIVITY: Final = "psfs:"
"""Before a client's own words for an activity, in the measure of a goal."""

BY_TYPE: Final = ("mix", "techniques", "approach", "companion_care", "notes")
"""What of a draft follows from the types, and is drafted again for others."""


@dataclass(frozen=True, kw_only=True)
class PlannedArea:
    """An area with the type it gets and for how long; an empty type is the course's own, 0 minutes are left open."""

    area: str
    modality: str = ""
    minutes: int = 0


@dataclass(frozen=True, kw_only=True)
class ClientGoal:
    """What a client wants, in their words, and the code of the score that shows it; empty without one."""

    words: str
    measure: str = ""


@dataclass(frozen=True, kw_only=True)
class PlanContent:
    """The decided part of a plan. `every` is a key of `courses.DAYS_APART`; areas stand from head to foot."""

    modalities: tuple[str, ...] = ()
    sessions: int
    every: str
    minutes: int
    pressure: str = ""
    areas: tuple[PlannedArea, ...] = ()
    look_backs: tuple[int, ...] = ()
    goals: tuple[ClientGoal, ...] = ()

    @classmethod
    def of(cls, stored: Stored, sessions: int) -> Self:
        """The decided part of a plan's stored content; what an old plan does not have is empty or usual."""
        return cls(
            modalities=tuple(stored.get("modalities", ())),
            sessions=sessions,
            every=(stored.get("course") or {}).get("every") or "weekly",
            minutes=(stored.get("length") or {}).get("minutes") or 60,
            pressure=stored.get("pressure") or "",
            areas=_areas_of(stored),
            look_backs=_within((stored.get("reassess") or {}).get("after", ()), sessions),
            goals=tuple(ClientGoal(**goal) for goal in stored.get("goals", ())),
        )

    @classmethod
    def read(cls, row: Stored) -> Self:
        """From the JSON of a version."""
        return cls(
            modalities=tuple(row["modalities"]),
            sessions=row["sessions"],
            every=row["every"],
            minutes=row["minutes"],
            pressure=row["pressure"],
            areas=tuple(PlannedArea(**area) for area in row["areas"]),
            look_backs=tuple(row["look_backs"]),
            goals=tuple(ClientGoal(**goal) for goal in row["goals"]),
        )

    @property
    def stored(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "modalities": list(self.modalities),
            "sessions": self.sessions,
            "every": self.every,
            "minutes": self.minutes,
            "pressure": self.pressure,
            "areas": [vars(area) for area in self.areas],
            "look_backs": list(self.look_backs),
            "goals": [vars(goal) for goal in self.goals],
        }

    @property
    def regions(self) -> tuple[str, ...]:
        """The areas alone."""
        return tuple(area.area for area in self.areas)

    def differs_in(self, other: "PlanContent") -> tuple[str, ...]:
        """Names of the parts in which two differ."""
        mine, theirs = self.stored, other.stored
        return tuple(name for name in mine if mine[name] != theirs[name])


def _within(numbers: Sequence[int], sessions: int) -> tuple[int, ...]:
    return tuple(number for number in numbers if number <= sessions)


def _areas_of(stored: Stored) -> tuple[PlannedArea, ...]:
    """Each area by itself; a part of the draft that covers several shares its minutes among them."""
    found = {area: PlannedArea(area=area) for area in stored.get("areas", ()) if area in REGIONS}
    for part in stored.get("area_parts", ()):
        shares = area_minutes([1] * len(part["areas"]), part["minutes"])
        for area, minutes in zip(part["areas"], shares, strict=True):
            found[area] = PlannedArea(area=area, modality=part["modality"], minutes=minutes)
    return tuple(found[area] for area in REGIONS if area in found)


def put_into(stored: Stored, content: PlanContent, drafted: Stored | None = None) -> dict[str, Any]:
    """The plan's stored content with the decided part written into it. `drafted` is the draft for other types than before."""
    follows = {name: drafted[name] for name in BY_TYPE} if drafted else {}
    before = PlanContent.of(stored, content.sessions)
    why = (
        stored.get("pressure_why", "") if content.pressure == before.pressure else "Chosen by the therapist."
    )
    return {
        **stored,
        **follows,
        "modalities": list(content.modalities),
        "areas": list(content.regions),
        "area_parts": [
            {
                "areas": [area.area],
                "modality": area.modality,
                "name": MODALITIES[area.modality].name if area.modality else "",
                "minutes": area.minutes,
            }
            for area in content.areas
            if area.modality or area.minutes
        ],
        "area_mix": "",
        "pressure": content.pressure,
        "pressure_why": why,
        "length": {**(stored.get("length") or {}), "minutes": content.minutes},
        **rhythm_of(stored, content.sessions, content.every, content.look_backs),
        "goals": [vars(goal) for goal in content.goals],
        "edited": True,
    }


def rhythm_of(stored: Stored, sessions: int, every: str, look_backs: Sequence[int]) -> dict[str, Any]:
    """The parts of a plan's stored content that say how many sessions, how often, and where to look back."""
    text = f"{sessions} sessions, {every}." if sessions > 1 else "One session."
    after = " and ".join(str(number) for number in look_backs)
    return {
        "course": {
            **(stored.get("course") or {}),
            "sessions": sessions,
            "most": None,
            "every": every,
            "text": text,
        },
        "reassess": {
            **(stored.get("reassess") or {}),
            "after": list(look_backs),
            "text": f"Look back together after session {after}." if after else "",
        },
    }


def goals_named(answers: Mapping[Instrument, Mapping[str, Any]]) -> tuple[ClientGoal, ...]:
    """The activities a client named at the start as their goals, in their words, each with its own score."""
    named = (answers.get(Instrument.PSFS) or {}).get("activities", ())
    return tuple(ClientGoal(words=rated["activity"], measure=ACTIVITY + rated["activity"]) for rated in named)
