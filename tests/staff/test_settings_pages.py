"""The owner's pages: every one opens, keeps what was typed, and writes nothing that cannot be."""

import re
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from clinic.accounts.models import AuditEntry, User
from clinic.db import db
from clinic.practice.models import (
    Closure,
    Location,
    LocationPair,
    Practice,
    Room,
    Therapist,
    TimeOff,
    Treatment,
    WeeklyHours,
)
from tests.make import Make
from tests.plans.conftest import Scene
from tests.staff.conftest import Browser
from tests.visitor import Visitor

SignIn = Callable[[User], Browser]
SEEN = re.compile(r'name="seen"[^>]*value="([0-9a-f]+)"')


@pytest.fixture
def owner(make: Make, sign_in: SignIn) -> Browser:
    """Somebody who owns the practice and does nothing else in it."""
    return sign_in(make.user(roles=["owner"], given_name="Olive"))


def seen(browser: Browser, path: str) -> str:
    """The mark that stands on a page."""
    found = SEEN.search(browser.get(path))
    assert found is not None, path
    return found[1]


PRACTICE = {
    "name": "Alder Lane",
    "phone": "+49 30 5550100",
    "mail": "hello@alderlane.example",
    "country": "DE",
    "region": "BE",
    "currency": "EUR",
    "emergency_number": "112",
}


def test_an_owner_comes_from_nothing_to_an_offer_in_seven_steps(owner: Browser, make: Make) -> None:
    """Each page leads to the next one; at the end clients see a free time."""
    assert "Describe the practice" in owner.get("/staff/settings")
    page = owner.done("/staff/settings/practice", seen=seen(owner, "/staff/settings/practice"), **PRACTICE)
    assert "Add a location" in page
    place = {"name": "North", "street": "Lime Street 3", "town": "Berlin", "zone": "Europe/Berlin"}
    assert 'value="Europe/Berlin"' in owner.get("/staff/settings/locations/new")
    owner.done("/staff/settings/locations/new", **place)
    assert "Add a treatment" in owner.get("/staff/settings")
    owner.done(
        "/staff/settings/treatments/new",
        name="Relaxation, an hour",
        first="relaxation",
        length_minutes=60,
        buffer_before_minutes=0,
        buffer_after_minutes=15,
        price="56.50",
        mail_name="Massage",
        intake="none",
        new_clients="welcome",
        needs_room="y",
    )
    sold = db.session.scalars(sa.select(Treatment)).one()
    assert (sold.slug, sold.price_cents) == ("relaxation-an-hour", 5650)
    assert "Add a room" in owner.get("/staff/settings")
    location = db.session.scalars(sa.select(Location)).one()
    owner.done("/staff/settings/rooms/new", name="Red", location=location.id, treatments=sold.id)
    assert "Add a therapist" in owner.get("/staff/settings")
    page = owner.done(
        "/staff/settings/therapists/new",
        given_name="Ana",
        family_name="Ortiz",
        treatments=sold.id,
        colour=1,
    )
    assert "Now say when they work" in page
    person = db.session.scalars(sa.select(Therapist)).one()
    assert "Enter hours" in owner.get("/staff/settings")
    week = f"/staff/settings/hours/{person.id}"
    hours = {f"day-{n}": n for n in range(5)}
    hours |= {f"from-{n}": "9" for n in range(5)} | {f"until-{n}": "17:00" for n in range(5)}
    hours |= {f"place-{n}": str(location.id) for n in range(5)}
    owner.done(week, seen=seen(owner, week), act="save", from_on=make.day().isoformat(), **hours)
    assert "Write the imprint" in owner.get("/staff/settings")
    imprint = "/staff/settings/legal/imprint/de"
    Visitor(owner.client).open(imprint).press("Save the text", words="Ana Ortiz")
    assert "Clients cannot book yet" in owner.get("/staff/settings")
    assert "10:00" not in owner.get("/book/relaxation-an-hour?day=2031-03-04&times=all")
    Visitor(owner.client).open("/staff/settings").press("Open for booking")
    assert "Clients can book." in owner.get("/staff/settings")
    assert "10:00" in owner.get("/book/relaxation-an-hour?day=2031-03-04&times=all")


