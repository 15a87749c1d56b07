"""A therapist's public page as staff edit it: its words, the portrait, and a card with its QR code to print.

An owner edits everybody's; a therapist their own, and finds it under *Your page*.
"""

import base64
from uuid import UUID

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from clinic import clock
from clinic.db import transaction
from clinic.practice import photo_encoding, photos, profiles, therapists
from clinic.practice.models import Therapist
from clinic.practice.photo_encoding import PhotoShape
from clinic.refusal import NotFound
from clinic.staff import desk
from clinic.staff.blueprint import blueprint
from clinic.staff.settings.fields import text
from clinic.staff.settings.layout import SIGNERS, page, saved
from clinic.staff.settings.profile_forms import PortraitForm, ProfileForm
from clinic.staff.settings.translated_forms import in_languages
from clinic.web.access import actor, audience, staff
from clinic.web.sharing import qr_svg, therapist_url

UPLOAD_BYTES = 2 * photo_encoding.MOST_BYTES
"""Twice what a photo may have, so that a file somewhat too large is refused with a sentence of its own."""


@blueprint.get("/settings/own-page", endpoint="settings_own_page")
@audience(staff, *SIGNERS)
def own_page() -> ResponseReturnValue:
    """To the signed-in therapist's own page; for anybody else, to the list of therapists."""
    own = desk.own_therapist()
    if own is None:
        return redirect(url_for("staff.settings"), 303)
    return redirect(url_for("staff.settings_profile", therapist_id=own.id), 303)


@blueprint.route(
    "/settings/therapists/<uuid:therapist_id>/page", endpoint="settings_profile", methods=["GET", "POST"]
)
@audience(staff, *SIGNERS)
def profile(therapist_id: UUID) -> ResponseReturnValue:
    """What stands on a therapist's page, and whether it is shown."""
    person, form = editable(therapist_id), in_languages(ProfileForm)
    if not form.is_submitted():
        form.seen.data = profiles.page_mark(person)
        form.show(profiles.profile_of(person))
    if form.validate_on_submit() and saved(
        form,
        lambda: profiles.describe(
            person, form.details, seen_as=form.seen.data or "", actor=actor(), now=clock.now()
        ),
        present=lambda: profiles.page_mark(editable(therapist_id)),
    ):
        desk.say("Saved. Clients see the page now." if form.is_shown.data else "Saved. Nobody sees the page.")
        return redirect(url_for("staff.settings_profile", therapist_id=therapist_id), 303)
    return _page(person, form, in_languages(PortraitForm, formdata=None))


@blueprint.post("/settings/therapists/<uuid:therapist_id>/portrait", endpoint="settings_portrait")
@audience(staff, *SIGNERS, upload_bytes=UPLOAD_BYTES)
def portrait(therapist_id: UUID) -> ResponseReturnValue:
    """Store a portrait in place of the one before."""
    person, form = editable(therapist_id), in_languages(PortraitForm)
    files = form.files(PhotoShape.PORTRAIT) if form.validate() else None
    if files is not None:
        with transaction():
            photos.set_portrait(
                person,
                files,
                alt=text(form.alt),
                actor=actor(),
                now=clock.now(),
                translations=form.translations,
            )
        desk.say("The portrait is stored.")
        return redirect(url_for("staff.settings_profile", therapist_id=therapist_id), 303)
    words = in_languages(ProfileForm, formdata=None, seen=profiles.page_mark(person))
    words.show(profiles.profile_of(person))
    return _page(person, words, form)


@blueprint.post(
    "/settings/therapists/<uuid:therapist_id>/portrait/remove", endpoint="settings_remove_portrait"
)
@audience(staff, *SIGNERS)
def remove_portrait(therapist_id: UUID) -> ResponseReturnValue:
    """Delete the portrait with all its files."""
    person = editable(therapist_id)
    with transaction():
        photos.remove_portrait(person, actor=actor(), now=clock.now())
    desk.say("The portrait is deleted.")
    return redirect(url_for("staff.settings_profile", therapist_id=therapist_id), 303)


@blueprint.get("/settings/therapists/<uuid:therapist_id>/card", endpoint="settings_card")
@audience(staff, *SIGNERS)
def card(therapist_id: UUID) -> ResponseReturnValue:
    """A card to print: name, address of the page and its QR code. Raises NotFound while the page is not shown."""
    person = editable(therapist_id)
    if not profiles.has_page(person):
        raise NotFound
    address = therapist_url(person)
    code = data_url("image/svg+xml", qr_svg(address))
    return render_template(
        "staff/settings/card.html", here="settings", person=person, address=address, code=code
    )


def editable(therapist_id: UUID) -> Therapist:
    """The therapist, if the signed-in member of staff may edit their page; raises NotFound otherwise."""
    person = therapists.therapist(therapist_id)
    if not profiles.may_edit(desk.user(), person):
        raise NotFound
    return person


def _page(person: Therapist, form: ProfileForm, picture: PortraitForm) -> ResponseReturnValue:
    own, stored = desk.own_therapist(), photos.portrait(person.id)
    is_own = own is not None and own.id == person.id
    return page(
        "profile",
        "own_page" if is_own else "therapists",
        form,
        person=person,
        picture=picture,
        is_own=is_own,
        is_shown=profiles.has_page(person),
        portrait=stored,
        small=data_url("image/jpeg", photos.small_jpeg(stored)) if stored else None,
        status=422 if picture.has_errors else None,
    )


def data_url(kind: str, content: bytes) -> Markup:
    """The content inside the page itself: nobody else can fetch it while the page is not shown."""
    return Markup("data:{};base64,{}").format(kind, base64.b64encode(content).decode())
