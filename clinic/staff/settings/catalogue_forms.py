"""The forms of treatments and therapists."""

from uuid import UUID

from wtforms import BooleanField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional, ValidationError

from clinic.guidance.knowledge import MODALITIES
from clinic.practice.models import IntakeRule, NewClientRule
from clinic.practice.own_texts import OF_THERAPIST, OF_TREATMENT
from clinic.practice.therapists import TherapistDetails
from clinic.practice.trainings import PRENATAL
from clinic.practice.treatments import TreatmentDetails
from clinic.staff.settings.fields import Price, SettingsDateField, Whole, Within, day_after, day_before, text
from clinic.staff.settings.practice_forms import APPROVALS
from clinic.staff.settings.translated_forms import TranslatedForm
from clinic.web.forms import Form, Ticks

COLOURS = ("Sky", "Clay", "Green", "Indigo", "Ochre", "Plum")
TYPES = [(modality.id, modality.name) for modality in MODALITIES.values()]
PLACES_OF_TYPES = ("first", "second", "third")
INTAKES = (
    (IntakeRule.BEFORE_BOOKING, "Before booking: a time is only booked after the health questions"),
    (IntakeRule.BEFORE_VISIT, "Before the visit: booked at once, the questions come by letter"),
    (IntakeRule.NONE, "No health questions"),
)
NEW_CLIENTS = (
    (NewClientRule.WELCOME, "May book it like everybody"),
    (NewClientRule.ASK_FIRST, "May ask for it; a therapist confirms or declines"),
    (NewClientRule.NOT_FIRST, "Have to take another treatment first"),
)


class EveryTypeForm(Form):
    """One length and price for a treatment of every type."""

    length_minutes = Whole(
        "Length, in minutes",
        validators=[InputRequired("Enter the length."), Within(5, 360, unit="minutes", in_fives=True)],
    )
    price = Price("Price of each", validators=[InputRequired("Enter the price."), Length(max=12)])


class TreatmentForm(TranslatedForm):
    """A treatment."""

    texts = OF_TREATMENT

    name = StringField(
        "Name",
        description="Is it sold in several lengths? Give each the same name, types and rules: clients then see one choice.",
        validators=[InputRequired("Enter what clients choose by.")],
    )
    description = TextAreaField("In a sentence or two", validators=[Optional()])
    first = SelectField(
        "Type of massage",
        choices=[("", "Choose a type"), *TYPES],
        validators=[InputRequired("Choose the type of massage.")],
    )
    second = SelectField("Mixed with", choices=[("", "Nothing else"), *TYPES], validators=[Optional()])
    third = SelectField("And with", choices=[("", "Nothing else"), *TYPES], validators=[Optional()])
    length_minutes = Whole(
        "Length, in minutes",
        validators=[InputRequired("Enter the length."), Within(5, 360, unit="minutes", in_fives=True)],
    )
    buffer_before_minutes = Whole(
        "Minutes free before",
        validators=[
            InputRequired("Enter 0 when none is needed."),
            Within(0, 120, unit="minutes", in_fives=True),
        ],
    )
    buffer_after_minutes = Whole(
        "Minutes free after",
        description="For linen, a word at the door, a note.",
        validators=[
            InputRequired("Enter 0 when none is needed."),
            Within(0, 120, unit="minutes", in_fives=True),
        ],
    )
    price = Price("Price", validators=[InputRequired("Enter the price."), Length(max=12)])
    mail_name = StringField(
        "Name in letters and calendars",
        description="Others may read these. “Massage” tells nothing about health.",
        validators=[InputRequired("Enter the name for letters."), Length(max=60)],
    )
    intake = RadioField(
        "Health questions",
        choices=[(rule.value, words) for rule, words in INTAKES],
        validators=[InputRequired("Choose when the health questions are asked.")],
    )
    new_clients = RadioField(
        "New clients",
        choices=[(rule.value, words) for rule, words in NEW_CLIENTS],
        validators=[InputRequired("Choose what new clients may do.")],
    )
    approval = RadioField(
        "What a client books online",
        choices=[("", "As the rules of the practice say"), *APPROVALS],
        default="",
    )
    therapists = Ticks("Therapists who give it")
    needs_room = BooleanField("It needs a room", description="One of those ticked below has to be free.")
    rooms = Ticks("Rooms that suit")

    def show(self, terms: TreatmentDetails) -> None:
        """Fill the form from what stands."""
        for place, modality in zip(PLACES_OF_TYPES, terms.modalities, strict=False):
            self[place].data = modality
        for name, value in vars(terms).items():
            if name in self:
                self[name].data = value
        self.show_translations(terms.translations)
        self.approval.data = terms.approval or ""
        self.price.data = f"{terms.price_cents // 100}.{terms.price_cents % 100:02}".removesuffix(".00")

    def validate_rooms(self, field: Ticks) -> None:
        """A treatment that needs a room must have one, once there are rooms."""
        if self.needs_room.data and field.choices and not field.data:
            raise ValidationError("Tick at least one room, or say that none is needed.")

    @property
    def terms(self) -> TreatmentDetails:
        """What was typed, each type once and in order."""
        return TreatmentDetails(
            name=text(self.name),
            mail_name=text(self.mail_name),
            description=text(self.description),
            modalities=list(dict.fromkeys(self[place].data for place in PLACES_OF_TYPES if self[place].data)),
            length_minutes=self.length_minutes.data or 0,
            buffer_before_minutes=self.buffer_before_minutes.data or 0,
            buffer_after_minutes=self.buffer_after_minutes.data or 0,
            price_cents=self.price.cents or 0,
            intake=self.intake.data,
            new_clients=self.new_clients.data,
            approval=self.approval.data or None,
            needs_room=self.needs_room.data,
            translations=self.translations,
        )


