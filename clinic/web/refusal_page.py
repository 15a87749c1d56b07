"""A refusal on the page where somebody is at work, so that they can go on from there, or the page that comes first."""

from flask import redirect, url_for
from flask.typing import ResponseReturnValue

from clinic.accounts.limits import TooMany
from clinic.booking.refusals import NextStep
from clinic.refusal import Refusal

COMES_FIRST = {
    NextStep.HEALTH_QUESTIONS: "intake.begin",
    NextStep.GUARDIAN: "guardian.show",
    NextStep.CARE_CARD: "outcome.show",
}
"""The endpoint of the page a client is sent to before anything can be booked."""


def answer(page: str, refusal: Refusal) -> ResponseReturnValue:
    """A page that says why not, with the refusal's status and, where it says so, when it may be tried again."""
    headers = {"Retry-After": str(refusal.retry_after)} if isinstance(refusal, TooMany) else {}
    return page, refusal.status, headers


def to_first(step: NextStep) -> ResponseReturnValue | None:
    """To the page that comes before any booking, for a step that leads to one."""
    return redirect(url_for(COMES_FIRST[step]), 303) if step in COMES_FIRST else None
