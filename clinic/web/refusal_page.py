"""A refusal on the page where somebody is at work, so that they can go on from there."""

from flask.typing import ResponseReturnValue

from clinic.accounts.limits import TooMany
from clinic.refusal import Refusal


def answer(page: str, refusal: Refusal) -> ResponseReturnValue:
    """A page that says why not, with the refusal's status and, where it says so, when it may be tried again."""
    headers = {"Retry-After": str(refusal.retry_after)} if isinstance(refusal, TooMany) else {}
    return page, refusal.status, headers