def test_a_practice_cannot_open_while_a_client_would_find_nothing(owner: Browser) -> None:
    owner.done("/staff/settings/practice", seen=seen(owner, "/staff/settings/practice"), **PRACTICE)
    page = owner.done("/staff/settings/online-booking/open")
    assert "This is still to be done: add a location" in page
    assert db.session.get_one(Practice, 1).online_booking == "not_open"
    assert "Add a location" in owner.get("/staff/settings/online-booking")
    assert "Open for booking" not in owner.get("/staff/settings/online-booking")


def test_online_booking_is_closed_with_a_sentence_and_opened_again(owner: Browser, scene: Scene) -> None:
    page, path = Visitor(owner.client), "/staff/settings/online-booking"
    page.open("/staff/settings/legal/imprint/de").press("Save the text", words="Ana Ortiz")
    page.open(path).press("Close online booking", closed_words="")
    assert "Write a sentence for your clients." in page.text
    assert scene.make.refreshed(db.session.get_one(Practice, 1)).is_open
    page.press("Close online booking", closed_words="Back on 1 May.")
    assert "Online booking is closed." in page.text
    assert "Back on 1 May." in page.open("/").text
    page.open(path).press("Save the sentence", closed_words="Back on 2 May.")
    assert "Back on 2 May." in page.open("/book").text
    page.open(path).press("Open for booking")
    assert "Clients can book online now." in page.text
    assert "Back on 2 May." not in page.open("/").text
    stood = [
        row.purpose
        for row in db.session.scalars(sa.select(AuditEntry).order_by(AuditEntry.at, AuditEntry.id))
        if "online_booking" in row.fields
    ]
    assert stood == ["closed", "closed", "open"]


def test_an_owner_of_nothing_is_led_to_the_first_step_from_where_they_arrive(owner: Browser) -> None:
    assert owner.look("/staff").headers["Location"] == "/staff/settings"


def test_every_page_of_the_settings_opens_for_the_owner(owner: Browser, scene: Scene) -> None:
    room = scene.make.room(scene.location)
    for path in (
        *("", "/practice", "/rules", "/locations", "/locations/new", "/rooms", "/rooms/new", "/treatments"),
        *(
            "/treatments/new",
            "/therapists",
            "/therapists/new",
            "/time-off",
            "/closures",
            "/closures/holidays",
        ),
        *("/outside", f"/locations/{scene.location.id}", f"/rooms/{room.id}"),
        *(f"/treatments/{scene.treatment.id}", f"/therapists/{scene.therapist.id}"),
        *(f"/hours/{scene.therapist.id}", f"/days/{scene.therapist.id}", "/closures/holidays?year=2032"),
    ):
        owner.get(f"/staff/settings{path}")


def test_pages_lead_on_before_there_is_anything(owner: Browser) -> None:
    for path, said in {
        "/locations": "No location yet",
        "/rooms": "No room yet",
        "/treatments": "Nothing on the list yet",
        "/therapists": "Nobody yet",
        "/hours": "First a location",
        "/time-off": "No time off planned",
        "/closures": "No closure planned",
        "/closures/holidays": "No public holidays known",
        "/outside": "No booking lies outside hours",
    }.items():
        assert said in owner.get(f"/staff/settings{path}"), path


def test_the_front_desk_blocks_time_and_sets_up_nothing(front_desk: Browser, scene: Scene) -> None:
    for path in ("", "/time-off", "/closures", "/closures/holidays", "/outside"):
        page = front_desk.get(f"/staff/settings{path}")
        assert "/staff/settings/rules" not in page
    for path in ("/practice", "/rules", "/locations", "/treatments", "/hours"):
        front_desk.get(f"/staff/settings{path}", 403)
    front_desk.done("/staff/settings/time-off", therapist=scene.therapist.id, first_on="2031-03-10")
    assert scene.make.count(TimeOff) == 1


