"""Idempotency keys for forms that must take effect only once."""

from clinic.booking import idempotency
from clinic.web.browser import browser


def new() -> str:
    """A new idempotency key for a form, valid only in this browser.

    The page itself gives the browser its id. If only the response to the form did, a second click before that response
    would look like another browser and do the same thing again.
    """
    browser()
    return idempotency.new_key()
