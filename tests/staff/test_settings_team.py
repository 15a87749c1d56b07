"""Settings, Team, as an owner works with it: who is there, inviting, roles, help with a lost sign-in, and leaving."""

import time
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from clinic import clock
from clinic.accounts import sessions
from clinic.accounts.models import AuditEntry, PasswordReset, User
from clinic.booking.models import Appointment
from clinic.db import db
from clinic.practice import therapists
from clinic.practice.invitations import StaffInvitation
from clinic.practice.models import Therapist
from tests.make import Make
from tests.plans import intakes
from tests.plans.conftest import Scene
from tests.staff.conftest import scene
from tests.visitor import Visitor, as_staff

__all__ = ["scene"]

TEAM = "/staff/settings/team"


@pytest.fixture
def ines(make: Make, clock_at_now: None) -> User:
    """The owner, who may sign in."""
    make.practice()
    return make.user(roles=["owner"], given_name="Ines", family_name="Moreau", password="hash")


@pytest.fixture
def owner(app: Flask, ines: User) -> Visitor:
    return Visitor(as_staff(app, ines))


def actions(of: User) -> list[str]:
    """What was done with an account, oldest first."""
    about = sa.select(AuditEntry.action).where(AuditEntry.subject_id == of.id)
    return list(db.session.scalars(about.order_by(AuditEntry.id)))


def again(person: User) -> User:
    db.session.expire_all()
    return db.session.get_one(User, person.id)


# The list and invitations


def test_the_list_says_who_may_do_what_and_how_they_sign_in(owner: Visitor, make: Make) -> None:
    daniel = make.user(
        given_name="Daniel",
        family_name="Okafor",
        tf_primary_method="authenticator",
        current_login_at=make.NOW,
    )
    make.therapist(make.location(), user_id=daniel.id, given_name="Dan", family_name="Okafor")
    make.user(roles=["front_desk"], given_name="Nora", family_name="Eklund")
    make.user(roles=["front_desk"], given_name="Lea", family_name="Gone", active=False)
    page = owner.open(TEAM).text
    assert "3 people" in page
    for word in ("Daniel Okafor", "In the rota as Dan Okafor", "App code", "today, 10:00"):
        assert word in page
    assert "No second factor yet" in page
    assert page.index("No longer here") < page.index("Lea Gone")


def test_somebody_is_invited_sent_a_second_letter_and_withdrawn(owner: Visitor) -> None:
    owner.open(f"{TEAM}/invite").press(
        "Send invitation", mail="Jonas@Mail.example", roles="front_desk", rota="none"
    )
    assert owner.heading == "Team"
    assert "is invited. The letter is on its way." in owner.text
    assert "1 invitation open" in owner.text
    (made,) = db.session.scalars(sa.select(StaffInvitation)).all()
    owner.press("Send again to jonas@mail.example")
    assert "is sent again. Only the newest address works." in owner.text
    db.session.refresh(made)
    assert made.revision == 2
    owner.press("Withdraw the invitation of jonas@mail.example")
    assert "is withdrawn" in owner.text
    assert "Send again" not in owner.text


def test_a_page_that_is_old_sends_no_second_letter_and_says_so(owner: Visitor) -> None:
    owner.open(f"{TEAM}/invite").press(
        "Send invitation", mail="jonas@mail.example", roles="front_desk", rota="none"
    )
    old = owner.form_with("Send again to jonas@mail.example")[0]
    owner.press("Send again to jonas@mail.example")
    fields = {one.get("name"): one.get("value") for one in old.all("input")}
    owner.answer = owner.browser.post(old.get("action"), data=fields)
    assert "has just sent this invitation again" in owner.follow().text


@pytest.mark.parametrize(("typed", "sentence"), [
    ({"mail": "", "roles": "front_desk"}, "Enter the e-mail address."),
    ({"mail": "nobody", "roles": "front_desk"}, "Enter an e-mail address in the correct format"),
    ({"mail": "jonas@mail.example"}, "Tick at least one role."),
    ({"mail": "jonas@mail.example", "roles": "boss"}, "“boss” is no answer to “"),
    ({"mail": "ines@alderlane.example", "roles": "front_desk"}, "is already on the team"),
])  # fmt: skip
def test_what_cannot_be_invited_is_said_and_what_was_typed_stays(
    owner: Visitor, ines: User, typed: dict[str, str], sentence: str
) -> None:
    ines.email = "ines@alderlane.example"
    db.session.commit()
    owner.open(f"{TEAM}/invite").press("Send invitation", **{"rota": "none", **typed})
    assert owner.status == 422
    assert sentence in owner.text
    assert f'value="{typed["mail"]}"' in owner.answer.get_data(as_text=True)
    assert db.session.scalar(sa.select(StaffInvitation)) is None


