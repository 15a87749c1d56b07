"""The photos on a location's page: adding and removing them."""

from uuid import UUID

from flask import redirect, url_for
from flask.typing import ResponseReturnValue

from clinic import clock
from clinic.db import transaction
from clinic.practice import photos, premises
from clinic.practice.photo_encoding import PhotoShape
from clinic.staff import desk
from clinic.staff.blueprint import blueprint
from clinic.staff.settings.fields import text
from clinic.staff.settings.layout import OWNERS, page, saved
from clinic.staff.settings.profile import UPLOAD_BYTES
from clinic.staff.settings.profile_forms import LocationPhotoForm
from clinic.staff.settings.translated_forms import in_languages
from clinic.web.access import actor, audience, staff


@blueprint.route(
    "/settings/locations/<uuid:location_id>/photos", endpoint="settings_photos", methods=["GET", "POST"]
)
@audience(staff, *OWNERS, upload_bytes=UPLOAD_BYTES)
def location_photos(location_id: UUID) -> ResponseReturnValue:
    """A location's photos, and adding one."""
    where, form = premises.location(location_id), in_languages(LocationPhotoForm)
    files = form.files(PhotoShape.PLACE) if form.validate_on_submit() else None
    if files is not None and saved(
        form,
        lambda: photos.add_to_location(
            where,
            files,
            alt=text(form.alt),
            actor=actor(),
            now=clock.now(),
            translations=form.translations,
        ),
    ):
        desk.say("The photo is stored. Clients see it now.")
        return redirect(url_for("staff.settings_photos", location_id=location_id), 303)
    shown = photos.of_location(location_id)
    return page(
        "photos",
        "locations",
        form,
        where=where,
        photos=shown,
        is_full=len(shown) >= photos.MOST_OF_A_LOCATION,
    )


@blueprint.post(
    "/settings/locations/<uuid:location_id>/photos/<uuid:photo_id>/remove", endpoint="settings_remove_photo"
)
@audience(staff, *OWNERS)
def remove_photo(location_id: UUID, photo_id: UUID) -> ResponseReturnValue:
    """Delete a photo with all its files."""
    with transaction():
        photos.remove_from_location(premises.location(location_id), photo_id, actor=actor(), now=clock.now())
    desk.say("The photo is deleted.")
    return redirect(url_for("staff.settings_photos", location_id=location_id), 303)
