"""What happened here with a rule or a type, in sentences that tell about no fewer than five clients and prove nothing."""

from collections.abc import Iterator

from clinic.plans.models import ReasonKind
from clinic.plans.rule_book.models import Experience

REASONS = {
    ReasonKind.FINDING_ON_TOUCH: "found by touch",
    ReasonKind.CLIENT_WISH: "the client’s wish",
    ReasonKind.SKILL_OR_EQUIPMENT: "skill or equipment",
    ReasonKind.SAFETY: "safety",
    ReasonKind.OTHER: "another reason",
}


def sentences(row: Experience) -> tuple[str, ...]:
    """What may be told about it, one thought a sentence."""
    return tuple(_sentences(row))


def _sentences(row: Experience) -> Iterator[str]:
    if row.clients:
        yield f"Counted: {row.clients} clients."
        yield from _departures(row)
    if row.pain_clients:
        yield (
            f"Average pain, 0 to 10, from the start to the first look back: {row.pain_start} to {row.pain_later}, "
            f"{row.pain_clients} clients."
        )
    if row.function_clients:
        yield (
            f"Pain in daily life (PEG), 0 to 10, in the same time: {row.function_start} to {row.function_later}, "
            f"{row.function_clients} clients."
        )
    if row.incident_clients:
        yield f"At least {row.incident_clients} of these clients had an incident later."
    elif row.clients:
        yield "Fewer than five of these clients, or none, had an incident later."


def _departures(row: Experience) -> Iterator[str]:
    few = "fewer than five, or none"
    if row.followed and row.departed:
        yield f"Therapists followed it for at least {row.followed} and departed from it for at least {row.departed}."
    elif row.followed:
        yield f"Therapists followed it for at least {row.followed}, and departed from it for {few}."
    elif row.departed:
        yield f"Therapists departed from it for at least {row.departed}, and followed it for {few}."
    if row.reasons:
        given = ", ".join(REASONS[ReasonKind(kind)] for kind in row.reasons)
        yield f"Reasons given for five clients or more: {given}."
