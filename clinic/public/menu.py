"""The menu: treatments as clients choose among them, each once with all its lengths, the most popular types first.

A treatment that is sold in several lengths has a row for each of them. Rows with the same name, the same types and the same
rules are one choice, if their lengths differ; nothing else is taken for the same.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from clinic.booking import admission
from clinic.guidance.statements import MOST_POPULAR
from clinic.practice import queries as practice
from clinic.practice.models import Treatment


@dataclass(frozen=True)
class MenuItem:
    """One choice: `shown` names and describes it, `lengths` holds each length it is sold in, the shortest first."""

    shown: Treatment
    lengths: tuple[Treatment, ...]
    is_confirmed: bool
    """Whether a therapist confirms each booking of it."""


@dataclass(frozen=True)
class Menu:
    """What can be booked: one choice of each of the most popular types, and the rest, in the practice's order."""

    popular: tuple[MenuItem, ...]
    rest: tuple[MenuItem, ...]

    @property
    def items(self) -> tuple[MenuItem, ...]:
        """Every choice."""
        return self.popular + self.rest


def menu(sold: Iterable[Treatment], most_minutes: int | None = None) -> Menu:
    """These treatments, which stand in the practice's order, as a client chooses among them.

    `most_minutes` is what the client's answers allow; longer ones are left out where a shorter one fits.
    """
    popular: dict[str, MenuItem] = {}
    rest = []
    for each in items(sold):
        item = replace(each, lengths=that_fit(each.lengths, most_minutes))
        leading = item.shown.modalities[0] if item.shown.modalities else ""
        if leading in MOST_POPULAR and leading not in popular:
            popular[leading] = item
        else:
            rest.append(item)
    return Menu(tuple(popular.values()), tuple(rest))


def items(sold: Iterable[Treatment]) -> list[MenuItem]:
    """Each choice once, where its first length stands."""
    alike: dict[Any, list[Treatment]] = {}
    for treatment in sold:
        alike.setdefault(_what_it_is(treatment), []).append(treatment)
    found = []
    for group in alike.values():
        is_one_choice = len({each.length_minutes for each in group}) == len(group)
        found += [_item(group)] if is_one_choice else [_item([each]) for each in group]
    return found


def lengths_of(treatment: Treatment) -> tuple[Treatment, ...]:
    """The lengths that a treatment is sold in, itself among them, the shortest first."""
    alike = [
        each
        for each in practice.treatments_of(treatment.modalities)
        if _what_it_is(each) == _what_it_is(treatment)
    ]
    return next((item.lengths for item in items(alike) if treatment in item.lengths), (treatment,))


def that_fit(lengths: tuple[Treatment, ...], most_minutes: int | None) -> tuple[Treatment, ...]:
    """The lengths of at most so many minutes; all of them if none fits, for which a therapist can still be asked."""
    fitting = tuple(each for each in lengths if most_minutes is None or each.length_minutes <= most_minutes)
    return fitting or lengths


def _item(group: list[Treatment]) -> MenuItem:
    by_length = sorted(group, key=lambda each: each.length_minutes)
    return MenuItem(group[0], tuple(by_length), admission.needs_approval(group[0]))


def _what_it_is(treatment: Treatment) -> tuple[object, ...]:
    return (
        treatment.name.casefold(),
        tuple(treatment.modalities),
        treatment.intake,
        treatment.new_clients,
        treatment.approval,
    )
