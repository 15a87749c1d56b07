"""Conditions over facts of which some were not asked: true, false, or not known yet.

"Not known" is decided as in three-valued logic: an "and" is false as soon as one part is, an "or" true as soon as one
part is, whatever the parts that were not asked would say.
"""

from clinic.guidance.conditions import Condition, Group, Negation, Test
from clinic.guidance.facts import Facts


def decided(condition: Condition, facts: Facts) -> bool | None:
    """Whether the facts meet the condition; None if that depends on something that was not asked."""
    if not facts.unknown:
        return condition.holds(facts)
    if isinstance(condition, Test):
        return _of_test(condition, facts)
    if isinstance(condition, Negation):
        part = decided(condition.part, facts)
        return None if part is None else not part
    if isinstance(condition, Group):
        return _of_group(condition, facts)
    return condition.holds(facts)


def open_fields(condition: Condition, facts: Facts) -> tuple[str, ...]:
    """The fields of a condition that were not asked, in the order it names them."""
    return tuple(
        name
        for name in condition.fields
        if name in facts.unknown or any(known.startswith(f"{name}.") for known in facts.unknown)
    )


def _of_test(test: Test, facts: Facts) -> bool | None:
    if test.field in facts.unknown:
        return None
    if test.holds(facts):
        return True
    values = test.value if isinstance(test.value, tuple) else (test.value,)
    return None if any(f"{test.field}.{value}" in facts.unknown for value in values) else False


def _of_group(group: Group, facts: Facts) -> bool | None:
    parts = [decided(member, facts) for member in group.members]
    final = group.word == "or"
    if final in parts:
        return final
    return None if None in parts else not final
