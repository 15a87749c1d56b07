"""What no button sends: it is refused with a page, and never breaks one."""

from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient
from flask_security import hash_password

from clinic.accounts import signed_links
from clinic.practice.models import Treatment
from clinic.web.safe_redirects import own_path
from tests.conftest import NOW
from tests.make import Make
from tests.visitor import PASSWORD, Visitor, shown

THURSDAY = "2031-03-06"
DETAILS = {
    "given_name": "Zoë",
    "family_name": "Sample",
    "mail": "zoe@client.example",
    "phone": "",
    "agree": "y",
}


@pytest.fixture(autouse=True)
def monday_morning(the_clock_says: Callable[[datetime], None]) -> None:
    the_clock_says(NOW)


@pytest.fixture
def visitor(client: FlaskClient) -> Visitor:
    return Visitor(client)


def at_details(visitor: Visitor, sold: Treatment) -> Visitor:
    return visitor.open(f"/book/{sold.slug}?day={THURSDAY}").press(f"10:00 {sold.therapists[0].given_name}")


@pytest.mark.parametrize(
    "moment",
    [
        "0001-01-01T00:00+14:00",
        "0001-01-01T00:00+00:00",
        "9999-12-31T23:59:59-12:00",
        "9999-12-31T23:59:59+00:00",
        "1999-12-31T00:00+00:00",
        "2031-03-06T09:00",
        "yesterday",
    ],
)
def test_a_time_at_the_ends_of_the_calendar_is_no_time(make: Make, visitor: Visitor, moment: str) -> None:
    sold = make.offering()
    visitor.open(f"/book/{sold.slug}?day={THURSDAY}")
    value = f"{moment}/{sold.therapists[0].id}"
    answer = visitor.browser.post(f"/book/{sold.slug}", data={"csrf_token": visitor.token(), "start": value})
    assert answer.status_code == 404


@pytest.mark.parametrize(
    "path", ["/book/%00", "/intake/%00", "/a/%00", "/%00", "/l/%00", "/intake/resume/%00"]
)
def test_an_address_with_a_nul_in_it_is_not_found(make: Make, client: FlaskClient, path: str) -> None:
    make.practice()
    assert client.get(path).status_code == 404


def test_a_form_whose_key_holds_a_nul_books_nothing(make: Make, visitor: Visitor) -> None:
    at_details(visitor, make.offering())
    form, _ = visitor.form_with("Book this session")
    answer = visitor.browser.post("/book/details", data={**shown(form), **DETAILS, "key": "a\0b"})
    assert answer.status_code == 422


@pytest.mark.parametrize("origin", ["http://[::1", "http://]", "null\ttrue", "https://attack.example"])
def test_a_form_from_an_origin_that_is_no_address_of_ours_is_refused(
    make: Make, visitor: Visitor, origin: str
) -> None:
    make.practice()
    token = visitor.open("/intake").token()
    data = {"csrf_token": token, "consent_health_data": "no"}
    assert visitor.browser.post("/intake", data=data, headers={"Origin": origin}).status_code == 403


@pytest.mark.parametrize(
    "wanted",
    ["//[attack.example", "//attack.example", "/\\attack.example", "/\t/attack.example", "/a\nb", "x"],
)
def test_after_signing_in_nobody_is_led_elsewhere(wanted: str) -> None:
    assert own_path(wanted) is None
    assert own_path("/my?x=1") == "/my?x=1"


@pytest.mark.parametrize(
    "back", ["//[", "//[attack.example", "http://[", "/\\attack.example", "//attack.example", "", "/a\nb"]
)
def test_a_choice_of_language_goes_back_to_our_own_pages_or_to_the_first(
    make: Make, visitor: Visitor, back: str
) -> None:
    make.practice()
    token = visitor.open("/").token()
    data = {"csrf_token": token, "language": "de", "back": back}
    answer = visitor.browser.post("/language", data=data)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    data["back"] = "/book"
    assert visitor.browser.post("/language", data=data).headers["Location"] == "/book"


@pytest.mark.parametrize("page", ["visit.ics", "done", "cancel", "move"])
def test_a_month_later_no_page_of_the_address_tells_more_than_that_it_is_past(
    make: Make, visitor: Visitor, page: str
) -> None:
    visit = make.appointment(of=make.offering(), who=make.client(), starts_at=NOW - timedelta(days=31))
    visitor.open(f"{signed_links.manage_path(visit.id, visit.link_epoch)}/{page}")
    assert visit.therapist.given_name not in visitor.text
    assert visit.location.street not in visitor.answer.get_data(as_text=True)


@pytest.mark.parametrize("place", ["query", "form"])
def test_staff_who_sign_in_with_a_next_that_is_no_address_are_told_so(
    make: Make, visitor: Visitor, place: str
) -> None:
    make.practice()
    make.user(email="ines@alderlane.example", password=hash_password(PASSWORD))
    fields = {
        "csrf_token": visitor.open("/staff/sign-in").token(),
        "email": "ines@alderlane.example",
        "password": PASSWORD,
    }
    broken = {"next": "//[attack.example"}
    path = "/staff/sign-in?" + urlencode(broken) if place == "query" else "/staff/sign-in"
    answer = visitor.browser.post(path, data=fields if place == "query" else {**fields, **broken})
    assert answer.status_code == 400
