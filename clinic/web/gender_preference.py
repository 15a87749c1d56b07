"""A client's preference for a woman or a man, among therapists who agreed to show it."""

from collections.abc import Sequence
from uuid import UUID

from flask import request

from clinic.practice import profiles
from clinic.practice.models import Gender, Therapist
from clinic.refusal import NotFound


def asked_for() -> str | None:
    """Whom the page's URL prefers, a woman or a man; None for no preference. Raises NotFound for anything else."""
    wanted = request.args.get("with")
    if wanted in (None, ""):
        return None
    if wanted not in set(Gender):
        raise NotFound
    return wanted


def choices(offered: Sequence[Therapist]) -> list[str]:
    """What can be preferred among these therapists: what their pages show, and nothing where there is nobody to choose among."""
    shown = {profiles.gender_shown(person) for person in offered}
    return [gender for gender in Gender if gender in shown and len(offered) > 1]


def suiting(people: Sequence[Therapist], wanted: str | None) -> set[UUID]:
    """Those who suit the preference, by id; all of them without one."""
    return {person.id for person in people if wanted in (None, profiles.gender_shown(person))}
