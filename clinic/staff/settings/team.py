"""Settings, Team: who has an account, who is invited, and inviting somebody."""

from uuid import UUID

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from clinic import clock
from clinic.accounts import team
from clinic.db import transaction
from clinic.messaging import queries as messages
from clinic.messaging.models import MessageKind
from clinic.practice import invitations, opening_hours, practice_settings, queries, therapists
from clinic.practice.invitations import InvitationStanding
from clinic.refusal import NotFound, Refusal
from clinic.staff import desk
from clinic.staff.blueprint import blueprint
from clinic.staff.day import practice_zone
from clinic.staff.settings.layout import OWNERS, page, saved
from clinic.staff.settings.team_forms import NEW, ROLE_HINTS, ROLES, InviteForm, LockForm
from clinic.web import context
from clinic.web.access import actor, audience, staff

ROLE_NAMES = dict(ROLES)


@blueprint.get("/settings/team", endpoint="settings_team")
@audience(staff, *OWNERS)
def everybody() -> ResponseReturnValue:
    """Who has an account, what they may do and how they sign in; and who is invited."""
    form, place = LockForm(formdata=None), context.practice()
    form.minutes.data = str(place.lock_minutes or "") if place else ""
    return _team_page(form)


def _team_page(form: LockForm) -> ResponseReturnValue:
    now = clock.now()
    people = team.everybody()
    waiting = invitations.open_invitations()
    return page(
        "team",
        "team",
        form,
        people=[each for each in people if each.active],
        gone=[each for each in people if not each.active],
        rota={each.user_id: each for each in therapists.every_therapist() if each.user_id},
        invited=[(each, invitations.standing(each, now) is not InvitationStanding.OPEN) for each in waiting],
        letters=messages.stages(MessageKind.STAFF_INVITATION, [each.id for each in waiting], now),
        role_names=ROLE_NAMES,
        own_id=desk.user().id,
        is_last_owner=team.is_last_owner(desk.user()),
        zone=practice_zone(now),
        locks=form if context.practice() else None,
    )


@blueprint.post("/settings/team/lock", endpoint="settings_lock")
@audience(staff, *OWNERS)
def lock_by_itself() -> ResponseReturnValue:
    """Say after how long without an act the browsers of staff lock by themselves."""
    form = LockForm()
    if context.practice() is None:
        return redirect(url_for("staff.settings_team"), 303)
    if not form.validate_on_submit():
        return _team_page(form)
    minutes = int(form.minutes.data) if form.minutes.data else None
    with transaction():
        practice_settings.lock_after(minutes, actor=actor(), now=clock.now())
    desk.say(f"Browsers lock after {minutes} minutes." if minutes else "No browser locks by itself.")
    return redirect(url_for("staff.settings_team"), 303)


@blueprint.route("/settings/team/invite", endpoint="settings_invite", methods=["GET", "POST"])
@audience(staff, *OWNERS, fresh=True)
def invite() -> ResponseReturnValue:
    """Ask somebody to join the team by a letter."""
    if queries.find_practice() is None:
        desk.say(invitations.PracticeUnnamed.sentence)
        return redirect(url_for("staff.settings_practice"), 303)
    form, now = InviteForm(), clock.now()
    form.offer(therapists.without_sign_in(opening_hours.today(now)))
    if not form.is_submitted():
        form.rota.data = NEW
    if form.validate_on_submit() and saved(
        form,
        lambda: invitations.invite(
            mail=form.mail.data or "", roles=form.chosen_roles, place=form.place, by=desk.user(), now=now
        ),
    ):
        desk.say(f"{form.mail.data} is invited. The letter is on its way.")
        return redirect(url_for("staff.settings_team"), 303)
    return page("invite", "team", form, hints=ROLE_HINTS)


@blueprint.post("/settings/team/invitations/<uuid:invitation_id>/again", endpoint="settings_invite_again")
@audience(staff, *OWNERS)
def send_again(invitation_id: UUID) -> ResponseReturnValue:
    """Send an invitation again; its link works for another three days."""
    try:
        with transaction():
            sent = invitations.send_again(
                invitation_id, revision=_shown_revision(), by=desk.user(), now=clock.now()
            )
            address = sent.email
        desk.say(f"The invitation of {address} is sent again. Only the newest address works.")
    except NotFound:
        raise
    except Refusal as refusal:
        desk.say(refusal.sentence)
    return redirect(url_for("staff.settings_team"), 303)


@blueprint.post(
    "/settings/team/invitations/<uuid:invitation_id>/withdraw", endpoint="settings_withdraw_invitation"
)
@audience(staff, *OWNERS)
def withdraw(invitation_id: UUID) -> ResponseReturnValue:
    """Withdraw an invitation."""
    try:
        with transaction():
            address = invitations.withdraw(invitation_id, actor=actor(), now=clock.now()).email
        desk.say(f"The invitation of {address} is withdrawn. Its address no longer works.")
    except NotFound:
        raise
    except Refusal as refusal:
        desk.say(refusal.sentence)
    return redirect(url_for("staff.settings_team"), 303)


def _shown_revision() -> int:
    sent = request.form.get("revision", "")
    if not (sent.isascii() and sent.isdigit() and len(sent) < 9):
        raise NotFound
    return int(sent)
