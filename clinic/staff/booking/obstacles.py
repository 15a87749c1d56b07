"""Obstacles to a time, in words for staff: rules that can be waived, or something that cannot."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from clinic.booking import waivers
from clinic.booking.placing import NotOffered
from clinic.booking.waivers import Impossible, Rule
from clinic.language.reading import plural
from clinic.practice import queries as practice
from clinic.practice.models import Therapist
from clinic.web import slot_picker
from clinic.web.slot_picker import SlotChoice, SlotTime


class NotForThisClient(NotOffered):
    """The therapist lacks a training that the client's answers call for; the desk is told no more than that."""

    code = "not-for-this-client"
    sentence = "This therapist cannot be booked for this client. A therapist can say why."


@dataclass(frozen=True, kw_only=True)
class Obstacles:
    """The obstacles to a time: rules, or an impossibility with the nearest offers."""

    broken: tuple[Rule, ...] = ()
    impossible: NotOffered | None = None
    nearest: Sequence[SlotTime] = ()


def obstacles_at(choice: SlotChoice, starts_at: datetime, now: datetime) -> Obstacles:
    """The obstacles to this start; the choice names the therapist and the location."""
    search = choice.search
    anybody = replace(choice, search=replace(search, therapist_id=None, own_therapist=search.therapist_id))
    if search.therapist_id in choice.left_out:
        nearest = slot_picker.nearest_times(anybody, starts_at, now)
        return Obstacles(impossible=NotForThisClient(), nearest=nearest)
    try:
        return Obstacles(broken=waivers.broken(choice.supply, search, starts_at, now))
    except Impossible as refusal:
        nearest = slot_picker.nearest_times(anybody, starts_at, now)
        return Obstacles(impossible=refusal, nearest=nearest)


def sentences(broken: Sequence[Rule], therapist: Therapist) -> list[str]:
    """Each of these rules in a sentence, with the practice's numbers."""
    kept, who = practice.the_practice(), therapist.given_name
    words = {
        Rule.HOURS: f"{who} has no open hours then, or a break lies in it.",
        Rule.NOTICE: f"It begins sooner than the {_spoken(kept.notice_minutes)} of notice the practice asks for.",
        Rule.HORIZON: f"It lies further ahead than the {plural(kept.horizon_days, 'day')} for which booking is open.",
        Rule.DAILY_CAP: f"{who} already has {plural(therapist.daily_cap or 0, 'visit')} that day, which is the most.",
        Rule.TRAVEL: f"The time {who} needs on the way from or to another place is too short.",
        Rule.ROOM: "No free room suits this treatment; another room would be used.",
        Rule.PERSON: "This client, or somebody with the same name and address, has another visit at that time.",
        Rule.STEP: f"It does not begin on the {kept.step_minutes}-minute steps that are offered.",
    }
    return [words[rule] for rule in broken]


NAMES = {
    Rule.HOURS: "opening hours",
    Rule.NOTICE: "notice",
    Rule.HORIZON: "how far ahead",
    Rule.DAILY_CAP: "visits a day",
    Rule.TRAVEL: "time on the way",
    Rule.ROOM: "suitable room",
    Rule.STEP: "steps of the calendar",
    Rule.PERSON: "one person, one place",
}
"""Each rule in a word or two, where it is only named."""


def named(codes: Sequence[str]) -> str:
    """Waived rules, in words."""
    return ", ".join(NAMES[Rule(code)] for code in codes)


def _spoken(minutes: int) -> str:
    if minutes % 60:
        return f"{minutes} minutes"
    return "hour" if minutes == 60 else f"{minutes // 60} hours"
