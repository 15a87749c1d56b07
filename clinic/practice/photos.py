"""Photos of therapists and locations: adding, removing, and finding their files.

They are stored in the database, so that one backup holds everything and every web process finds them. Encoding takes about
a second, so callers encode first (`photo_encoding.encoded`) and open a transaction only to store.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.orm import selectinload, undefer

from clinic.accounts import audit
from clinic.db import db
from clinic.practice.editing import print_of, require_unchanged
from clinic.practice.models import Location, Photo, PhotoFile, Therapist, TherapistProfile
from clinic.practice.own_texts import Translations
from clinic.practice.photo_encoding import EncodedPhoto
from clinic.refusal import NotFound, Refusal

MOST_OF_A_LOCATION = 6


class EnoughPhotos(Refusal):
    """A location's page shows a few photos, not an album."""

    status = 422
    code = "enough-photos"
    sentence = "A location has at most six photos. Remove one first."


def set_portrait(
    of: Therapist,
    files: Sequence[EncodedPhoto],
    *,
    alt: str,
    actor: str,
    now: datetime,
    translations: Translations | None = None,
) -> Photo:
    """Store a therapist's portrait in place of the one before. Flushed.

    `alt` says what it shows, and `translations` the same in other languages (`own_texts`).
    """
    db.session.execute(sa.delete(Photo).where(Photo.therapist_id == of.id))
    photo = Photo(
        therapist_id=of.id, alt=alt, translations=translations or {}, added_at=now, files=_rows(files)
    )
    db.session.add(photo)
    audit.record(actor, "change", of, fields=["portrait"], now=now)
    db.session.flush()
    return photo


def add_to_location(
    of: Location,
    files: Sequence[EncodedPhoto],
    *,
    alt: str,
    actor: str,
    now: datetime,
    translations: Translations | None = None,
) -> Photo:
    """Store one more photo of a location, with what it shows as for a portrait; raises EnoughPhotos after six. Flushed."""
    db.session.refresh(of, with_for_update={"key_share": True})
    if len(of_location(of.id)) >= MOST_OF_A_LOCATION:
        raise EnoughPhotos
    photo = Photo(
        location_id=of.id, alt=alt, translations=translations or {}, added_at=now, files=_rows(files)
    )
    db.session.add(photo)
    audit.record(actor, "change", of, fields=["photos"], now=now)
    db.session.flush()
    return photo


@dataclass(frozen=True)
class PhotoWords:
    """What a photo shows, in the practice's main language and in others (`own_texts`)."""

    alt: str
    translations: Translations


def words_mark(photo: Photo) -> str:
    """The mark of a page made from the words of this photo, and of no other that takes its place."""
    return print_of(str(photo.id), photo.alt, photo.translations)


def describe(
    photo: Photo, of: Therapist | Location, words: PhotoWords, *, seen_as: str, actor: str, now: datetime
) -> None:
    """Change what a photo shows in words; its files stay. Flushed.

    Raises ChangedMeanwhile if its words were, and NotFound if the photo was removed.
    """
    try:
        db.session.refresh(photo, ["alt", "translations"], with_for_update={"of": Photo})
    except InvalidRequestError:  # There is no such row any more.
        raise NotFound from None
    require_unchanged(seen_as, words_mark(photo))
    if (photo.alt, photo.translations) == (words.alt, words.translations):
        return
    photo.alt, photo.translations = words.alt, words.translations
    field = "portrait" if photo.therapist_id else "photos"
    audit.record(actor, "change", of, fields=[field], purpose="words", now=now)
    db.session.flush()


def remove_portrait(of: Therapist, *, actor: str, now: datetime) -> None:
    """Delete a therapist's portrait, with all its files. Safe to repeat."""
    photo = db.session.scalar(sa.select(Photo).where(Photo.therapist_id == of.id))
    if photo is not None:
        db.session.delete(photo)
        audit.record(actor, "change", of, fields=["portrait"], purpose="removed", now=now)


def remove_from_location(of: Location, photo_id: UUID, *, actor: str, now: datetime) -> None:
    """Delete a photo of this location, with all its files; raises NotFound for another location's."""
    photo = db.session.get(Photo, photo_id)
    if photo is None or photo.location_id != of.id:
        raise NotFound
    db.session.delete(photo)
    audit.record(actor, "change", of, fields=["photos"], purpose="removed", now=now)


def portrait(therapist_id: UUID) -> Photo | None:
    """A therapist's portrait with its files, whether their page is shown or not."""
    return db.session.scalar(_with_files().where(Photo.therapist_id == therapist_id))


def portraits(therapists: Iterable[Therapist]) -> Mapping[UUID, Photo]:
    """The portraits of those whose page is shown, by therapist."""
    ids = [each.id for each in therapists]
    shown = _with_files().join(TherapistProfile, TherapistProfile.therapist_id == Photo.therapist_id)
    found = db.session.scalars(shown.where(TherapistProfile.is_shown, Photo.therapist_id.in_(ids)))
    return {photo.therapist_id: photo for photo in found if photo.therapist_id}


def of_location(location_id: UUID) -> list[Photo]:
    """A location's photos with their files, the oldest first."""
    found = _with_files().where(Photo.location_id == location_id)
    return list(db.session.scalars(found.order_by(Photo.added_at, Photo.id)))


def public_file(digest: str, format_: str) -> PhotoFile:
    """A file that anyone may see: of a location, or of a therapist whose page is shown. Raises NotFound."""
    found = db.session.scalars(
        sa.select(PhotoFile)
        .join(Photo)
        .outerjoin(TherapistProfile, TherapistProfile.therapist_id == Photo.therapist_id)
        .where(
            PhotoFile.digest == digest,
            PhotoFile.format == format_,
            sa.or_(Photo.location_id.is_not(None), TherapistProfile.is_shown),
        )
        .options(undefer(PhotoFile.content))
    ).first()
    if found is None:
        raise NotFound
    return found


def small_jpeg(photo: Photo) -> bytes:
    """The smallest JPEG file of a photo, for a page that shows it before anyone may fetch it."""
    small = next(file for file in photo.files if file.format == "jpeg")
    return small.content


def _with_files() -> sa.Select[Photo]:
    return sa.select(Photo).options(selectinload(Photo.files))


def _rows(files: Sequence[EncodedPhoto]) -> list[PhotoFile]:
    return [
        PhotoFile(
            format=each.format, width=each.width, height=each.height, digest=each.digest, content=each.content
        )
        for each in files
    ]
