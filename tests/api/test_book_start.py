"""A program books a start in one call, under the rules of keeping a time and booking it."""

from typing import Any

import pytest

from clinic.accounts.models import AuditEntry, Client
from clinic.booking.models import Appointment, IdempotencyKey, State
from clinic.db import db
from tests.api.caller import ADA, SECRET, Caller
from tests.make import Make
from tests.measuring import statements

NINE = "2031-03-06T09:00+01:00"
TEN = "2031-03-06T10:00+01:00"


def test_a_program_books_a_start_in_one_call(make: Make, caller: Caller) -> None:
    sold = make.offering()
    answer = caller.book_start(sold, NINE, phone="030 901820", therapist_decides=True)
    assert answer.status_code == 201
    booked = answer.get_json()
    assert (booked["state"], booked["start"], booked["end"], booked["revision"]) == ("booked", NINE, TEN, 1)
    assert answer.headers["Location"] == f"/api/v1/appointments/{booked['token']}"
    row = db.session.query(Appointment).one()
    assert (row.reference, row.state, row.therapist_decides) == (booked["reference"], State.BOOKED, True)
    assert (row.held_by, row.held_until, row.held_network) == (None, None, None)
    assert row.client is not None
    assert [contact.kind for contact in row.client.contacts] == ["mail", "phone"]
    assert db.session.query(AuditEntry).filter_by(action="book", actor="visitor").count() == 1
    assert caller.get(f"/appointments/{booked['token']}").get_json()["start"] == NINE


def test_the_same_key_gives_the_same_answer_and_books_once_even_if_somebody_else_is_free(
    make: Make, caller: Caller
) -> None:
    make.practice()
    house = make.location()
    sold = make.treatment(therapists=[make.therapist(house) for _ in range(2)])
    first, second = (caller.book_start(sold, NINE, "one key") for _ in range(2))
    assert first.get_json() == second.get_json()
    assert (make.count(Appointment), make.count(Client), make.count(IdempotencyKey)) == (1, 1, 1)
    other = caller.book_start(sold, NINE, "one key", given_name="Bea")
    assert (other.status_code, other.get_json()["code"]) == (409, "idempotency-mismatch")
    assert make.count(Appointment) == 1


def test_without_the_secret_a_key_reads_nothing(make: Make, caller: Caller) -> None:
    sold = make.offering()
    caller.book_start(sold, NINE, "one key")
    guessed = caller.book_start(sold, NINE, "one key", secret="another secret, made up")
    assert (guessed.status_code, guessed.get_json()["code"]) == (409, "not-offered")
    assert "token" not in guessed.get_json()
    assert make.count(Client) == 1


def test_a_start_that_is_gone_comes_with_the_nearest_and_leaves_nobody_behind(
    make: Make, caller: Caller
) -> None:
    sold = make.offering()
    caller.booked(sold, NINE)
    answer = caller.book_start(sold, NINE, mail="bea@client.example")
    assert (answer.status_code, answer.get_json()["code"]) == (409, "not-offered")
    assert answer.get_json()["nearest"][0] == TEN
    assert make.count(Client) == 1


def test_a_time_that_somebody_keeps_is_not_booked_past_them(make: Make, caller: Caller) -> None:
    sold = make.offering()
    caller.keep(sold, NINE)
    assert caller.book_start(sold, NINE).status_code == 409


def test_the_rules_of_a_booking_are_the_rules_here(make: Make, caller: Caller) -> None:
    sold = make.offering(intake="before_booking")
    refused = caller.book_start(sold, NINE)
    assert (refused.status_code, refused.get_json()["code"]) == (409, "intake-needed")
    assert refused.get_json()["page"].endswith(f"/book/{sold.slug}")
    assert make.count(Appointment) == 0
    asked = caller.book_start(sold, NINE, without_health_answers=True)
    assert (asked.status_code, asked.get_json()["state"]) == (201, "requested")


def test_what_one_address_may_have_open_counts_here_too(make: Make, caller: Caller) -> None:
    sold = make.offering()
    make.practice(open_bookings_per_client=1)
    assert caller.book_start(sold, NINE).status_code == 201
    refused = caller.book_start(sold, TEN)
    assert (refused.status_code, refused.get_json()["code"]) == (409, "too-many-open")


def test_the_tries_are_those_of_bookings(make: Make, caller: Caller) -> None:
    sold = make.offering()
    codes = [caller.book_start(sold, "2031-03-09T09:00+01:00").status_code for _ in range(11)]
    assert codes == [409] * 10 + [429]


@pytest.mark.parametrize(
    "changed", [{"secret": "short"}, {"hold": SECRET}, {"treatment": ""}, {"agreed_to_policy": False}]
)
def test_a_body_that_is_neither_of_the_two_is_refused(
    make: Make, caller: Caller, changed: dict[str, Any]
) -> None:
    assert caller.book_start(make.offering(), NINE, **changed).status_code == 422


def test_an_unknown_treatment_is_not_found(make: Make, caller: Caller) -> None:
    assert caller.book_start(make.offering(), NINE, treatment="unknown").status_code == 404


def test_a_direct_booking_takes_ten_statements(make: Make, caller: Caller) -> None:
    sold = make.offering()
    kept = sold.slug
    db.session.expunge_all()  # As in life, nothing is known of what the making of rows left.
    words = {"treatment": kept, "start": NINE, "secret": SECRET, **ADA}
    with statements() as asked:
        answer = caller.call("POST", "/appointments", json=words, headers={"Idempotency-Key": "counted"})
    assert answer.status_code == 201
    assert len(asked) <= 10, asked
