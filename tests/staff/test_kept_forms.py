"""A note or a plan typed for longer than a session lasts is not lost: who signs in again finds it, and nobody else does."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from clinic import clock
from clinic.accounts.models import AuditEntry, StaffSession, User
from clinic.booking.models import Appointment
from clinic.db import db, transaction
from clinic.plans import courses, kept_forms
from clinic.plans.models import KeptForm, Plan, SessionNote
from tests import make
from tests.plans.conftest import Scene
from tests.plans.test_courses import begun
from tests.visitor import Visitor, as_staff, shown

TYPED = {"text": "zebrafish in the lower back", "reaction": "slept", "first": "swedish"}


@pytest.fixture
def visit(scene: Scene, clock_at_now: None) -> Appointment:
    """Under way just now."""
    found: Appointment = scene.visit(starts_at=make.NOW - timedelta(minutes=50))
    return found


@pytest.fixture
def writer(app: Flask, scene: Scene, visit: Appointment) -> Visitor:
    """The therapist, with the note's page open."""
    return Visitor(as_staff(app, scene.therapist_user)).open(f"/staff/appointments/{visit.id}/note")


def after_a_while(says: Callable[..., None], **much: int) -> None:
    says(clock.now() + timedelta(**much))


def again(app: Flask, user: User, visit: Appointment) -> Visitor:
    """Signed in anew, on the note's page."""
    return Visitor(as_staff(app, user)).open(f"/staff/appointments/{visit.id}/note")


def test_what_was_typed_comes_back_after_the_sign_in(
    app: Flask, scene: Scene, visit: Appointment, writer: Visitor, the_clock_says: Callable[..., None]
) -> None:
    after_a_while(the_clock_says, minutes=40)
    writer.press("Save draft", **TYPED)
    assert writer.path == f"/staff/sign-in?next=/staff/appointments/{visit.id}/note"
    assert "what you typed is there again" in writer.text
    assert make.count(SessionNote) == 0
    kept = db.session.scalars(sa.select(KeptForm)).one()
    assert b"zebrafish" not in kept.fields_sealed

    back = again(app, scene.therapist_user, visit)
    assert "What you had typed is here again" in back.text
    form, _ = back.form_with("Save draft")
    assert {name: shown(form)[name].strip() for name in TYPED} == TYPED
    back.press("Save draft")
    assert make.count(KeptForm) == 0
    assert db.session.scalars(sa.select(SessionNote)).one().content["text"] == TYPED["text"]
    actions = db.session.scalars(
        sa.select(AuditEntry.action).where(AuditEntry.purpose == "kept note").order_by(AuditEntry.id)
    ).all()
    assert actions == ["keep", "read"]


def test_a_colleague_finds_nothing_of_it(
    app: Flask, scene: Scene, visit: Appointment, writer: Visitor, the_clock_says: Callable[..., None]
) -> None:
    after_a_while(the_clock_says, minutes=40)
    writer.press("Save draft", **TYPED)
    colleague = make.user()
    make.appointment(of=scene.treatment, who=visit.client, therapist=make.therapist(user_id=colleague.id))
    assert "zebrafish" not in again(app, colleague, visit).text


@pytest.mark.parametrize("how", ["signed out", "long ago", "without our token", "somebody else's client"])
def test_nothing_is_kept_of_what_need_not_be_theirs(
    app: Flask,
    scene: Scene,
    visit: Appointment,
    writer: Visitor,
    the_clock_says: Callable[..., None],
    how: str,
) -> None:
    after_a_while(the_clock_says, hours=13 if how == "long ago" else 1)
    if how == "signed out":
        db.session.execute(sa.update(StaffSession).values(ended_at=clock.now()))
        db.session.commit()
    form, _ = writer.form_with("Save draft")
    data = {**shown(form), **TYPED}
    if how == "without our token":
        data["csrf_token"] = "made up"
    path = f"/staff/appointments/{visit.id}/note"
    if how == "somebody else's client":
        stranger = make.appointment(
            of=make.treatment(therapists=[make.therapist(scene.location)]),
            who=make.client(mail="eve@client.example"),
        )
        path = f"/staff/appointments/{stranger.id}/note"
    assert (
        writer.browser.post(path, data=data).status_code == 401
    )  # The words go back to the page and are kept nowhere.
    assert make.count(KeptForm) == 0


def test_after_a_day_it_is_gone(scene: Scene, visit: Appointment) -> None:
    user = scene.therapist_user
    with transaction():
        kept_forms.keep(visit, {"text": ["zebrafish"]}, by=user, now=make.NOW)
    late = make.NOW + timedelta(hours=24)
    assert kept_forms.open_kept(visit, by=user, now=late) is None
    with transaction():
        kept_forms.old_forms(make.NOW).delete()
    assert make.count(KeptForm) == 0


@pytest.fixture
def plan(scene: Scene) -> Plan:
    begun(scene)
    found = courses.plan_of(scene.ada.id)
    assert found is not None
    return found


def editor(plan: Plan) -> str:
    return f"/staff/plans/{plan.id}/edit"


def test_a_plan_that_was_being_changed_comes_back_the_same_way(
    app: Flask, scene: Scene, plan: Plan, clock_at_now: None, the_clock_says: Callable[..., None]
) -> None:
    page = Visitor(as_staff(app, scene.therapist_user)).open(editor(plan))
    words = {"minutes": "45", "why": "An hour of zebrafish", "goals-1-words": "Sleep through"}
    after_a_while(the_clock_says, minutes=40)
    page.press("Save as version 2", **words)
    assert page.path == f"/staff/sign-in?next={editor(plan)}"
    assert "what you typed is there again" in page.text
    kept = db.session.scalars(sa.select(KeptForm)).one()
    assert b"zebrafish" not in kept.fields_sealed

    colleague = make.user()
    make.appointment(of=scene.treatment, who=scene.ada, therapist=make.therapist(user_id=colleague.id))
    assert "zebrafish" not in Visitor(as_staff(app, colleague)).open(editor(plan)).text

    back = Visitor(as_staff(app, scene.therapist_user)).open(editor(plan))
    assert "What you had typed is here again" in back.text
    form, _ = back.form_with("Save as version 2")
    assert {name: shown(form)[name].strip() for name in words} == words
    anew = Visitor(back.browser).open(f"{editor(plan)}?from=1")
    assert "zebrafish" not in anew.text
    back.press("Save as version 2")
    assert "It stands as version 2" in back.text
    assert make.count(KeptForm) == 0
