"""Links to online calendars say what the calendar file says, and nothing that opens anything."""

from urllib.parse import parse_qs, urlsplit

from flask import Flask

from clinic.accounts import signed_links
from clinic.booking.calendar_file import Method, serialise
from clinic.web.calendar_links import calendar_links
from tests.conftest import NOW
from tests.make import Make


def test_they_hold_the_discreet_name_the_place_and_the_instants(app: Flask, make: Make) -> None:
    practice = make.practice(name="Alder & Söhne")
    visit = make.appointment(
        of=make.offering(name="After surgery", mail_name="Massage"),
        who=make.client(family_name="Quillfeather"),
    )
    google, outlook = (parse_qs(urlsplit(url).query) for _, url in calendar_links(visit, practice))
    start, end = visit.starts_at, visit.ends_at
    assert google["text"] == outlook["subject"] == ["Massage, Alder & Söhne"]
    assert google["location"] == outlook["location"] == [f"{visit.location.name}, {visit.location.address}"]
    assert google["dates"] == [f"{start:%Y%m%dT%H%M%SZ}/{end:%Y%m%dT%H%M%SZ}"]
    assert outlook["startdt"] == [f"{start:%Y-%m-%dT%H:%M:%SZ}"]
    assert outlook["enddt"] == [f"{end:%Y-%m-%dT%H:%M:%SZ}"]
    file = serialise([visit], practice, method=Method.PUBLISH, now=NOW).decode()
    assert google["text"][0].replace(",", "\\,") in file


def test_they_do_not_say_how_to_change_the_visit_or_what_it_is(app: Flask, make: Make) -> None:
    visit = make.appointment(
        of=make.offering(name="After surgery", mail_name="Massage"),
        who=make.client(family_name="Quillfeather"),
    )
    token = signed_links.token(signed_links.MANAGE, visit.id, visit.link_epoch)
    for _, url in calendar_links(visit, make.practice()):
        assert "surgery" not in url
        assert token not in url
        assert visit.reference not in url
        assert visit.client.family_name not in url
