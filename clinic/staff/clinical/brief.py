"""What a therapist needs to know first about a review: who, what was asked for, safety, pain, suggestion."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from clinic.accounts.models import Client, Contact
from clinic.booking.models import Appointment
from clinic.guidance.fields import FIELDS
from clinic.guidance.own_words import TITLES
from clinic.guidance.red_flags import RED_FLAGS
from clinic.guidance.rules.kinds import NOT_USED
from clinic.intake.explanation import ExplainedRule, Explanation
from clinic.staff.clinical import answers

SHOWN_FIRST = 3
"""Answers that are quoted beside the safety level."""
HEALTH = {
    "clinician_seen": "Doctor",
    "medications": "Medicines",
    "conditions": "Conditions",
    "allergies": "Allergies",
    "skin_issues": "Skin",
    "massage_experience": "Massage before",
    "past_reaction": "Earlier reaction",
}
_FLAG_FACTS = {"red_flags": "Yes", "red_flags_unsure": "Not sure"}


@dataclass(frozen=True, kw_only=True)
class Brief:
    """Five lines, each as words that can be read in a few seconds."""

    age: int | None
    phone: Contact | None
    visit: Appointment | None
    health: tuple[tuple[str, str], ...]
    """Doctor, medicines and conditions, as (title, words): also when there are none, which is worth knowing."""
    said: tuple[str, ...]
    """The answers behind the safety level, in the client's words."""
    minds: tuple[str, ...]
    """What those answers change, as the rules say it."""
    pain: tuple[str, ...]
    suggestion: tuple[str, ...]

    @classmethod
    def of(
        cls,
        client: Client,
        visit: Appointment | None,
        given: Mapping[str, Any],
        fired: Iterable[ExplainedRule],
        explained: Explanation,
    ) -> Self:
        """The five lines of one review."""
        return cls(
            age=given.get("age_years"),
            phone=phone_of(client),
            visit=visit,
            health=tuple((title, _health(name, given)) for name, title in HEALTH.items()),
            said=said_first(fired),
            minds=changes_first(fired),
            pain=_pain(given),
            suggestion=_suggestion(explained),
        )


def phone_of(client: Client) -> Contact | None:
    """The telephone on which a client is called."""
    return next((one for one in client.contacts if one.kind == "phone"), None)


def _health(name: str, given: Mapping[str, Any]) -> str:
    value = given.get(name)
    if value is None:
        return "Not asked"
    field = FIELDS[name]
    if value in ([], ["none"]):
        asked = len([option for option in field.options if option.code != "none"])
        return f"none of the {asked} we ask about"
    return answers.words(field, value)


def said_first(fired: Iterable[ExplainedRule]) -> tuple[str, ...]:
    """The answers behind the most serious rules, each once, at most three."""
    by_weight = sorted(fired, key=lambda rule: -rule.level.severity)
    quoted = dict.fromkeys(words for rule in by_weight for words in _quoted(rule))
    return tuple(quoted)[:SHOWN_FIRST]


def changes_first(fired: Iterable[ExplainedRule]) -> tuple[str, ...]:
    """What the most serious rules change, each once, those of as many rules as `said_first` quotes; techniques stand below."""
    by_weight = sorted(fired, key=lambda rule: -rule.level.severity)[:SHOWN_FIRST]
    lines = dict.fromkeys(line for rule in by_weight for line in rule.changes)
    return tuple(line for line in lines if not line.startswith(NOT_USED.partition("{")[0]))


def _quoted(rule: ExplainedRule) -> Iterable[str]:
    for fact, value in rule.answers.items():
        if fact in _FLAG_FACTS:
            yield from (
                f"{RED_FLAGS[code].title}: {_FLAG_FACTS[fact]}" for code in value if code in RED_FLAGS
            )
        elif fact == "own_words":
            yield from (f"{TITLES[key]}: please look before my visit is confirmed" for key in value)
        elif fact in FIELDS and value not in (None, [], ()):
            yield f"{FIELDS[fact].title}: {answers.words(FIELDS[fact], value)}"


def rules_by_answer(fired: Iterable[ExplainedRule]) -> dict[str, tuple[str, ...]]:
    """Names of answers with the rules that rest on them."""
    found: dict[str, tuple[str, ...]] = {}
    for rule in fired:
        for fact in rule.answers:
            found[fact] = (*found.get(fact, ()), rule.rule)
    return found


def _pain(given: Mapping[str, Any]) -> tuple[str, ...]:
    now, usual = given.get("pain_now_nrs"), given.get("pain_avg_nrs")
    numbers = [f"{now} of 10 now"] if now is not None else []
    numbers += [f"{usual} of 10 on average"] if usual is not None else []
    where = [_within(FIELDS["pain_areas"].label(area)) for area in given.get("pain_areas") or ()]
    course = [
        _within(answers.words(FIELDS[name], given[name]))
        for name in ("pain_duration", "pain_course", "pain_trend")
        if given.get(name) is not None
    ]
    return tuple(part for part in (", ".join(numbers), ", ".join(where), ", ".join(course)) if part)


def _within(label: str) -> str:
    """An answer's label as it reads in the middle of a line."""
    return label[:1].lower() + label[1:]


def _suggestion(explained: Explanation) -> tuple[str, ...]:
    if not explained.ranked:
        return ()
    names = [", then ".join(match.name for match in explained.ranked)]
    plan = explained.plan
    if plan is not None and plan.length is not None:
        names.append(f"{plan.length.minutes} minutes")
    if plan is not None and plan.pressure:
        names.append(f"{plan.pressure} pressure")
    return tuple(names)
