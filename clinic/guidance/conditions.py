"""Conditions: composable decisions on facts that can explain themselves.

There is no evaluated text: a condition is a value built by the functions below, and it refuses a field or an
option that does not exist when it is built. A comparison with an unanswered field is false, except that
`is_not` and `not_in` are true.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from clinic.guidance.facts import Facts
from clinic.guidance.fields import FIELDS, Field

Answer = str | int | list[str]
Used = dict[str, Answer]


class Condition(Protocol):
    """What every condition can do."""

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields it looks at, each once, in the order it names them."""
        ...

    def holds(self, facts: Facts) -> bool:
        """Whether the facts meet it."""
        ...

    def used(self, facts: Facts) -> Used:
        """The answers it rests on: of a list only the options it names, nothing for an unanswered field."""
        ...

    def grammar(self) -> str:
        """The compact form of the documentation."""
        ...

    def words(self) -> str:
        """The same in plain words, for a therapist."""
        ...


@dataclass(frozen=True)
class Test:
    """One field compared with one value or with several; the sign says how."""

    field: str
    sign: str
    value: str | int | tuple[str, ...]

    def __post_init__(self) -> None:
        """Refuse what could never hold: an unknown field or option, or a sign that does not fit the field."""
        field = FIELDS[self.field]
        signs = _LIST_SIGNS if field.is_list else _NUMBER_SIGNS if field.is_number else _CHOICE_SIGNS
        if self.sign not in signs:
            raise ValueError(f"{self.field} cannot be tested with {self.sign}")
        wrong = () if field.is_number else [value for value in self._values if value not in field.codes]
        if wrong:
            raise ValueError(f"{self.field} has no option {wrong}")

    __test__ = False  # pytest collects classes named like this one

    @property
    def fields(self) -> tuple[str, ...]:
        """The one field it looks at."""
        return (self.field,)

    def holds(self, facts: Facts) -> bool:
        """Whether the facts meet it."""
        return self._decide(facts.get(self.field), self._operand)

    def used(self, facts: Facts) -> Used:
        """The answer it rests on."""
        answer = facts.get(self.field)
        if isinstance(answer, frozenset):
            named = [str(value) for value in self._values if value in answer]
            return {self.field: named} if named else {}
        return {self.field: answer} if isinstance(answer, str | int) else {}

    def grammar(self) -> str:
        """The compact form of the documentation."""
        value = self.value
        return (
            f"{self.field} {self.sign} {'[' + ', '.join(value) + ']' if isinstance(value, tuple) else value}"
        )

    def words(self) -> str:
        """The same in plain words."""
        field = FIELDS[self.field]
        return f"“{field.title}” {_WORDS[self.sign]} {_list(field, self._values)}"

    @property
    def _values(self) -> tuple[str | int, ...]:
        return self.value if isinstance(self.value, tuple) else (self.value,)

    @cached_property
    def _operand(self) -> object:
        return frozenset(self.value) if isinstance(self.value, tuple) else self.value

    @cached_property
    def _decide(self) -> Callable[[object, object], bool]:
        return _DECISIONS[self.sign]


def _list(field: Field, values: tuple[str | int, ...]) -> str:
    labels = [field.label(value) for value in values]
    quoted = labels if field.is_number else [f"“{label}”" for label in labels]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} or {quoted[-1]}"


def _number(compare: Callable[[int, int], bool]) -> Callable[[object, object], bool]:
    return lambda answer, operand: (
        isinstance(answer, int) and isinstance(operand, int) and compare(answer, operand)
    )


_DECISIONS: dict[str, Callable[[object, object], bool]] = {
    "=": lambda answer, operand: answer == operand,
    "!=": lambda answer, operand: answer != operand,
    "in": lambda answer, operand: isinstance(operand, frozenset) and answer in operand,
    "not_in": lambda answer, operand: isinstance(operand, frozenset) and answer not in operand,
    "has": lambda answer, operand: isinstance(answer, frozenset) and operand in answer,
    "has_any": lambda answer, operand: (
        isinstance(answer, frozenset) and isinstance(operand, frozenset) and not answer.isdisjoint(operand)
    ),
    ">=": _number(int.__ge__),
    "<=": _number(int.__le__),
    ">": _number(int.__gt__),
    "<": _number(int.__lt__),
}
_LIST_SIGNS = ("has", "has_any")
_CHOICE_SIGNS = ("=", "!=", "in", "not_in")
_NUMBER_SIGNS = (">=", "<=", ">", "<", "=", "!=")
_WORDS = {
    "=": "is",
    "!=": "is not",
    "in": "is",
    "not_in": "is not",
    "has": "includes",
    "has_any": "includes",
    ">=": "is at least",
    "<=": "is at most",
    ">": "is more than",
    "<": "is less than",
}


