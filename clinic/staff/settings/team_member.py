"""Settings, Team: one member of the team: roles, place in the rota, and help with a lost password or second factor."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from clinic import clock
from clinic.accounts import security_events, team
from clinic.accounts.models import Role, User
from clinic.db import transaction
from clinic.practice import invitations, opening_hours, queries, therapists
from clinic.practice.editing import print_of, require_unchanged
from clinic.refusal import NotFound, Refusal
from clinic.staff import desk
from clinic.staff.blueprint import blueprint
from clinic.staff.day import practice_zone
from clinic.staff.settings.layout import OWNERS, page, saved
from clinic.staff.settings.team_forms import NOWHERE, ROLE_HINTS, MemberForm
from clinic.web.access import actor, audience, staff


@blueprint.route("/settings/team/<uuid:user_id>", endpoint="settings_member", methods=["GET", "POST"])
@audience(staff, *OWNERS, fresh=True)
def member(user_id: UUID) -> ResponseReturnValue:
    """What somebody does here, and how they sign in."""
    person, now = team.member(user_id), clock.now()
    own = therapists.of_user(person.id)
    form = MemberForm()
    form.offer_supervisors(team.supervisors_for(person), person)
    form.offer(therapists.without_sign_in(opening_hours.today(now)), own)
    if not form.is_submitted():
        form.seen.data = _seen(person)
        form.roles.data = list(person.role_names)
        form.rota.data = str(own.id) if own else NOWHERE
        form.supervisor.data = str(person.supervisor_id or "")
    if form.validate_on_submit() and saved(
        form, lambda: _change(person, form, now), present=lambda: _seen(team.member(user_id))
    ):
        desk.say("Saved. It holds from the next page on.")
        if person.id == desk.user().id and Role.OWNER not in person.role_names:
            return redirect(url_for("staff.today"), 303)
        return redirect(url_for("staff.settings_team"), 303)
    return page(
        "member",
        "team",
        form,
        person=person,
        hints=ROLE_HINTS,
        is_self=person.id == desk.user().id,
        is_last_owner=team.is_last_owner(person),
        zone=practice_zone(now),
    )


def _seen(person: User) -> str:
    own = therapists.of_user(person.id)
    return print_of(sorted(person.role_names), person.active, own.id if own else None, person.supervisor_id)


def _change(person: User, form: MemberForm, now: datetime) -> None:
    by = actor()
    team.lock_with_owners(person)
    require_unchanged(form.seen.data or "", _seen(person))
    network = security_events.network_hash(request.remote_addr)
    team.set_roles(person, form.chosen_roles, actor=by, now=now, network=network)
    team.set_supervisor(person, form.chosen_supervisor, actor=by, now=now)
    own, place = therapists.of_user(person.id), form.place
    if own is not None and place.therapist_id == own.id:
        return
    therapists.unlink_user(person, actor=by, now=now)
    if place.is_new:
        therapists.take_on(therapists.details_for_user(person), treatments=(), actor=by, now=now)
    elif place.therapist_id is not None and not therapists.join(
        place.therapist_id, person, actor=by, now=now
    ):
        raise therapists.SignInTaken


@blueprint.post("/settings/team/<uuid:user_id>/reset-password", endpoint="settings_reset_password")
@audience(staff, *OWNERS, fresh=True)
def reset_password(user_id: UUID) -> ResponseReturnValue:
    """Disable somebody's password at once and email them a link for a new one."""
    if queries.find_practice() is None:
        desk.say(invitations.PracticeUnnamed.sentence)
        return redirect(url_for("staff.settings_practice"), 303)
    return _done(
        user_id,
        lambda person, now: team.reset_password(person, by=desk.user(), now=now),
        "The old password no longer works. {name} gets a letter with an address that works once, within a day.",
    )


@blueprint.post("/settings/team/<uuid:user_id>/reset-second-factor", endpoint="settings_reset_factor")
@audience(staff, *OWNERS, fresh=True)
def reset_second_factor(user_id: UUID) -> ResponseReturnValue:
    """Remove somebody's app, recovery codes and passkeys; they set up a second factor at their next sign-in."""
    return _done(
        user_id,
        lambda person, now: team.reset_factor_of(person, by=desk.user(), now=now),
        "{name} is signed out everywhere and sets up a new second factor at the next sign-in.",
    )


@blueprint.post("/settings/team/<uuid:user_id>/come-back", endpoint="settings_come_back")
@audience(staff, *OWNERS, fresh=True)
def come_back(user_id: UUID) -> ResponseReturnValue:
    """Open the account of somebody who left, and their place in the rota."""

    def welcome(person: User, now: datetime) -> None:
        team.welcome_back(person, actor=actor(), now=now)
        therapists.come_back(person, actor=actor(), now=now)

    return _done(user_id, welcome, "{name} is back, with the roles and the sign-in from before.")


def _done(user_id: UUID, act: Callable[[User, datetime], object], text: str) -> ResponseReturnValue:
    """Do something with an account, and say what was done or why it was refused."""
    person, now = team.member(user_id), clock.now()
    name = person.given_name
    try:
        with transaction():
            act(person, now)
        desk.say(text.format(name=name))
    except NotFound:
        raise
    except Refusal as refusal:
        desk.say(refusal.sentence)
    return redirect(url_for("staff.settings_member", user_id=user_id), 303)
