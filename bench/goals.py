"""What was to be reached, and whether it was: told where it is measured, and once more at the end of a run."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Goal:
    """One figure beside what it should be."""

    name: str
    found: str
    wanted: str
    is_met: bool


_told: list[Goal] = []


def tell(*goals: Goal) -> None:
    """Print these goals, and remember them for the end."""
    print("\n| goal | is | wanted | |\n|---|---|---|---|")
    for goal in goals:
        print(f"| {goal.name} | {goal.found} | {goal.wanted} | {'met' if goal.is_met else 'MISSED'} |")
    _told.extend(goals)


def sum_up() -> None:
    """Say once more what was missed."""
    missed = [goal for goal in _told if not goal.is_met]
    if _told:
        print(f"\n{len(_told) - len(missed)} of {len(_told)} goals met.")
    for goal in missed:
        print(f"Missed: {goal.name} is {goal.found}, wanted {goal.wanted}.")