class TherapistForm(TranslatedForm):
    """A therapist."""

    texts = OF_THERAPIST

    given_name = StringField("Given name", validators=[InputRequired("Enter the given name.")])
    family_name = StringField("Family name", validators=[InputRequired("Enter the family name.")])
    licence = StringField("Licence", description="As clients may check it.", validators=[Optional()])
    about = StringField(
        "In a few words", description="For example: sports, deep tissue.", validators=[Optional()]
    )
    user = SelectField(
        "Sign-in",
        description="Links the calendar to the person's own sign-in, so that they see their clients' answers.",
        validators=[Optional()],
    )
    treatments = Ticks("Treatments they give")
    skills = Ticks(
        "Trained in",
        description="Visits that need a training are confirmed only for those who have it: pregnancy, lymphatic drainage.",
        choices=[*TYPES, (PRENATAL, "Massage in pregnancy")],
    )
    daily_cap = Whole(
        "At most so many visits a day",
        description="Leave it empty for no limit.",
        validators=[Optional(), Within(1, 50, unit="visits")],
    )
    colour = SelectField(
        "Colour in the calendar",
        coerce=int,
        choices=[(number, name) for number, name in enumerate(COLOURS, start=1)],
    )
    last_on = SettingsDateField(
        "Last working day", description="Only when somebody leaves.", validators=[Optional()]
    )

    def show(self, person: TherapistDetails) -> None:
        """Fill the form from what stands."""
        for name, value in vars(person).items():
            if name in self:
                self[name].data = value
        self.show_translations(person.translations)
        self.user.data = str(person.user_id) if person.user_id else ""
        self.last_on.data = day_before(person.left_on)

    @property
    def person(self) -> TherapistDetails:
        """What was typed."""
        return TherapistDetails(
            given_name=text(self.given_name),
            family_name=text(self.family_name),
            licence=text(self.licence),
            about=text(self.about),
            skills=list(self.skills.data or ()),
            colour=self.colour.data,
            daily_cap=self.daily_cap.data,
            left_on=day_after(self.last_on.data),
            user_id=UUID(self.user.data) if self.user.data else None,
            translations=self.translations,
        )
