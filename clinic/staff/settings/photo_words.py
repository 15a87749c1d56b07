"""What a stored photo shows, in words: changed without sending the photo again."""

from collections.abc import Callable
from uuid import UUID

from flask import redirect, url_for
from flask.typing import ResponseReturnValue

from clinic import clock
from clinic.practice import photos, premises
from clinic.practice.models import Photo
from clinic.refusal import NotFound
from clinic.staff import desk
from clinic.staff.blueprint import blueprint
from clinic.staff.settings.layout import OWNERS, SIGNERS, page, saved
from clinic.staff.settings.profile import data_url, editable
from clinic.staff.settings.profile_forms import LocationPhotoWordsForm, PhotoWordsForm, PortraitWordsForm
from clinic.staff.settings.translated_forms import in_languages
from clinic.web.access import actor, audience, staff


@blueprint.route(
    "/settings/locations/<uuid:location_id>/photos/<uuid:photo_id>",
    endpoint="settings_photo_words",
    methods=["GET", "POST"],
)
@audience(staff, *OWNERS)
def of_location(location_id: UUID, photo_id: UUID) -> ResponseReturnValue:
    """What a photo of a location shows."""
    where = premises.location(location_id)
    photo = next((each for each in photos.of_location(where.id) if each.id == photo_id), None)
    if photo is None:
        raise NotFound
    return _words(
        photo,
        LocationPhotoWordsForm,
        lambda form: photos.describe(
            photo, where, form.words, seen_as=form.seen.data or "", actor=actor(), now=clock.now()
        ),
        back=url_for("staff.settings_photos", location_id=where.id),
        of=where.name,
        section="locations",
    )


@blueprint.route(
    "/settings/therapists/<uuid:therapist_id>/portrait/words",
    endpoint="settings_portrait_words",
    methods=["GET", "POST"],
)
@audience(staff, *SIGNERS)
def of_portrait(therapist_id: UUID) -> ResponseReturnValue:
    """What a therapist's portrait shows."""
    person = editable(therapist_id)
    photo = photos.portrait(person.id)
    if photo is None:
        raise NotFound
    own = desk.own_therapist()
    return _words(
        photo,
        PortraitWordsForm,
        lambda form: photos.describe(
            photo, person, form.words, seen_as=form.seen.data or "", actor=actor(), now=clock.now()
        ),
        back=url_for("staff.settings_profile", therapist_id=person.id),
        of=person.name,
        section="own_page" if own is not None and own.id == person.id else "therapists",
    )


def _words(
    photo: Photo,
    kind: type[PhotoWordsForm],
    change: Callable[[PhotoWordsForm], object],
    *,
    back: str,
    of: str,
    section: str,
) -> ResponseReturnValue:
    form = in_languages(kind)
    if not form.is_submitted():
        form = in_languages(kind, formdata=None, seen=photos.words_mark(photo))
        form.alt.data = photo.alt
        form.show_translations(photo.translations)
    elif form.validate() and saved(form, lambda: change(form), present=lambda: photos.words_mark(photo)):
        desk.say("Saved. Clients hear the new words now.")
        return redirect(back, 303)
    return page(
        "photo_words",
        section,
        form,
        photo=photo,
        small=data_url("image/jpeg", photos.small_jpeg(photo)),
        back_to=back,
        of=of,
    )
