"""The forms of a therapist's page and of photos."""

from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from clinic.practice.models import Gender
from clinic.practice.own_texts import OF_PHOTO, OF_PROFILE
from clinic.practice.photo_encoding import MOST_BYTES, EncodedPhoto, PhotoShape, encoded
from clinic.practice.photos import PhotoWords
from clinic.practice.profiles import ProfileDetails
from clinic.refusal import Refusal
from clinic.staff.settings.fields import text
from clinic.staff.settings.translated_forms import LONGEST, TranslatedForm


class ProfileForm(TranslatedForm):
    """What stands on a therapist's page."""

    texts = OF_PROFILE

    is_shown = BooleanField(
        "Show this page to everybody",
        description="It has an address of its own, may be found by search engines, and is linked from the home page.",
    )
    languages = StringField(
        "Languages",
        description="Those one can be treated in, with commas between them. For example: English, français.",
        validators=[Optional()],
    )
    likes = TextAreaField(
        "What you like to treat",
        description="One thing a line, in a client's words. Say what you do most, and promise nothing.",
        validators=[Optional(), Length(max=600)],
    )
    training = TextAreaField(
        "Training",
        description="One a line, the newest first. For example: 2021 Working with people after surgery.",
        validators=[Optional(), Length(max=1000)],
    )
    gender = SelectField(
        "For clients who prefer a woman or a man",
        description="It stands on the page, for everybody to see, only if you choose it here.",
        choices=[("", "Do not show it"), (Gender.WOMAN.value, "A woman"), (Gender.MAN.value, "A man")],
        validators=[Optional()],
    )

    def show(self, details: ProfileDetails) -> None:
        """Fill the form from what stands."""
        for name, value in vars(details).items():
            if name in self:
                self[name].data = value or "" if name == "gender" else value
        self.show_translations(details.translations)

    @property
    def details(self) -> ProfileDetails:
        """What was typed."""
        return ProfileDetails(
            is_shown=bool(self.is_shown.data),
            languages=text(self.languages),
            training=text(self.training),
            likes=text(self.likes),
            gender=self.gender.data or None,
            translations=self.translations,
        )


def _photo(label: str, description: str) -> FileField:
    return FileField(
        label,
        description=description,
        validators=[FileRequired("Choose a picture first.")],
        render_kw={"accept": "image/jpeg,image/png,image/webp,image/avif"},
    )


class PhotoForm(TranslatedForm):
    """A file that becomes a photo, and what it shows in each language."""

    texts = OF_PHOTO

    photo: FileField

    def files(self, shape: PhotoShape) -> list[EncodedPhoto] | None:
        """The photo as it is stored; None if it was refused, with the sentence beside its field."""
        try:
            return encoded(self.photo.data.read(MOST_BYTES + 1), shape)
        except Refusal as refusal:
            self.photo.errors = [refusal.sentence]
            return None


def _shows(example: str, validator: InputRequired | Optional) -> StringField:
    return StringField(
        "What it shows",
        description=f"For clients who cannot see it. For example: {example}",
        validators=[validator, Length(max=LONGEST)],
    )


class PhotoWordsForm(TranslatedForm):
    """What a stored photo shows, in each language."""

    texts = OF_PHOTO

    alt: StringField

    @property
    def words(self) -> PhotoWords:
        """What was typed."""
        return PhotoWords((self.alt.data or "").strip(), self.translations)


class PortraitWordsForm(PhotoWordsForm):
    """What a stored portrait shows; without words it is named after the therapist."""

    alt = _shows("Ines at the treatment table, smiling.", Optional())


class LocationPhotoWordsForm(PhotoWordsForm):
    """What a stored photo of a location shows."""

    alt = _shows(
        "The green door beside the bakery.", InputRequired("Say in a few words what the picture shows.")
    )


class PortraitForm(PhotoForm):
    """A therapist's portrait."""

    photo = _photo(
        "Picture",
        "JPEG, PNG, WebP or AVIF, at most 12 MB. It is cut to a square around its middle; where and when it was taken is "
        "removed.",
    )
    alt = StringField(
        "What it shows",
        description="For clients who cannot see it. For example: Ines at the treatment table, smiling.",
        validators=[Optional()],
    )


class LocationPhotoForm(PhotoForm):
    """One more photo of a location."""

    photo = _photo(
        "Picture",
        "JPEG, PNG, WebP or AVIF, at most 12 MB. It is cut to three by two; where and when it was taken is removed. Nobody "
        "should be recognisable on it.",
    )
    alt = StringField(
        "What it shows",
        description="For clients who cannot see it. For example: The green door beside the bakery.",
        validators=[InputRequired("Say in a few words what the picture shows.")],
    )
