"""Which websites may show the booking pages: what is typed becomes an origin, or is refused."""

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from clinic.db import db
from clinic.practice import queries, websites
from clinic.practice.editing import ChangedMeanwhile
from clinic.practice.models import Practice
from clinic.practice.websites import NotAWebsite, TooManyWebsites, WithoutHttps
from tests.conftest import NOW
from tests.make import Make


@pytest.mark.parametrize(
    ("typed", "origin"),
    [
        ("https://www.alderlane.example", "https://www.alderlane.example"),
        ("  HTTPS://WWW.AlderLane.example/book?now=1#times ", "https://www.alderlane.example"),
        ("https://alderlane.example:443/", "https://alderlane.example"),
        ("https://alderlane.example:8443", "https://alderlane.example:8443"),
        ("https://rückenpraxis.example", "https://xn--rckenpraxis-thb.example"),
        ("https://192.0.2.7", "https://192.0.2.7"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("http://127.0.0.1:80", "http://127.0.0.1"),
    ],
)
def test_a_website_is_stored_as_its_origin(typed: str, origin: str) -> None:
    assert websites.origin_of(typed) == origin


@pytest.mark.parametrize(
    "typed",
    [
        "www.alderlane.example",
        "https://",
        "https://*",
        "https://*.example",
        "https://example",
        "https://a..example",
        "https://-a.example",
        "https://a.example.",
        "https://me:pw@a.example",
        "https://@a.example",
        "https://a.example:99999",
        "https://a.example:x",
        "https://a.example;script-src *",
        "https://a.example 'unsafe-inline'",
        "https://a.example, https://b.example",
        "https://[::1]",
        "https://999.1.1.1",
        "https://0x7f.1",
        "https://127.1",
        "javascript:alert(1)//https://a.example",
        "data:text/html,x",
        "ftp://a.example",
        "null",
        "'none'",
        "https://" + "a" * 64 + ".example",
        "https://" + ".".join(["abcdefgh"] * 30) + ".example",
        "https://a\n.example",
    ],
)
def test_what_names_no_single_website_is_refused(typed: str) -> None:
    try:
        found = websites.origin_of(typed)
    except NotAWebsite:
        return
    # Browsers take line breaks out of a URL, and so does the reader; what is left is a plain origin.
    assert (found, "\n" in typed) == ("https://a.example", True)


@pytest.mark.parametrize(
    "typed", ["http://www.alderlane.example", "http://localhost.example", "http://127.0.0.2"]
)
def test_only_this_machine_may_be_without_https(typed: str) -> None:
    with pytest.raises(WithoutHttps):
        websites.origin_of(typed)


def test_each_website_counts_once_and_there_are_at_most_ten() -> None:
    twice = ["https://a.example", "", " https://a.example/x ", "https://b.example"]
    assert websites.origins_of(twice) == ["https://a.example", "https://b.example"]
    with pytest.raises(TooManyWebsites):
        websites.origins_of([f"https://w{number}.example" for number in range(11)])


def test_a_page_that_is_out_of_date_changes_no_websites(make: Make) -> None:
    make.practice()
    seen = websites.mark(queries.the_practice())
    websites.allow(["https://a.example"], seen_as=seen, actor="system", now=NOW)
    with pytest.raises(ChangedMeanwhile):
        websites.allow(["https://evil.example"], seen_as=seen, actor="system", now=NOW)
    assert db.session.get_one(Practice, 1).websites == ["https://a.example"]


@pytest.mark.parametrize(
    "rows",
    [
        ["https://a.example; script-src *"],
        ["https://a.example", "*"],
        ["http://a.example"],
        ["https://a.example\r\nSet-Cookie: a=b"],
        [None],
        [f"https://w{number}.example" for number in range(11)],
    ],
)
def test_the_database_refuses_what_is_no_origin(make: Make, rows: list[str | None]) -> None:
    make.practice()
    with pytest.raises(IntegrityError, match="websites_are_origins"), db.session.begin_nested():
        db.session.execute(sa.update(Practice).values(websites=rows))
