"""The worker's steps for messages: the pass that delivers what is owed, and what checking bounce reports needs.

A step takes no arguments, finds its work in the database, and owns its transactions: a step that is lost, doubled or late
costs nothing, because the next one finds the same rows. `clinic.worker.timetable` says when they run.
"""

from flask import current_app

from clinic import clock
from clinic.messaging import delivery
from clinic.messaging.bounces.providers import sns

PASS_LIMIT = 2000


def message_pass() -> None:
    """Find and deliver what is due. Safe to run twice at once: each message is claimed by one."""
    delivery.make_pass(current_app, PASS_LIMIT)


def timed_message_pass() -> None:
    """The same by the timetable, which knows of no news: it delivers each time and looks for new messages less often."""
    delivery.make_pass(current_app, PASS_LIMIT, has_news=False)


def fetch_from_sns() -> None:
    """Fetch the certificates that Amazon SES notifications wait for. Safe to repeat: both fetch the same."""
    topic: str | None = current_app.config["SES_TOPIC_ARN"]
    if topic is not None:
        sns.run_errands(topic, clock.now(), sns.over_https)