def test_a_place_in_the_rota_is_for_therapists(owner: Visitor, make: Make) -> None:
    place = make.therapist(make.location())
    owner.open(f"{TEAM}/invite")
    owner.press("Send invitation", mail="jonas@mail.example", roles="front_desk", rota=str(place.id))
    assert owner.status == 422
    assert "Only a therapist stands in the rota." in owner.text
    owner.open(f"{TEAM}/invite").press("Send invitation", mail="jonas@mail.example", roles="front_desk")
    owner.open(f"{TEAM}/invite").press("Send invitation", mail="max@mail.example", roles="therapist")
    made = db.session.scalars(sa.select(StaffInvitation).order_by(StaffInvitation.id)).all()
    assert [each.is_new_therapist for each in made] == [False, True], "a new place is the usual one"


def test_before_there_is_a_practice_an_invitation_leads_to_naming_it(
    app: Flask, make: Make, clock_at_now: None
) -> None:
    owner = Visitor(as_staff(app, make.user(roles=["owner"])))
    owner.open(f"{TEAM}/invite")
    assert owner.heading == "Practice"
    assert "First say who the practice is" in owner.text


# Roles and the rota


def test_roles_add_up_and_a_therapist_gets_a_place_in_the_rota(
    owner: Visitor, ines: User, make: Make
) -> None:
    nora = make.user(roles=["front_desk"], given_name="Nora", family_name="Eklund")
    owner.open(f"{TEAM}/{nora.id}").press("Save", roles=["front_desk", "therapist"], rota="new")
    assert "Saved." in owner.text
    assert again(nora).role_names == ["front_desk", "therapist"]
    place = therapists.of_user(nora.id)
    assert place is not None
    assert place.name == "Nora Eklund"
    assert actions(nora) == ["roles_changed"]


def test_a_sign_in_joins_a_therapist_of_the_rota_and_parts_again(owner: Visitor, make: Make) -> None:
    place = make.therapist(make.location(), given_name="Priya", family_name="Raman")
    priya = make.user(given_name="Priya")
    owner.open(f"{TEAM}/{priya.id}").press("Save", rota=str(place.id))
    assert make.refreshed(place).user_id == priya.id
    owner.open(f"{TEAM}/{priya.id}").press("Save", roles=["front_desk"])
    assert "Only a therapist stands in the rota" in owner.text, "the place goes first"
    owner.press("Save", roles=["front_desk"], rota="none")
    assert make.refreshed(place).user_id is None
    assert again(priya).role_names == ["front_desk"]


def test_a_place_taken_meanwhile_is_said_and_nothing_is_saved(owner: Visitor, make: Make) -> None:
    place = make.therapist(make.location())
    priya = make.user(roles=["therapist"])
    owner.open(f"{TEAM}/{priya.id}")
    place.user_id = make.user().id
    db.session.commit()
    owner.press("Save", roles=["therapist", "owner"], rota=str(place.id))
    assert owner.status == 422
    assert again(priya).role_names == ["therapist"]


def test_of_two_owners_who_change_one_person_the_second_is_told(owner: Visitor, make: Make) -> None:
    nora = make.user(roles=["front_desk"])
    owner.open(f"{TEAM}/{nora.id}")
    nora.role_names = ["therapist"]
    db.session.commit()
    owner.press("Save", roles=["owner"], rota="none")
    assert owner.status == 409
    assert "Somebody else changed this" in owner.text
    assert again(nora).role_names == ["therapist"]


