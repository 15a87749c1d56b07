"""Shows a refusal on the page where somebody is working, so that they can continue, or leads to the page that comes
first."""

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
    """A page with the refusal's sentence and status, and when to try again, if known."""
    headers = {"Retry-After": str(refusal.retry_after)} if isinstance(refusal, TooMany) else {}
    return page, refusal.status, headers


def to_first(step: NextStep) -> ResponseReturnValue | None:
    """To the page that comes before any booking, for a step that leads to one."""
    return redirect(url_for(COMES_FIRST[step]), 303) if step in COMES_FIRST else None
