"""What an owner who treats nobody sees: the calendar and contact details, nothing to change there, and no health data."""

from flask import Flask

from clinic.accounts.models import User
from clinic.db import db
from tests.make import Make
from tests.plans.conftest import Scene
from tests.staff.conftest import scene
from tests.visitor import Visitor, as_staff

__all__ = ["scene"]


def owner_of(app: Flask, make: Make) -> Visitor:
    return Visitor(as_staff(app, make.user(roles=["owner"], given_name="Olga")))


def test_an_owner_without_a_practice_begins_with_the_settings(app: Flask, make: Make) -> None:
    assert owner_of(app, make).open("/staff").heading == "Settings"


def test_an_owner_begins_with_the_day_of_all_and_finds_every_page_of_the_bar(
    app: Flask, make: Make, scene: Scene, clock_at_now: None
) -> None:
    owner = owner_of(app, make).open("/staff")
    assert owner.answer.status_code == 200
    rail = owner.page.all("nav")[0]
    places = {link.get("href"): link.text for link in rail.all("a") if link.get("href").startswith("/staff")}
    assert {"Today", "Calendar", "Waiting list", "Messages", "Reports", "Settings"} <= set(places.values())
    assert "Reviews" not in places.values()
    for path in places:
        assert owner.open(path).status == 200, path


def test_an_owner_reads_a_visit_and_the_contacts_and_no_health(
    app: Flask, make: Make, scene: Scene, clock_at_now: None
) -> None:
    owner = owner_of(app, make).open(f"/staff/appointments/{scene.visit().id}")
    assert owner.status == 200
    assert scene.ada.contacts[0].value in owner.text
    for act in ("Move…", "Cancel…", "Arrived", "Answers and review", "answers, plan and notes"):
        assert act not in owner.text
    assert owner.open("/staff/reviews").status == 403


def test_an_owner_who_treats_reads_the_health_of_own_clients(
    app: Flask, scene: Scene, clock_at_now: None
) -> None:
    person = db.session.get_one(User, scene.therapist_user.id)
    person.role_names = ["owner", "therapist"]
    db.session.commit()
    both = Visitor(as_staff(app, person)).open("/staff")
    assert both.status == 200
    assert "To review" in both.text
    assert both.open("/staff/settings").status == 200