def test_the_last_owner_can_neither_lose_the_role_nor_leave(owner: Visitor, ines: User, make: Make) -> None:
    make.user(roles=["owner"], given_name="Otto")  # who never chose a password
    make.user(roles=["owner"], given_name="Olga", password="hash", active=False)
    assert "You are the only owner." in owner.open(f"{TEAM}/{ines.id}").text
    owner.press("Save", roles=["therapist"], rota="none")
    assert owner.status == 422
    assert "Nobody else who can sign in is an owner." in owner.text
    assert "You are the only owner." in owner.open(f"{TEAM}/{ines.id}/leave").text
    owner.answer = owner.browser.post(f"{TEAM}/{ines.id}/leave", data={"csrf_token": owner.token()})
    assert owner.status == 409
    assert "Nobody else who can sign in is an owner." in owner.text
    assert again(ines).active
    assert again(ines).role_names == ["owner"]


# Help with a lost sign-in


def test_the_second_factor_of_a_colleague_is_reset_and_written_down(owner: Visitor, make: Make) -> None:
    nora = make.user(tf_primary_method="authenticator", tf_totp_secret="{}", password="hash")
    elsewhere = sessions.open_staff(nora, clock.now())
    db.session.commit()
    owner.open(f"{TEAM}/{nora.id}").press(f"Reset the second factor of {nora.name}")
    assert "sets up a new second factor" in owner.text
    assert again(nora).tf_primary_method is None
    assert again(nora).password == "hash"
    assert sessions.staff(elsewhere, clock.now()) is None
    assert actions(nora) == ["second_factor_reset"]


def test_the_password_of_a_colleague_is_closed_at_once_and_a_letter_is_owed(
    owner: Visitor, ines: User, make: Make
) -> None:
    nora = make.user(tf_primary_method="authenticator", password="hash")
    elsewhere = sessions.open_staff(nora, clock.now())
    db.session.commit()
    owner.open(f"{TEAM}/{nora.id}").press(f"Reset the password of {nora.name}")
    assert "The old password no longer works." in owner.text
    assert again(nora).password is None
    assert nora.tf_primary_method == "authenticator"
    assert sessions.staff(elsewhere, clock.now()) is None
    (asked,) = db.session.scalars(sa.select(PasswordReset)).all()
    assert (asked.user_id, asked.asked_by_id, asked.ended_at) == (nora.id, ines.id, None)
    assert actions(nora) == ["password_reset"]


@pytest.mark.parametrize("act", ["reset-password", "reset-second-factor"])
def test_ones_own_sign_in_is_changed_elsewhere(owner: Visitor, ines: User, act: str) -> None:
    page = owner.open(f"{TEAM}/{ines.id}")
    assert "Reset" not in page.text
    owner.answer = owner.browser.post(f"{TEAM}/{ines.id}/{act}", data={"csrf_token": owner.token()})
    assert "This is your own account." in owner.follow().text
    assert again(ines).password == "hash"


@pytest.mark.parametrize("path", [
    "invite", "{0}", "{0}/leave", "{0}/reset-password", "{0}/reset-second-factor", "{0}/come-back", "{0}/hand-over",
])  # fmt: skip
def test_accounts_of_others_are_touched_only_after_a_fresh_proof(
    owner: Visitor, make: Make, path: str
) -> None:
    nora = make.user(roles=["front_desk"], password="hash")
    token = owner.open("/staff/account").token()
    with owner.browser.session_transaction() as session:
        session["fs_paa"] = time.time() - 601
    address = f"{TEAM}/{path.format(nora.id)}"
    for answer in (owner.browser.get(address), owner.browser.post(address, data={"csrf_token": token})):
        if answer.status_code != 405:
            assert answer.status_code == 303
            assert answer.headers["Location"].startswith("/staff/again")
    assert (again(nora).password, again(nora).active) == ("hash", True)


# Leaving and coming back


@pytest.fixture
def priya(scene: Scene, make: Make) -> Therapist:
    """A colleague who works at the same place and gives the same treatment."""
    user = make.user(given_name="Priya", family_name="Raman")
    person = make.therapist(scene.location, user_id=user.id, given_name="Priya", family_name="Raman")
    scene.treatment.therapists.append(person)
    db.session.commit()
    return person


def whose(visit: Appointment) -> str:
    db.session.refresh(visit)
    return visit.therapist.given_name


