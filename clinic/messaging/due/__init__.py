"""What is owed: one question to committed rows for each kind of message, asked again at every pass.

A question finds only what is due now, so an appointment that was cancelled or moved in time leaves nothing to take back.
Most passes ask only about what changed lately; every few minutes one asks about everything, so that nothing is missed.
Nothing is owed about the past, to an address that bounced, or for a client who was erased. Of a client's addresses one
counts: a guardian's first, a proven one before the others, then the newest.

One module a topic; a kind names the rows it is about and hands them to `shape.owed` with the occasion, when it is due, and
until when it is worth sending. `now` stands where something must not be over yet, `rules.until(now)` where something must
have come to pass: for a pass both are the same instant, and a look ahead asks the very same questions about the hours between.
"""

from clinic.messaging.due import (
    afterwards,
    bookings,
    intakes,
    people,
    reminders,
    team,
    therapists,
    waiting,
)
from clinic.messaging.due.shape import DueQuery, DueRules, Question, find, foresee, rules

__all__ = ["KINDS", "DueQuery", "DueRules", "Question", "find", "foresee", "rules"]

KINDS: tuple[Question, ...] = (
    bookings.confirmations,
    bookings.requests_received,
    bookings.requests_confirmed,
    bookings.requests_declined,
    bookings.changes,
    bookings.cancellations,
    bookings.series,
    reminders.reminders,
    afterwards.aftercare,
    afterwards.check_ins,
    afterwards.rebookings,
    intakes.resumed_intakes,
    intakes.guardians_asked,
    intakes.invitations,
    intakes.nudges,
    waiting.joined,
    waiting.offers,
    waiting.outcomes,
    waiting.over,
    people.addresses_replaced,
    therapists.reviews_waiting,
    therapists.check_ins_answered,
    therapists.look_backs_due,
    therapists.agendas,
    therapists.delivery_troubles,
    team.invitations,
    team.password_resets,
)
"""Every kind that is derived. A sign-in link has no fact to derive it from: its view calls `services.owe_sign_in`, and likewise `owe_own_tips`."""