BAD_TREATMENTS = [
    ({"length_minutes": "62"}, "steps of five"),
    ({"length_minutes": "0"}, "Enter 5 to 360 minutes."),
    ({"length_minutes": "an hour"}, "Enter a whole number"),
    ({"buffer_after_minutes": "7"}, "steps of five"),
    ({"price": "-3"}, "Enter a price"),
    ({"price": "12.345"}, "Enter a price"),
    ({"price": "１２"}, "Enter a price"),
    ({"name": ""}, "Enter what clients choose by."),
    ({"first": "needlework"}, "Choose one of the answers below"),
    ({"therapists": "not-an-id"}, "is no answer to “"),
    ({"intake": "sometimes"}, "Choose one of the answers below"),
    ({"first": "manual_lymphatic_drainage"}, "needs training in lymphatic drainage"),
]


@pytest.mark.parametrize(("bad", "said"), BAD_TREATMENTS, ids=lambda value: str(value)[:40])
def test_a_treatment_that_cannot_be_is_kept_as_typed_and_not_written(
    owner: Browser, scene: Scene, bad: dict[str, str], said: str
) -> None:
    typed = {
        "name": "Calm hour",
        "first": "relaxation",
        "length_minutes": "60",
        "buffer_before_minutes": "0",
        "buffer_after_minutes": "15",
        "price": "56",
        "mail_name": "Massage",
        "intake": "none",
        "new_clients": "welcome",
        "description": "Quiet and slow",
        "therapists": str(scene.therapist.id),
        **bad,
    }
    answer = owner.post("/staff/settings/treatments/new", **typed)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert said in page
    assert "Quiet and slow" in page
    assert "<title>Error: " in page
    assert scene.make.count(Treatment) == 1


def test_two_owners_with_one_page_and_the_second_is_told(owner: Browser, scene: Scene) -> None:
    path = "/staff/settings/rules"
    mark = seen(owner, path)
    typed = {
        "notice_minutes": 60,
        "horizon_days": 30,
        "step_minutes": 15,
        "hold_minutes": 20,
        "open_bookings_per_client": 12,
        "late_cancel_hours": 24,
        "approval": "at_once",
        "decide_hours": 48,
        "offer_people": 3,
        "offer_minutes": 30,
        "reminders": "48, 2",
        "quiet_from_hour": 21,
        "quiet_until_hour": 8,
    }
    owner.done(path, seen=mark, **typed)
    second = owner.post(path, seen=mark, **{**typed, "horizon_days": 90})
    page = second.get_data(as_text=True)
    assert second.status_code == 409
    assert "Somebody else changed this" in page
    assert 'value="90"' in page
    assert db.session.get(Practice, 1).horizon_days == 30
    found = SEEN.search(page)
    assert found is not None
    owner.done(path, seen=found[1], **{**typed, "horizon_days": 90})
    db.session.expire_all()
    assert db.session.get(Practice, 1).horizon_days == 90


def test_a_booking_becomes_a_request_by_a_rule_of_the_practice_or_of_a_treatment(
    owner: Browser, scene: Scene
) -> None:
    page = Visitor(owner.client)
    sold = db.session.query(Treatment).one()

    def stands() -> tuple[str, str | None]:
        return scene.make.refreshed(db.session.get(Practice, 1)).approval, scene.make.refreshed(sold).approval

    page.open("/staff/settings/rules").press("Save the rules", approval="ask_first")
    assert stands() == ("ask_first", None)
    for chosen in ("at_once", "ask_first", ""):
        page.open(f"/staff/settings/treatments/{sold.id}").press("Save the treatment", approval=chosen)
        assert stands() == ("ask_first", chosen or None)
    page.open(f"/staff/settings/treatments/{sold.id}").press("Save the treatment", approval="perhaps")
    assert page.status == 422
    assert stands() == ("ask_first", None)


