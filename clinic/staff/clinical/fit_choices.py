"""What speaks against a visit and what it can become, for the pages on which a therapist decides."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from clinic.booking import fitting, suitability
from clinic.booking.fitting import Alternative, Fit
from clinic.booking.models import Appointment
from clinic.booking.suitability import Objection
from clinic.language.reading import money
from clinic.practice.models import Therapist, Treatment

KEEP = "keep"
"""The visit stays as it was asked for."""


@dataclass(frozen=True, kw_only=True)
class FitChoices:
    """The objections to a visit, and the alternatives at its own time; both empty for a visit that suits."""

    objections: tuple[Objection, ...] = ()
    alternatives: tuple[Alternative, ...] = ()

    @classmethod
    def of(
        cls, visit: Appointment | None, suggested: Sequence[str], now: datetime, *, is_choice: bool = False
    ) -> Self:
        """What there is to choose for a visit ahead; nothing without one, and no alternatives to one that suits unless
        `is_choice`."""
        if visit is None:
            return cls()
        against = suitability.objections_to(visit, now)
        return cls(
            objections=against,
            alternatives=tuple(fitting.alternatives(visit, suggested, now)) if against or is_choice else (),
        )

    @property
    def best(self) -> Alternative | None:
        """What a visit that does not suit becomes unless the therapist chooses otherwise."""
        return self.alternatives[0] if self.alternatives and self.objections else None

    def becomes(self, currency: str) -> list[tuple[str, str]]:
        """What can be chosen, as (value, words)."""
        found = [
            (one.fit.code, described(one.treatment, one.therapist, currency)) for one in self.alternatives
        ]
        stays = ", and I set aside what speaks against it" if self.objections else ""
        return [*found, (KEEP, f"It stays as asked for{stays}")]

    def waived(self) -> list[tuple[str, str]]:
        """What can be set aside, as (value, words)."""
        return [(value_of(one), named(one)) for one in self.objections]

    def keys(self, values: Sequence[str]) -> frozenset[str]:
        """The keys of the objections whose values a form sent."""
        return frozenset(key for one in self.objections if value_of(one) in values for key in one.keys)


def value_of(objection: Objection) -> str:
    """An objection as a form sends it."""
    return "+".join(objection.keys)


def named(objection: Objection) -> str:
    """An objection with its rules, as one sentence."""
    rules = f" ({', '.join(objection.rules)})" if objection.rules else ""
    return f"{objection.sentence}{rules}."


def described(treatment: Treatment, therapist: Therapist, currency: str) -> str:
    """A treatment with length, price and therapist."""
    price = money(treatment.price_cents, currency)
    return f"{treatment.name}, {treatment.length_minutes} min, {price}, with {therapist.name}"


def chosen_fit(value: str | None) -> Fit | None:
    """What a form chose; None for a visit that stays as it is. Raises ValueError for anything else."""
    return None if value in (None, "", KEEP) else Fit.read(value)