def test_visits_are_handed_over_at_their_own_time_and_those_that_do_not_fit_say_why(
    owner: Visitor, scene: Scene, priya: Therapist, make: Make
) -> None:
    fits = scene.visit()
    lies_on_another = scene.visit(starts_at=make.NOW.replace(day=7, hour=11))
    make.appointment(
        of=scene.treatment,
        who=make.client(given_name="Bo"),
        therapist=priya,
        starts_at=lies_on_another.starts_at,
    )
    before = fits.starts_at
    owner.open(f"{TEAM}/{scene.therapist_user.id}/leave")
    assert "2 visits to come" in owner.text
    assert "Ada Sample" in owner.text
    owner.press(
        "Hand over the ticked visits", therapist=str(priya.id), visits=[str(fits.id), str(lies_on_another.id)]
    )
    assert owner.status == 409
    assert "1 visit does not fit with Priya." in owner.text
    assert "The therapist or every room is taken then" in owner.text
    assert (whose(fits), whose(lies_on_another)) == ("Priya", "Ines")
    assert fits.starts_at == before
    assert "1 visit to come" in owner.text


def test_nothing_is_handed_over_without_a_tick_or_a_colleague(
    owner: Visitor, scene: Scene, priya: Therapist
) -> None:
    visit = scene.visit()
    owner.open(f"{TEAM}/{scene.therapist_user.id}/leave").press("Hand over the ticked visits")
    assert owner.status == 422
    assert "Choose who takes over." in owner.text
    owner.press("Hand over the ticked visits", therapist=str(priya.id), visits=[])
    assert "Tick the visits that are handed over." in owner.text
    assert whose(visit) == "Ines"


def test_a_visit_that_changed_since_the_page_was_opened_stays(
    owner: Visitor, scene: Scene, priya: Therapist
) -> None:
    visit = scene.visit()
    owner.open(f"{TEAM}/{scene.therapist_user.id}/leave")
    visit.revision += 1
    db.session.commit()
    owner.press("Hand over the ticked visits", therapist=str(priya.id), visits=[str(visit.id)])
    assert "changed while your page was open" in owner.text
    assert whose(visit) == "Ines"


def test_somebody_leaves_and_comes_back(
    app: Flask, owner: Visitor, scene: Scene, priya: Therapist, make: Make
) -> None:
    visit = scene.visit()
    maeve = Visitor(as_staff(app, scene.therapist_user))
    assert maeve.open("/staff").status == 200
    owner.open(f"{TEAM}/{scene.therapist_user.id}/leave").press("End the access of Ines")
    assert "can no longer sign in" in owner.text
    assert maeve.open("/staff").heading == "Sign in", "the session ended at once"
    assert make.refreshed(scene.therapist).left_on == make.day()
    assert whose(visit) == "Ines", "what is booked stays"
    assert "will have left by then" in owner.open("/staff/settings/outside").text
    assert "No longer here" in owner.open(TEAM).text
    owner.open(f"{TEAM}/{scene.therapist_user.id}").press("Let Ines come back with the same roles")
    assert "is back" in owner.text
    assert again(scene.therapist_user).active
    assert make.refreshed(scene.therapist).left_on is None
    assert actions(scene.therapist_user)[-2:] == ["left", "came_back"]


@pytest.mark.parametrize("with_review", [False, True])
def test_what_waits_for_somebody_who_left_waits_for_every_therapist(
    app: Flask, owner: Visitor, scene: Scene, priya: Therapist, with_review: bool
) -> None:
    visit = scene.request()
    if with_review:
        intakes.review(visit)
    colleague = db.session.get_one(User, priya.user_id)
    assert "Ada Sample" not in Visitor(as_staff(app, colleague)).open("/staff/reviews").text
    owner.open(f"{TEAM}/{scene.therapist_user.id}/leave")
    assert ("1 review to decide" in owner.text) == with_review
    owner.press("End the access of Ines")
    assert "Ada Sample" in Visitor(as_staff(app, colleague)).open("/staff/reviews").text


def test_the_page_of_a_member_locks_the_owners_rows_in_one_order(owner: Visitor, make: Make) -> None:
    other = make.user(roles=["owner"], password="hash")
    db.session.commit()
    owner.open(f"/staff/settings/team/{other.id}")
    locks: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *more: Any) -> None:
        if "FROM users" in statement and "FOR NO KEY UPDATE" in statement:
            locks.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        owner.press("Save", roles=["therapist"])
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)
    assert owner.status == 200
    assert locks
    assert all("ORDER BY users.id" in statement for statement in locks)