@pytest.mark.parametrize(
    "reminders", ["soon", "1e9", "0", "-2", "48, nan", "inf", "1,2,3,4,5,6", "99999999999999999999"]
)
def test_reminders_that_are_no_hours_are_refused_in_words(
    owner: Browser, scene: Scene, reminders: str
) -> None:
    answer = owner.post("/staff/settings/rules", horizon_days=30, reminders=reminders)
    assert answer.status_code == 422
    assert "reminders" in answer.get_data(as_text=True)


def test_a_change_leaves_the_names_of_fields_in_the_audit_and_no_value(owner: Browser, scene: Scene) -> None:
    path = f"/staff/settings/therapists/{scene.therapist.id}"
    owner.done(
        path,
        seen=seen(owner, path),
        given_name="Renata",
        family_name="Moreau",
        colour=1,
        treatments=scene.treatment.id,
        user=scene.therapist_user.id,
    )
    row = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.subject_type == "therapists")).one()
    assert row.action == "change"
    assert row.fields == ["given_name"]
    assert "Renata" not in repr(vars(row))


def test_the_address_of_a_treatment_stays_when_its_name_changes(owner: Browser, scene: Scene) -> None:
    sold = scene.treatment
    path = f"/staff/settings/treatments/{sold.id}"
    slug = sold.slug
    owner.done(
        path,
        seen=seen(owner, path),
        name="Another name",
        first="swedish",
        length_minutes=60,
        buffer_before_minutes=0,
        buffer_after_minutes=0,
        price="60",
        mail_name="Massage",
        intake="before_booking",
        new_clients="welcome",
        therapists=scene.therapist.id,
    )
    assert (scene.make.refreshed(sold).name, sold.slug) == ("Another name", slug)


def test_a_retired_treatment_comes_back_by_undo(owner: Browser, scene: Scene) -> None:
    path = f"/staff/settings/treatments/{scene.treatment.id}"
    page = owner.done(f"{path}/retire")
    assert f'action="{path}/restore"' in page
    assert scene.make.refreshed(scene.treatment).retired_at is not None
    owner.done(f"{path}/restore")
    assert scene.make.refreshed(scene.treatment).retired_at is None


def test_the_last_treatment_for_new_clients_cannot_be_taken_away(owner: Browser, scene: Scene) -> None:
    scene.make.treatment(therapists=[scene.therapist], new_clients="not_first")
    answer = owner.post(f"/staff/settings/treatments/{scene.treatment.id}/retire")
    assert answer.status_code == 409
    assert "New clients need at least one treatment" in answer.get_data(as_text=True)
    assert scene.make.refreshed(scene.treatment).retired_at is None


def test_treatments_change_their_order(owner: Browser, scene: Scene) -> None:
    other = scene.make.treatment(therapists=[scene.therapist], position=5)
    owner.done(f"/staff/settings/treatments/{other.id}/order", way="earlier")
    assert scene.make.refreshed(other).position < scene.make.refreshed(scene.treatment).position
    assert owner.post(f"/staff/settings/treatments/{other.id}/order", way="sideways").status_code == 404


def test_two_rooms_of_a_location_cannot_have_one_name(owner: Browser, scene: Scene) -> None:
    scene.make.room(scene.location, name="Red")
    answer = owner.post("/staff/settings/rooms/new", name="Red", location=scene.location.id)
    assert answer.status_code == 422
    assert "has this name already" in answer.get_data(as_text=True)
    assert scene.make.count(Room) == 1


@pytest.mark.parametrize("ticked", [[""], ["", "garbage"], ["garbage"]], ids=str)
def test_a_tick_that_was_never_offered_is_refused(owner: Browser, scene: Scene, ticked: list[str]) -> None:
    for path in ("rooms/new", "treatments/new", "therapists/new"):
        for name in ("treatments", "therapists", "rooms", "skills"):
            sent = {"name": "Red", "location": str(scene.location.id), name: ticked}
            assert owner.post(f"/staff/settings/{path}", **sent).status_code in (303, 422), (path, name)
    assert scene.make.refreshed(scene.treatment).rooms == []