@dataclass(frozen=True)
class Group:
    """Several conditions joined by "and" or by "or"."""

    word: str
    members: tuple[Condition, ...]

    @cached_property
    def fields(self) -> tuple[str, ...]:
        """The fields it looks at, each once, in order."""
        return tuple(dict.fromkeys(name for member in self.members for name in member.fields))

    def holds(self, facts: Facts) -> bool:
        """Whether the facts meet all, or any, of the members."""
        if self.word == "and":
            return all(member.holds(facts) for member in self.members)
        return any(member.holds(facts) for member in self.members)

    def used(self, facts: Facts) -> Used:
        """The answers the members rest on; of an "or" only those members that hold."""
        found: Used = {}
        for member in self.members:
            if self.word == "and" or member.holds(facts):
                _merge(found, member.used(facts))
        return found

    def grammar(self) -> str:
        """The compact form of the documentation; "and" binds tighter than "or"."""
        return f" {self.word} ".join(
            f"({member.grammar()})"
            if isinstance(member, Group) and self.word != member.word
            else member.grammar()
            for member in self.members
        )

    def words(self) -> str:
        """The same in plain words."""
        joined = [
            f"({member.words()})"
            if isinstance(member, Group) and self.word != member.word
            else member.words()
            for member in self.members
        ]
        return f" {self.word} ".join(joined)


@dataclass(frozen=True)
class Negation:
    """The opposite of a condition."""

    part: Condition

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields the opposite looks at."""
        return self.part.fields

    def holds(self, facts: Facts) -> bool:
        """Whether the facts do not meet the condition."""
        return not self.part.holds(facts)

    def used(self, facts: Facts) -> Used:
        """Answers given to the fields; a list that lacks an option is not an answer one can show."""
        return self.part.used(facts)

    def grammar(self) -> str:
        """The compact form of the documentation."""
        return f"not {_bracketed(self.part, self.part.grammar())}"

    def words(self) -> str:
        """The same in plain words."""
        return f"not {_bracketed(self.part, self.part.words())}"


def _bracketed(part: Condition, text: str) -> str:
    return f"({text})" if isinstance(part, Group) else text


def _merge(found: Used, more: Used) -> None:
    for name, answer in more.items():
        before = found.get(name)
        if isinstance(before, list) and isinstance(answer, list):
            found[name] = before + [item for item in answer if item not in before]
        else:
            found[name] = answer


def is_(field: str, value: str) -> Condition:
    """The choice is this one."""
    return Test(field, "=", value)


def is_not(field: str, value: str) -> Condition:
    """The choice is not this one; true when unanswered."""
    return Test(field, "!=", value)


def in_(field: str, *values: str) -> Condition:
    """The choice is one of these."""
    return Test(field, "in", values)


def not_in(field: str, *values: str) -> Condition:
    """The choice is none of these; true when unanswered."""
    return Test(field, "not_in", values)


def has(field: str, value: str) -> Condition:
    """The list contains this option."""
    return Test(field, "has", value)


def has_any(field: str, *values: str) -> Condition:
    """The list contains at least one of these options."""
    return Test(field, "has_any", values)


def at_least(field: str, number: int) -> Condition:
    """The number is this or more."""
    return Test(field, ">=", number)


def at_most(field: str, number: int) -> Condition:
    """The number is this or less."""
    return Test(field, "<=", number)


def above(field: str, number: int) -> Condition:
    """The number is more than this."""
    return Test(field, ">", number)


def below(field: str, number: int) -> Condition:
    """The number is less than this."""
    return Test(field, "<", number)


def all_of(*members: Condition) -> Condition:
    """All of these hold."""
    return Group("and", members)


def any_of(*members: Condition) -> Condition:
    """At least one of these holds."""
    return Group("or", members)


def not_(part: Condition) -> Condition:
    """This does not hold."""
    return Negation(part)
