"""A program keeps a time, books it, looks at it, moves it and cancels it, under the rules of the pages."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from clinic.accounts import signed_links
from clinic.accounts.models import AuditEntry, Client
from clinic.booking.models import Appointment, IdempotencyKey, State
from clinic.db import db
from clinic.plans import notes
from clinic.practice.models import Treatment
from tests.api.caller import Caller
from tests.conftest import NOW
from tests.make import Make
from tests.measuring import statements
from tests.plans.intakes import PREGNANT, send

NINE = "2031-03-06T09:00+01:00"
TEN = "2031-03-06T10:00+01:00"
ELEVEN = "2031-03-06T11:00+01:00"


def test_a_program_books_in_two_calls(make: Make, caller: Caller) -> None:
    sold = make.offering()
    kept = caller.keep(sold, NINE)
    assert kept.status_code == 201
    hold = kept.get_json()
    assert (hold["start"], hold["end"], hold["held_until"]) == (NINE, TEN, "2031-03-03T10:20+01:00")
    assert hold["therapist"]["slug"] == sold.therapists[0].slug
    assert hold["policy"] == "Free to change or cancel until 24 hours before."
    answer = caller.book(hold["hold"], phone="030 901820", therapist_decides=True)
    assert answer.status_code == 201
    booked = answer.get_json()
    assert answer.headers["Location"] == f"/api/v1/appointments/{booked['token']}"
    assert (booked["state"], booked["start"], booked["revision"]) == ("booked", NINE, 1)
    row = db.session.query(Appointment).filter_by(state="booked").one()
    assert (row.reference, row.client.given_name) == (booked["reference"], "Ada")
    assert [contact.kind for contact in row.client.contacts] == ["mail", "phone"]
    assert (row.therapist_decides, row.length_minutes) == (True, 60)
    assert notes.planned(row, by=make.user(), now=NOW).modalities == ()
    assert db.session.query(AuditEntry).filter_by(action="book", actor="visitor").count() == 1


def test_an_appointment_shows_when_where_with_whom_and_nothing_about_the_client(
    make: Make, caller: Caller
) -> None:
    sold = make.offering(name="Lymphatic drainage", slug="lymphatic-drainage")
    token = caller.booked(sold, NINE)["token"]
    answer = caller.get(f"/appointments/{token}")
    said = answer.get_data(as_text=True)
    assert answer.headers["ETag"] == '"1"'
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    for hidden in ("Ada", 'Sample"', "client.example", "ymphatic"):
        assert hidden not in said


# --- sent twice -----------------------------------------------------------------------------------------------------------


def test_the_same_key_gives_the_first_answer_and_books_once(make: Make, caller: Caller) -> None:
    hold = caller.keep(make.offering(), NINE).get_json()["hold"]
    first, second = (caller.book(hold, key="one") for _ in range(2))
    assert (first.status_code, first.get_json()) == (second.status_code, second.get_json())
    assert first.headers["Location"] == second.headers["Location"]
    assert (make.count(Client), make.count(IdempotencyKey)) == (1, 1)


def test_the_same_key_with_other_content_is_refused(make: Make, caller: Caller) -> None:
    hold = caller.keep(make.offering(), NINE).get_json()["hold"]
    caller.book(hold, key="one")
    other = caller.book(hold, key="one", given_name="Eve")
    assert (other.status_code, other.get_json()["code"]) == (409, "idempotency-mismatch")
    assert make.count(Client) == 1


def test_another_key_finds_the_hold_used_up(make: Make, caller: Caller) -> None:
    hold = caller.keep(make.offering(), NINE).get_json()["hold"]
    caller.book(hold)
    other = caller.book(hold)
    assert (other.status_code, other.get_json()["code"]) == (409, "hold-gone")
    assert make.count(Client) == 1


def test_what_was_refused_can_be_sent_again_with_the_same_key(make: Make, caller: Caller) -> None:
    hold = caller.keep(make.offering(), NINE).get_json()["hold"]
    assert caller.book(hold, key="one", mail="nobody").status_code == 422
    assert caller.book(hold, key="one").status_code == 201


# --- whose it is ----------------------------------------------------------------------------------------------------------


def test_the_key_of_one_hold_is_another_key_for_another_hold(make: Make, caller: Caller) -> None:
    sold = make.offering()
    holds = [caller.keep(sold, start).get_json()["hold"] for start in (NINE, ELEVEN)]
    answers = [caller.book(hold, key="one") for hold in holds]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].get_json()["reference"] != answers[1].get_json()["reference"]


def test_a_hold_is_completed_by_its_secret_alone(make: Make, caller: Caller) -> None:
    caller.keep(make.offering(), NINE)
    for guess in ("x" * 43, "\u2028" * 43):
        assert caller.book(guess).get_json()["code"] == "hold-gone"
    assert make.count(Client) == 0


def test_no_cookie_owns_a_hold(make: Make, app: Flask, caller: Caller) -> None:
    """The browser that kept a time on the pages cannot be made to complete it from elsewhere."""
    sold = make.offering()
    browser = app.test_client()
    day = browser.get(f"/book/{sold.slug}?day=2031-03-06")
    assert day.status_code == 200
    answer = browser.post(
        "/api/v1/appointments",
        json={"given_name": "Ada", "family_name": "S", "mail": "a@client.example", "agreed_to_policy": True},
        headers={"Idempotency-Key": "k"},
    )
    assert (answer.status_code, answer.get_json()["errors"][0]["pointer"]) == (422, "/hold")


def test_the_token_of_somebody_else_and_one_that_never_was_find_nothing_alike(
    make: Make, caller: Caller
) -> None:
    token = caller.booked(make.offering(), NINE)["token"]
    visit = db.session.query(Appointment).one()
    visit.link_epoch += 1
    db.session.commit()
    said = []
    for guess in (
        token,
        token[:-1],
        signed_links.token(signed_links.AFTERCARE, visit.id, 1),
        "nothing",
        "%00",
    ):
        for method in ("GET", "PATCH", "DELETE"):
            answer = caller.call(method, f"/appointments/{guess}")
            document = answer.get_json()
            document.pop("request_id")
            said.append((answer.status_code, str(document)))
    assert len({status for status, _ in said}) == 1
    assert said[0][0] == 404


def test_a_month_after_the_visit_its_token_says_only_that(
    make: Make, caller: Caller, the_clock_says: Callable[[datetime], None]
) -> None:
    token = caller.booked(make.offering(), NINE)["token"]
    the_clock_says(NOW + timedelta(days=34))
    answer = caller.get(f"/appointments/{token}")
    assert (answer.status_code, answer.get_json()["code"]) == (410, "past")


# --- the same gate --------------------------------------------------------------------------------------------------------


def test_a_treatment_that_asks_first_sends_people_to_its_questions(make: Make, caller: Caller) -> None:
    sold = make.offering(intake="before_booking")
    kept = caller.keep(sold, NINE).get_json()
    assert kept["questions"] == "before_booking"
    refused = caller.book(kept["hold"])
    assert (refused.status_code, refused.get_json()["code"]) == (409, "intake-needed")
    assert refused.get_json()["page"].endswith(f"/book/{sold.slug}")
    assert make.count(Client) == 0


def test_without_answers_it_can_be_asked_for_and_a_therapist_looks_first(make: Make, caller: Caller) -> None:
    kept = caller.keep(make.offering(intake="before_booking"), NINE).get_json()
    answer = caller.book(kept["hold"], without_health_answers=True)
    assert (answer.status_code, answer.get_json()["state"]) == (201, "requested")
    assert answer.get_json()["decided_by"] == "2031-03-05T10:00+01:00"
    assert db.session.query(Appointment).one().request_reason == "plain"


def test_who_told_us_something_moves_only_to_a_time_that_is_safe_and_is_not_told_why(
    make: Make, caller: Caller
) -> None:
    sold = make.offering()
    person = make.client()
    visit = make.appointment(of=sold, who=person)
    make.submission(who=person, level="refer", disposition="doctor")
    token = signed_links.token(signed_links.MANAGE, visit.id, visit.link_epoch)
    answer = caller.call("PATCH", f"/appointments/{token}", json={"start": TEN, "revision": 1})
    assert (answer.status_code, answer.get_json()["code"]) == (403, "call-the-practice")
    assert "health" not in answer.get_data(as_text=True)
    assert make.refreshed(visit).starts_at == NOW + timedelta(days=3)


# --- gone, stale, too many ------------------------------------------------------------------------------------------------


def test_a_time_that_is_gone_comes_with_the_nearest(make: Make, caller: Caller) -> None:
    sold = make.offering()
    caller.booked(sold, TEN)
    answer = caller.keep(sold, TEN)
    assert (answer.status_code, answer.get_json()["nearest"]) == (
        409,
        [NINE, ELEVEN, "2031-03-06T11:15+01:00"],
    )


def test_the_nearest_times_of_a_visit_that_moves_are_as_long_as_it_was_agreed(
    make: Make, caller: Caller
) -> None:
    sold = make.offering(minutes=60)
    token = caller.booked(sold, NINE)["token"]
    make.appointment(of=sold, starts_at=datetime.fromisoformat("2031-03-06T13:00+01:00"), who=make.client())
    sold.length_minutes = 30
    db.session.commit()
    move = {"start": "2031-03-06T13:00+01:00", "revision": 1}
    near = caller.call("PATCH", f"/appointments/{token}", json=move).get_json()["nearest"]
    assert near == [f"2031-03-06T{at}+01:00" for at in ("11:45", "12:00", "14:00")]
    for start in near:
        move = {"start": start, "revision": caller.get(f"/appointments/{token}").get_json()["revision"]}
        assert caller.call("PATCH", f"/appointments/{token}", json=move).status_code == 200


def test_the_time_kept_for_taking_a_move_back_does_not_stand_in_the_way_of_moving_back(
    make: Make, caller: Caller
) -> None:
    sold = make.offering()
    token = caller.booked(sold, NINE)["token"]
    for revision, start in enumerate((TEN, NINE, TEN), start=1):
        move = {"start": start, "revision": revision}
        moved = caller.call("PATCH", f"/appointments/{token}", json=move)
        assert (moved.status_code, moved.get_json().get("start")) == (200, start), moved.get_json()


def test_whoever_does_not_give_a_treatment_is_not_found_for_it(make: Make, caller: Caller) -> None:
    sold = make.offering()
    other = make.therapist(make.location())
    answer = caller.keep(sold, NINE, therapist=other.slug)
    assert (answer.status_code, answer.get_json()["code"]) == (404, "not-found")


def test_a_hold_taken_over_is_gone(
    make: Make, caller: Caller, the_clock_says: Callable[[datetime], None]
) -> None:
    sold = make.offering()
    first = caller.keep(sold, NINE).get_json()["hold"]
    the_clock_says(NOW + timedelta(minutes=30))
    assert caller.keep(sold, NINE).status_code == 201
    assert caller.book(first).get_json()["code"] == "hold-gone"


def test_a_move_keeps_the_therapist_unless_another_is_asked_for(make: Make, caller: Caller) -> None:
    make.practice()
    house = make.location()
    ana, ben = make.therapist(house), make.therapist(house)
    sold = make.treatment(therapists=[ana, ben])
    kept = caller.keep(sold, NINE, therapist=ben.slug).get_json()
    token = caller.book(kept["hold"]).get_json()["token"]
    moved = caller.call("PATCH", f"/appointments/{token}", json={"start": TEN}, headers={"If-Match": '"1"'})
    assert (moved.status_code, moved.headers["ETag"]) == (200, '"2"')
    assert (moved.get_json()["therapist"]["slug"], moved.get_json()["start"]) == (ben.slug, TEN)
    assert moved.get_json()["can_undo_until"] is not None
    make.appointment(of=sold, therapist=ben, starts_at=datetime.fromisoformat(ELEVEN), who=make.client())
    gone = caller.call("PATCH", f"/appointments/{token}", json={"start": ELEVEN, "revision": 2})
    assert (gone.status_code, gone.get_json()["nearest"][0]) == (409, "2031-03-06T09:45+01:00")
    anybody = {"start": ELEVEN, "revision": 2, "therapist": "any"}
    assert (
        caller.call("PATCH", f"/appointments/{token}", json=anybody).get_json()["therapist"]["slug"]
        == ana.slug
    )


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_a_change_names_what_was_seen_and_an_old_view_changes_nothing(
    make: Make, caller: Caller, method: str
) -> None:
    token = caller.booked(make.offering(), NINE)["token"]
    path = f"/appointments/{token}"
    content: dict[str, Any] = {"json": {"start": TEN}} if method == "PATCH" else {}
    assert caller.call(method, path, **content).status_code == 428
    stale = caller.call(method, path, headers={"If-Match": '"7"'}, **content)
    assert (stale.status_code, stale.get_json()["revision"]) == (412, 1)
    assert caller.call(method, path, headers={"If-Match": "*"}, **content).status_code == 412
    if method == "PATCH":
        stale = caller.call(method, path, json={"start": TEN, "revision": 7})
    else:
        stale = caller.call(method, f"{path}?revision=7")
    assert (stale.status_code, stale.get_json()["revision"]) == (409, 1)
    assert caller.get(path).get_json()["start"] == NINE
    assert caller.get(path).get_json()["state"] == "booked"


def test_a_cancelled_appointment_says_so_and_is_cancelled_once(make: Make, caller: Caller) -> None:
    token = caller.booked(make.offering(), NINE)["token"]
    gone = caller.call("DELETE", f"/appointments/{token}?revision=1").get_json()
    assert (gone["state"], gone["can_change"], gone["revision"]) == ("cancelled", False, 2)
    again = caller.call("DELETE", f"/appointments/{token}?revision=2")
    assert (again.status_code, again.get_json()["code"]) == (409, "wrong-state")


def test_the_limits_of_the_pages_are_the_limits_here(make: Make, caller: Caller) -> None:
    """Ten bookings an hour from one network; the holds that wait meanwhile are ten at most."""
    sold = make.offering()
    make.practice(open_bookings_per_client=50)
    answers = []
    for number in range(11):
        start = f"2031-03-{10 + number // 5}T{9 + number % 5:02}:00+01:00"
        kept = caller.keep(sold, start)
        assert kept.status_code == 201, kept.get_json()
        answers.append(caller.book(kept.get_json()["hold"], mail=f"p{number}@client.example"))
    assert [answer.status_code for answer in answers] == [201] * 10 + [429]
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert db.session.query(Appointment).filter_by(state=State.BOOKED).count() == 10


def test_one_network_keeps_ten_times_and_no_eleventh(make: Make, caller: Caller) -> None:
    sold = make.offering()
    codes = [
        caller.keep(sold, f"2031-03-{10 + number // 5}T{9 + number % 5:02}:00+01:00").status_code
        for number in range(11)
    ]
    assert codes == [201] * 10 + [429]


@pytest.mark.parametrize("rooms", [0, 2])
def test_a_hold_takes_five_statements_and_its_booking_seven_with_the_counting_of_tries(
    make: Make, caller: Caller, rooms: int
) -> None:
    make.practice()
    house = make.location()
    sold: Treatment = make.treatment(
        therapists=[make.therapist(house) for _ in range(3)], rooms=[make.room(house) for _ in range(rooms)]
    )
    asked = {"treatment": sold.slug, "start": NINE}
    db.session.expunge_all()  # As in life, nothing is known of what the making of rows left.
    with statements() as of_hold:
        kept = caller.call("POST", "/holds", json=asked)
    db.session.expunge_all()
    with statements() as of_booking:
        booked = caller.book(kept.get_json()["hold"], phone="030 901820")
    assert (kept.status_code, booked.status_code) == (201, 201)
    assert len(of_hold) <= 5, of_hold
    assert len(of_booking) <= 7, of_booking
    assert any("INTO limits" in sql for sql in of_hold)
    assert any("WITH first AS" in sql for sql in of_booking)


def test_a_program_does_not_move_a_visit_to_somebody_without_the_training_and_is_not_told_which(
    make: Make, caller: Caller
) -> None:
    make.practice()
    place = make.location()
    priya = make.therapist(place, given_name="Priya", skills=["prenatal"])
    maeve = make.therapist(place, given_name="Maeve")
    paula = make.client(given_name="Paula")
    visit = make.appointment(of=make.treatment(therapists=[priya, maeve], minutes=45), who=paula)
    send(paula, PREGNANT)
    token = signed_links.token(signed_links.MANAGE, visit.id, visit.link_epoch)
    move = {"start": "2031-03-06T13:00+01:00", "therapist": maeve.slug, "revision": 1}
    refused = caller.call("PATCH", f"/appointments/{token}", json=move)
    assert (refused.status_code, refused.get_json()["code"]) == (409, "other-therapist")
    for hidden in ("training", "pregnan", "prenatal"):
        assert hidden not in refused.get_data(as_text=True)
    nearest = [f"2031-03-06T{time}+01:00" for time in ("12:45", "13:00", "13:15")]
    assert refused.get_json()["nearest"] == nearest
    bob = make.client(given_name="Bob", mail="bob@client.example")
    make.appointment(
        of=visit.treatment, therapist=priya, who=bob, starts_at=visit.starts_at + timedelta(hours=3)
    )
    taken = caller.call("PATCH", f"/appointments/{token}", json={**move, "therapist": "any"})
    assert (taken.status_code, taken.get_json()["code"]) == (409, "not-offered")
    moved = caller.call(
        "PATCH",
        f"/appointments/{token}",
        json={**move, "start": taken.get_json()["nearest"][0], "therapist": "any"},
    )
    assert moved.status_code == 200
    assert moved.get_json()["therapist"]["slug"] == priya.slug