@pytest.mark.parametrize("where", [{}, {"location": ""}, {"location": "nowhere"}], ids=str)
def test_a_room_stands_in_a_location(owner: Browser, scene: Scene, where: dict[str, str]) -> None:
    assert owner.post("/staff/settings/rooms/new", name="Red", **where).status_code == 422
    assert scene.make.count(Room) == 0


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"phone": "112 or so"}, "Enter a telephone number"),
        ({"phone": "555 0142"}, "cannot be dialled from elsewhere"),
        ({"mail": "desk"}, "Enter an e-mail address in the correct format"),
        ({"country": "Atlantis"}, "Choose one of the answers below"),
        ({"currency": ""}, "Choose the currency"),
        ({"name": " "}, "Enter the name."),
        ({"about": "x" * 2001}, "at most 2000 characters"),
    ],
)
def test_a_practice_that_cannot_be_is_not_set_up(
    owner: Browser, make: Make, typed: dict[str, str], said: str
) -> None:
    answer = owner.post("/staff/settings/practice", **{**PRACTICE, "legal_name": "Alder Lane Ltd", **typed})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert said in page
    assert "Alder Lane Ltd" in page
    assert make.count(Practice) == 0


def test_a_region_of_another_country_is_none(owner: Browser, make: Make) -> None:
    path = "/staff/settings/practice"
    owner.done(path, seen=seen(owner, path), **{**PRACTICE, "phone": "(030) 555 01.00", "country": "FR"})
    assert db.session.get(Practice, 1).region == ""


@pytest.mark.parametrize("zone", ["Europe/Atlantis", "Etc/GMT+5", "../../etc/passwd", "Atlantis"])
def test_a_zone_that_is_none_is_refused(owner: Browser, scene: Scene, zone: str) -> None:
    answer = owner.post("/staff/settings/locations/new", name="South", street="A", town="B", zone=zone)
    assert answer.status_code == 422
    assert "Choose a time zone from the list" in answer.get_data(as_text=True)
    assert scene.make.count(Location) == 1


def test_ways_between_locations_are_kept_in_fives(owner: Browser, scene: Scene) -> None:
    other = scene.make.location()
    names = [f"way-{scene.location.id}-{other.id}", f"way-{other.id}-{scene.location.id}"]
    mark = seen(owner, "/staff/settings/locations")
    bad = owner.post(
        "/staff/settings/locations/ways", seen=mark, **dict(zip(names, ["20", "22"], strict=True))
    )
    assert bad.status_code == 422
    assert 'value="22"' in bad.get_data(as_text=True)
    assert scene.make.count(LocationPair) == 0
    owner.done("/staff/settings/locations/ways", seen=mark, **dict(zip(names, ["20", "25"], strict=True)))
    kept = {row.from_id: row.travel_minutes for row in db.session.scalars(sa.select(LocationPair))}
    assert kept == {scene.location.id: 20, other.id: 25}


