"""Keys of forms that do something once."""

from clinic.booking import idempotency
from clinic.web.browser import browser


def new() -> str:
    """An idempotency key for a form, valid in this browser.

    The browser gets its id with the page: if it came with the answer, a second click before that would count as another
    browser and do the same thing again.
    """
    browser()
    return idempotency.new_key()
