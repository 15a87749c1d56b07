"""The kinds of messages: each is declared once, in the module of its topic, and `KINDS` holds them all.

A declaration names whom a message goes to, what finds that it is owed, what it says, a sample, and what staff call it. Everything
else reads it here: the pass, the letters, the practice's own words, the message log.

Adding a kind touches four files: a member of `models.MessageKind`; in a topic's module here its question to committed rows and its
`DeclaredKind`; its template of parts; its German in the catalogue.
"""

from collections.abc import Mapping
from itertools import chain

from clinic.messaging.due.shape import Question
from clinic.messaging.kinds import (
    addresses,
    afterwards,
    agenda,
    bookings,
    data_exports,
    delivery_trouble,
    erasures,
    health_questions,
    preparation,
    reminders,
    reviews_and_look_backs,
    series,
    team,
    waiting,
)
from clinic.messaging.kinds.declaration import DeclaredKind
from clinic.messaging.models import MessageKind

KINDS: Mapping[MessageKind, DeclaredKind] = {
    declared.kind: declared
    for declared in chain(
        bookings.KINDS,
        series.KINDS,
        reminders.KINDS,
        afterwards.KINDS,
        addresses.KINDS,
        data_exports.KINDS,
        erasures.KINDS,
        health_questions.KINDS,
        preparation.KINDS,
        waiting.KINDS,
        reviews_and_look_backs.KINDS,
        agenda.KINDS,
        delivery_trouble.KINDS,
        team.KINDS,
    )
}
QUESTIONS: tuple[Question, ...] = tuple(question for declared in KINDS.values() for question in declared.due)
"""What every kind asks of committed rows, in the order a pass asks."""


def label(kind: MessageKind) -> str:
    """What staff call a kind. A test of a letter's words is the one kind without a declaration: it looks like the kind it shows."""
    return KINDS[kind].label if kind in KINDS else "Test of a letter's words (to staff)"