def test_an_absence_over_a_booking_cancels_nothing_and_lists_it_until_it_is_moved(
    owner: Browser, front_desk: Browser, scene: Scene
) -> None:
    visit = scene.visit()
    page = front_desk.done("/staff/settings/time-off", therapist=scene.therapist.id, first_on="2031-03-06")
    assert "1 booking now lies outside hours; nothing was cancelled" in page
    assert "Bookings outside hours" in page
    assert "Ada Sample" in page
    assert "Ines has time off" in page
    assert scene.make.refreshed(visit).state == "booked"
    assert "1 booking lies" in owner.get("/staff/settings")
    listed = owner.get("/staff/settings/outside")
    assert "Ada Sample" in listed
    row = db.session.scalars(sa.select(TimeOff)).one()
    front_desk.done(f"/staff/settings/time-off/{row.id}/delete")
    assert "No booking lies outside hours" in front_desk.get("/staff/settings/outside")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"first_on": "2031-03-10", "last_on": "2031-03-09"}, "The last day lies before the first"),
        ({"first_on": "2031-02-30"}, "Enter a day"),
        ({"first_on": "9999-12-31"}, "Enter a day"),
        ({"first_on": "2031-03-10", "from_time": "9"}, "Enter both times"),
        ({"first_on": "2031-03-10", "from_time": "12", "until_time": "9"}, "lies before its beginning"),
        ({"first_on": "2031-03-10", "from_time": "9:03", "until_time": "10"}, "steps of five minutes"),
        ({"first_on": "2031-03-10", "from_time": "25", "until_time": "26"}, "Enter a time"),
        ({"first_on": "2031-03-10", "last_on": "2041-03-10"}, "longer than three years"),
    ],
)
def test_time_off_that_cannot_be_is_refused_in_words(
    front_desk: Browser, scene: Scene, typed: dict[str, str], said: str
) -> None:
    answer = front_desk.post("/staff/settings/time-off", therapist=scene.therapist.id, note="Away", **typed)
    assert answer.status_code == 422
    page = answer.get_data(as_text=True)
    assert said in page
    assert 'value="Away"' in page
    assert scene.make.count(TimeOff) == 0


def test_only_the_public_holidays_that_are_ticked_become_closures(owner: Browser, scene: Scene) -> None:
    scene.make.practice(country="DE", region="BE")
    path = "/staff/settings/closures/holidays?year=2031"
    assert "Women&#39;s Day" in owner.get(path)
    page = owner.done(path, days=["2031-04-11", "2031-04-14"])
    assert "Closed on 2 days." in page
    assert "Good Friday" in page
    assert "Closed already" in owner.get(path)
    assert owner.post(path, days=["2031-04-11"]).status_code == 422
    assert owner.post(path, days=["2031-07-13"]).status_code == 422
    assert scene.make.count(Closure) == 2


def test_a_day_in_march_is_a_holiday_in_berlin_and_not_in_hamburg(owner: Browser, scene: Scene) -> None:
    scene.make.practice(country="DE", region="HH")
    assert "Women" not in owner.get("/staff/settings/closures/holidays?year=2031")


def test_hours_are_written_only_by_saving(owner: Browser, scene: Scene) -> None:
    path = f"/staff/settings/hours/{scene.therapist.id}"
    count = scene.make.count(WeeklyHours)
    for act in ("look", "add-2", "remove-0", "copy", "nonsense-9", "add-99", "remove-x"):
        owner.post(path, seen=seen(owner, path), act=act, from_on="2031-03-03", **{"day-0": 0, "from-0": "8"})
        if act != "nonsense-9":
            assert scene.make.count(WeeklyHours) == count, act


def test_treatments_of_one_name_are_told_apart_by_their_length(owner: Browser, scene: Scene) -> None:
    for name, minutes in (("Calm", 60), ("Calm", 90), ("Brisk", 30)):
        scene.make.treatment(name=name, length_minutes=minutes)
    db.session.commit()
    for path in (f"/staff/settings/therapists/{scene.therapist.id}", "/staff/settings/rooms/new"):
        said = owner.get(path)
        assert "Calm, 60 minutes" in said
        assert "Calm, 90 minutes" in said
        assert "Brisk, 30" not in said


