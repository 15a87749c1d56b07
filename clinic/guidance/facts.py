"""Facts: the typed answers of one person at one time, which is all that a rule may look at."""

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Self

from clinic.guidance.fields import FIELDS, Field, FieldKind

Codes = frozenset[str]
_NOTHING: Codes = frozenset()


class InvalidFacts(ValueError):
    """Names the field and the problem. The offending value stands apart, so that a log of the text holds no answer."""

    def __init__(self, field: str, problem: str, value: object = None) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem
        self.value = value


@dataclass(frozen=True, slots=True)
class Activity:
    """An everyday activity in the client's own words, scored from 0 (unable) to 10 (as before the problem)."""

    activity: str
    score: int


Known = str | int | Codes | frozenset[int] | tuple[Activity, ...]
"""An answer as it was read: a code, a number, codes without an order, or activities."""


@dataclass(frozen=True, slots=True)
class Facts:
    """One person's answers, read from JSON by `Facts.of`.

    Red flags answered yes stand in `red_flags`, those answered unsure in `red_flags_unsure`; `diagnoses` hold now,
    `diagnoses_past` did once. `unknown` names the fields that were not asked, a red flag as `red_flags.<code>`: an empty
    list means "asked, none" only where the field is not among them.
    """

    _given: Mapping[str, Known] = dataclasses.field(default_factory=dict)
    unknown: Codes = _NOTHING

    @classmethod
    def of(cls, mapping: Mapping[str, object], *, unknown: Iterable[str] = ()) -> Self:
        """Facts from a mapping as it comes out of JSON; missing or null means unanswered.

        `unknown` names what was not asked at all. A list of just "none" is the empty list. Raises InvalidFacts for an
        unknown field or option, a wrong type, a number out of range, or an option named twice.
        """
        given: dict[str, Known] = {}
        for name, raw in mapping.items():
            field = FIELDS.get(name)
            if field is None:
                raise InvalidFacts(str(name), "is not a field of the questionnaire")
            if raw is not None:
                given[name] = _READERS[name](field, raw)
        return cls(given, frozenset(unknown))

    def get(self, name: str) -> Known | None:
        """The answer to a field: if there is none, None, or an empty list for a field that holds a list."""
        return self._given.get(name, _UNANSWERED[name])

    def one(self, name: str) -> str | None:
        """The chosen code of a field with one choice; None if unanswered."""
        answer = self.get(name)
        if answer is not None and not isinstance(answer, str):
            raise TypeError(f"{name} does not hold one code")
        return answer

    def many(self, name: str) -> Codes:
        """The codes of a field that holds a list; empty if unanswered."""
        answer = self.get(name)
        if not isinstance(answer, frozenset):
            raise TypeError(f"{name} does not hold a list of codes")
        return answer  # type: ignore[return-value]  # only `rmdq` holds numbers, and no rule reads it

    def number(self, name: str) -> int | None:
        """The whole number of a field; None if unanswered."""
        answer = self.get(name)
        if answer is not None and not isinstance(answer, int):
            raise TypeError(f"{name} does not hold a number")
        return answer

    def normalised(self) -> "Facts":
        """The same facts with the two answers that count when missing: no clinician has seen it, and it hurts."""
        if self._given.keys() >= _COUNTED_WHEN_MISSING.keys():
            return self
        return replace(self, _given={**_COUNTED_WHEN_MISSING, **self._given})


_COUNTED_WHEN_MISSING: Final = {"clinician_seen": "no", "back_pain_now": "yes"}


def _number(field: Field, raw: object) -> int:
    if not isinstance(raw, int) or isinstance(raw, bool):
        raise InvalidFacts(field.name, "must be a whole number")
    if not field.low <= raw <= field.high:
        raise InvalidFacts(field.name, f"must be between {field.low} and {field.high}")
    return raw


def _choice(field: Field, raw: object) -> str | int:
    wanted = int if field.numeric else str
    if not isinstance(raw, wanted) or isinstance(raw, bool):
        raise InvalidFacts(field.name, f"must be {'a whole number' if field.numeric else 'a text'}")
    if str(raw) not in field.codes:
        raise InvalidFacts(field.name, "has no such option", raw)
    return raw


def _codes(field: Field, raw: object) -> frozenset[str] | frozenset[int]:
    if not isinstance(raw, list | tuple | set | frozenset):
        raise InvalidFacts(field.name, "must be a list")
    if list(raw) == ["none"]:
        return _NOTHING
    codes = [_choice(field, item) for item in raw]
    chosen = frozenset(codes)
    if len(chosen) < len(codes):
        repeated = next(code for code in codes if codes.count(code) > 1)
        raise InvalidFacts(field.name, "names an option more than once", repeated)
    if "none" in chosen:
        raise InvalidFacts(field.name, "has 'none' beside other options")
    return chosen  # type: ignore[return-value]  # one field's codes are all texts or all numbers


def _activities(field: Field, raw: object) -> tuple[Activity, ...]:
    if not isinstance(raw, list | tuple):
        raise InvalidFacts(field.name, "must be a list")
    if field.most is not None and len(raw) > field.most:
        raise InvalidFacts(field.name, f"holds at most {field.most} activities")
    return tuple(_activity(field, item) for item in raw)


def _activity(field: Field, item: object) -> Activity:
    if isinstance(item, Activity):
        item = {"activity": item.activity, "score": item.score}
    if not isinstance(item, Mapping) or set(item) != {"activity", "score"}:
        raise InvalidFacts(field.name, "must hold objects with 'activity' and 'score'")
    activity = item["activity"]
    if not isinstance(activity, str) or not activity.strip():
        raise InvalidFacts(field.name, "needs each activity as a text")
    return Activity(activity, _number(field, item["score"]))


def _reader(field: Field) -> Callable[[Field, object], Known]:
    if field.is_number:
        return _number
    if field.kind is FieldKind.PSFS:
        return _activities
    return _codes if field.is_list else _choice


# Looked up once: a thousand clients have some sixty thousand answers.
_READERS: Final = {name: _reader(field) for name, field in FIELDS.items()}
_UNANSWERED: Final[Mapping[str, Known | None]] = {
    name: () if field.kind is FieldKind.PSFS else _NOTHING if field.is_list else None
    for name, field in FIELDS.items()
}
