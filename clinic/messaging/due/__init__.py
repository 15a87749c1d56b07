"""Which messages are due: one query for each kind of message, run again by every pass.

A query finds only what is due now, so an appointment that was cancelled or moved in time leaves nothing to take back.
Most passes ask only about recent changes; every few minutes one asks about everything, so that nothing is missed.
Nothing is due about the past, to an email address that bounced, or for a client who was erased. One of a client's
addresses is used: a guardian's first, then a proven one, then the newest.

The kinds in `messaging.kinds`, one module for each topic, bring their queries. A kind selects the rows it is about
and hands them to `shape.due_query` with the occasion, the time it is due, and the time until which it is worth
sending. Compare with `now` for what must not be over yet, and with `DueRules.until` for what must already have
happened: in a pass both are the same instant, and a forecast runs the same queries over the hours between them.
"""

from clinic.messaging.due.shape import DueQuery, DueRules, Question, find, foresee, rules

__all__ = ["DueQuery", "DueRules", "Question", "find", "foresee", "rules"]
