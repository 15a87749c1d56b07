"""Keys of forms that do something once."""

from clinic.booking import idempotency
from clinic.web.browser import browser


def new() -> str:
    """A key for the form of a page, good in the browser the page is made for.

    The browser gets its id with the page: were it given with the answer, a second press before that would come from another
    browser, and do the same thing again.
    """
    browser()
    return idempotency.new_key()
