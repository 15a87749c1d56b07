"""Whoever looks at stored health answers leaves a row: also clients, at their own, and therapists at a short list."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask

from clinic.accounts.models import AuditEntry, Client
from clinic.db import db
from clinic.guidance.questions import QUESTIONS
from tests.make import Make
from tests.public.test_intake_pages import Visitor, posted
from tests.visitor import as_client

pytestmark = pytest.mark.usefixtures("clock_at_now")


def looks(purpose: str) -> list[AuditEntry]:
    """Rows of looks, oldest first."""
    db.session.expire_all()
    return list(
        db.session.scalars(
            sa.select(AuditEntry)
            .where(AuditEntry.action == "read", AuditEntry.purpose == purpose)
            .order_by(AuditEntry.id)
        )
    )


def newly(purpose: str, deed: Callable[[], object]) -> list[AuditEntry]:
    """The rows a deed leaves."""
    before = len(looks(purpose))
    deed()
    return looks(purpose)[before:]


@pytest.fixture
def person(make: Make) -> Client:
    make.offering()
    found: Client = make.client()
    return found


@pytest.fixture
def visitor(app: Flask, person: Client) -> Visitor:
    """A signed-in client."""
    return Visitor(as_client(app, person.contacts[0], person))


def test_a_page_that_is_still_empty_shows_nothing_stored(visitor: Visitor) -> None:
    visitor.say_yes()
    assert newly("intake", lambda: visitor.go(f"/intake/{visitor.slug}")) == []


def test_going_back_to_a_page_that_was_answered_is_one_look_at_its_fields(
    visitor: Visitor, person: Client
) -> None:
    visitor.say_yes()
    first = visitor.slug
    visitor.answer()
    (look,) = newly("intake", lambda: visitor.go(f"/intake/{first}"))
    assert look.client_id == person.id
    assert look.actor == f"contact:{person.contacts[0].id}"
    assert look.fields
    assert set(look.fields) <= set(QUESTIONS)


def test_looking_over_all_answers_is_one_look(visitor: Visitor) -> None:
    visitor.say_yes()
    visitor.answer_until("check")
    (look,) = newly("intake", lambda: visitor.go("/intake/check"))
    assert {"age_years", "red_flags", "pain_avg_nrs"} <= set(look.fields)
    (again,) = newly("intake", lambda: visitor.post("/intake/check", {}))
    assert again.fields == look.fields, "refused, the page shows all answers once more"


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({}, {"level", "rules", "suggestion", "plan"}),
        ({"red_flags_cough_sneeze_worse": ["yes"]}, {"level", "rules", "notes"}),
        ({"today": ["fever"]}, {"level", "rules"}),
    ],
)
def test_the_outcome_is_one_look_at_it(
    visitor: Visitor, person: Client, changes: dict[str, list[str]], fields: set[str]
) -> None:
    visitor.say_yes()
    visitor.answer_until("today", **changes)
    visitor.answer(**changes)
    visitor.go("/intake/check")
    visitor.answer_until("check", **changes)
    visitor.post("/intake/check", posted("closing", {}))
    (look,) = newly("outcome", lambda: visitor.go("/intake/outcome"))
    assert look.client_id == person.id
    assert set(look.fields) == fields


def test_the_card_that_ends_the_form_is_a_look_too(visitor: Visitor) -> None:
    visitor.say_yes()
    visitor.answer_until("safety-1")
    (look,) = newly("outcome", lambda: visitor.answer(red_flags_both_legs_new=["yes"]))
    assert look.subject_type == "drafts"


def test_a_form_filled_in_from_earlier_answers_says_which(visitor: Visitor) -> None:
    visitor.send()
    visitor.go("/intake")
    look = newly("intake", visitor.say_yes)[0]
    assert "sex_at_birth" in look.fields
    assert "today" not in look.fields, "what can change is asked again"


def test_what_nobody_signed_in_answered_is_a_visitors_look(app: Flask, person: Client) -> None:
    visitor = Visitor(app.test_client())
    visitor.send()
    (look,) = newly("outcome", lambda: visitor.go("/intake/outcome"))
    assert (look.actor, look.client_id) == ("visitor", None)