def test_an_owner_types_a_treatment_in_another_language_and_takes_it_back(
    owner: Browser, scene: Scene
) -> None:
    sold = scene.make.treatment(name="Calm hour")
    db.session.commit()
    path = f"/staff/settings/treatments/{sold.id}"
    assert "In another language: German" in owner.get(path)
    typed = {
        "name": "Calm hour",
        "first": "relaxation",
        "length_minutes": "60",
        "buffer_before_minutes": "0",
        "buffer_after_minutes": "15",
        "price": "56",
        "mail_name": "Massage",
        "intake": "none",
        "new_clients": "welcome",
    }
    owner.done(path, seen=seen(owner, path), **typed, name_de="Ruhige Stunde", description_de=" ")
    db.session.expire_all()
    assert sold.translations == {"de": {"name": "Ruhige Stunde"}}
    assert 'value="Ruhige Stunde"' in owner.get(path)
    owner.done(path, seen=seen(owner, path), **typed, name_de="")
    db.session.expire_all()
    assert sold.translations == {}
    long = owner.post(path, seen=seen(owner, path), **typed, description_de="x" * 2001)
    assert long.status_code == 422
    assert "x" * 2001 in long.get_data(as_text=True)


def test_the_rules_and_the_way_in_are_typed_in_another_language_too(owner: Browser, scene: Scene) -> None:
    place = scene.therapist.treatments and db.session.scalars(sa.select(Location)).first()
    path = f"/staff/settings/locations/{place.id}"
    here = {"name": place.name, "street": place.street, "town": place.town, "zone": place.zone}
    owner.done(
        path, seen=seen(owner, path), **here, getting_here="Ring twice.", getting_here_de="Zweimal klingeln."
    )
    db.session.expire_all()
    assert place.translations == {"de": {"getting_here": "Zweimal klingeln."}}
    path = "/staff/settings/practice"
    about = {
        "name": "Alder",
        "phone": "+49 30 5550100",
        "mail": "a@alder.example",
        "country": "DE",
        "currency": "EUR",
    }
    owner.done(
        path,
        seen=seen(owner, path),
        **about,
        emergency_number="112",
        language="de",
        policy_de="",
        policy_en="",
    )
    db.session.expire_all()
    assert db.session.get(Practice, 1).language == "de"
    assert "In another language: English" in owner.get(path)
    owner.done(
        path, seen=seen(owner, path), **about, emergency_number="112", language="de", policy_en="Free."
    )
    db.session.expire_all()
    assert db.session.get(Practice, 1).translations == {"en": {"policy": "Free."}}


def test_why_booking_is_closed_is_typed_in_another_language_and_the_rules_stay(
    owner: Browser, scene: Scene
) -> None:
    practice = db.session.get_one(Practice, 1)
    practice.translations = {"de": {"policy": "Kostenfrei bis zum Vorabend."}}
    db.session.commit()
    page, path = Visitor(owner.client), "/staff/settings/online-booking"
    page.open(path).press(
        "Close online booking", closed_words="Back in May.", closed_words_de="Ab Mai wieder."
    )
    said = {"policy": "Kostenfrei bis zum Vorabend.", "closed_words": "Ab Mai wieder."}
    assert scene.make.refreshed(practice).translations == {"de": said}
    page.open("/staff/settings/practice").press("Save the practice", policy_de="Kostenfrei.")
    assert scene.make.refreshed(practice).translations == {"de": {**said, "policy": "Kostenfrei."}}
    page.open(path).press("Save the sentence", closed_words_de="")
    assert scene.make.refreshed(practice).translations == {"de": {"policy": "Kostenfrei."}}


def test_a_therapist_is_described_in_another_language_too(owner: Browser, scene: Scene) -> None:
    person, page = scene.therapist, Visitor(owner.client)
    page.open(f"/staff/settings/therapists/{person.id}").press("Save the therapist", about_de="Sport")
    assert scene.make.refreshed(person).translations == {"de": {"about": "Sport"}}
    page.open(f"/staff/settings/therapists/{person.id}/page")
    page.press("Save the page", likes="Calves", likes_de="Waden", training_de="")
    assert person.profile is not None
    assert scene.make.refreshed(person.profile).translations == {"de": {"likes": "Waden"}}
    assert "Waden" in page.open(f"/staff/settings/therapists/{person.id}/page").answer.text
