"""The forms of the practice itself and of its rules of booking."""

from wtforms import BooleanField, RadioField, SelectField, StringField, TelField, TextAreaField
from wtforms.validators import InputRequired, Optional, Regexp, ValidationError

from clinic import language
from clinic.accounts import services as accounts
from clinic.language.reading import wall_minute
from clinic.practice import geography
from clinic.practice.booking_rules import BOUNDS, Approval, BookingRules
from clinic.practice.own_texts import OF_PRACTICE
from clinic.practice.practice_settings import Details
from clinic.staff.settings.fields import Whole, Within
from clinic.staff.settings.translated_forms import TranslatedForm
from clinic.web.forms import Ticks, UnchangedForm, readable

CURRENCIES = {
    "AUD": "Australian dollar",
    "CAD": "Canadian dollar",
    "CHF": "Swiss franc",
    "CZK": "Czech koruna",
    "DKK": "Danish krone",
    "EUR": "Euro",
    "GBP": "Pound sterling",
    "NOK": "Norwegian krone",
    "NZD": "New Zealand dollar",
    "PLN": "Polish zloty",
    "SEK": "Swedish krona",
    "USD": "US dollar",
}
CURRENCY_CHOICES = [
    ("", "Choose a currency"),
    *((code, f"{name} ({code})") for code, name in CURRENCIES.items()),
]
TELEPHONE = Regexp(r"\+?[0-9(][0-9 ()/.-]{1,30}\Z", message="Enter a telephone number.")
OPTIONAL_TELEPHONE = [Optional(), TELEPHONE]


SHORTEST_HOLD_MINUTES = 15
"""The health questions take up to 13 minutes, and a time is kept meanwhile."""
TYPED = tuple(name for name in Details.__dataclass_fields__ if name != "translations")


class PracticeForm(TranslatedForm):
    """The practice's name, place and telephone number."""

    texts = OF_PRACTICE

    name = StringField(
        "Name", description="As clients know it.", validators=[InputRequired("Enter the name.")]
    )
    legal_name = StringField(
        "Legal name", description="On the legal pages, where it differs.", validators=[Optional()]
    )
    phone = TelField("Telephone", validators=[InputRequired("Enter a telephone number."), TELEPHONE])
    mail = StringField(
        "E-mail address",
        validators=[InputRequired("Enter an e-mail address.")],
    )
    country = SelectField("Country", validators=[InputRequired("Choose the country.")])
    region = SelectField(
        "Region",
        description="Public holidays may differ by region. Save the country first to choose among its regions.",
        validators=[Optional()],
        validate_choice=False,
    )
    currency = SelectField(
        "Currency",
        choices=CURRENCY_CHOICES,
        validators=[InputRequired("Choose the currency of your prices.")],
    )
    language = SelectField(
        "Main language",
        description="What you type on these pages is in it, and so are letters to clients who have chosen none.",
        default=language.ENGLISH,
    )
    emergency_number = StringField(
        "Emergency number",
        description="The number for an ambulance. Clients with urgent signs are told to call it.",
        validators=[InputRequired("Enter the emergency number of your country."), TELEPHONE],
    )
    advice_line = StringField(
        "Medical advice line",
        description="For questions that cannot wait for a doctor. Without one we show your country’s, where the whole country has one.",
        validators=OPTIONAL_TELEPHONE,
    )
    support_line = StringField(
        "Support line", description="Shown beside a marked low mood.", validators=OPTIONAL_TELEPHONE
    )
    policy = TextAreaField(
        "Moving and cancelling",
        description="Clients read this before they book and in letters. For example: free until 24 hours before.",
        validators=[Optional()],
    )
    about = TextAreaField("About the practice", description="One or two sentences.", validators=[Optional()])

    def validate_mail(self, field: StringField) -> None:
        """Refuse impossible addresses."""
        readable(accounts.normalise_mail, field.data)

    def validate_phone(self, field: StringField) -> None:
        """Refuse numbers that clients elsewhere could not dial; without a country they cannot be parsed."""
        if self.country.data:
            readable(lambda text: accounts.normalise_phone(text, self.country.data), field.data)

    def offer(self) -> None:
        """Fill in countries, and the regions of the country that is chosen."""
        self.country.choices = [("", "Choose a country"), *geography.countries().items()]
        self.language.choices = list(language.NAMES.items())
        known = geography.regions(self.country.data or "")
        self.region.choices = [("", "The whole country"), *known.items()]

    def show(self, details: Details) -> None:
        """Fill the form from what stands."""
        for name in TYPED:
            self[name].data = getattr(details, name)
        self.show_translations(details.translations)
        if details.currency not in CURRENCIES:
            self.currency.choices = [*CURRENCY_CHOICES, (details.currency, details.currency)]

    @property
    def details(self) -> Details:
        """What was typed; a region of another country is dropped."""
        values = {name: self[name].data or "" for name in TYPED}
        if values["region"] not in geography.regions(values["country"]):
            values["region"] = ""
        return Details(**values, translations=self.translations)


def _span(minutes: int) -> str:
    if minutes == 0:
        return "None"
    if minutes % 1440 == 0 and minutes > 1440:
        return f"{minutes // 1440} days"
    if minutes % 60 == 0:
        return "1 hour" if minutes == 60 else f"{minutes // 60} hours"
    return f"{minutes} minutes"


NOTICES = [(minutes, _span(minutes)) for minutes in (0, 30, 60, 120, 240, 480, 720, 1440, 2880, 4320)]
APPROVALS = (
    (Approval.AT_ONCE.value, "Is booked at once"),
    (Approval.ASK_FIRST.value, "Is a request, which a therapist confirms or declines"),
)
STEPS = (5, 10, 15, 20, 30, 60)
STEP_CHOICES = [(step, f"{step} minutes") for step in STEPS]


def hours_of_day() -> list[tuple[int, str]]:
    """The hours of a day, as a clock here shows them."""
    return [(hour, wall_minute(hour * 60)) for hour in range(24)]


class BookingRulesForm(UnchangedForm):
    """The rules by which clients book."""

    notice_minutes = SelectField(
        "Shortest notice",
        description="How long before a visit it can still be booked online.",
        coerce=int,
        choices=NOTICES,
    )
    horizon_days = Whole(
        "How far ahead, in days",
        validators=[
            InputRequired("Enter how many days ahead."),
            Within(*BOUNDS["horizon_days"], unit="days"),
        ],
    )
    step_minutes = SelectField("Visits begin every", coerce=int, choices=STEP_CHOICES)
    pack = BooleanField(
        "Also offer the first and last start that fit a gap",
        description="Fewer unused quarter hours; times then begin off the usual steps now and then.",
    )
    hold_minutes = Whole(
        "Minutes a time is kept while somebody fills in the form",
        description="The health questions take about 10 to 13 minutes.",
        validators=[
            InputRequired("Enter how long a time is kept."),
            Within(SHORTEST_HOLD_MINUTES, BOUNDS["hold_minutes"][1], unit="minutes"),
        ],
    )
    open_bookings_per_client = Whole(
        "Open bookings for one client",
        description="Counted over everybody on the same address. Staff may book more.",
        validators=[
            InputRequired("Enter how many bookings one client may have."),
            Within(*BOUNDS["open_bookings_per_client"], unit="bookings"),
        ],
    )
    late_cancel_hours = Whole(
        "Late from, in hours before the visit",
        description="Cancelling later than this is marked late. Say what it costs under Practice.",
        validators=[
            InputRequired("Enter the hours before a visit."),
            Within(*BOUNDS["late_cancel_hours"], unit="hours"),
        ],
    )
    approval = RadioField(
        "What a client books online",
        description="Health answers can make a request of it all the same. A treatment may have a rule of its own.",
        choices=list(APPROVALS),
        validators=[InputRequired("Choose what becomes of a booking.")],
    )
    decide_hours = Whole(
        "Hours to decide on a request",
        description="A request nobody decided by then, or 4 hours before its start, is declined with a letter.",
        validators=[
            InputRequired("Enter the hours to decide."),
            Within(*BOUNDS["decide_hours"], unit="hours"),
        ],
    )
    offer_people = Whole(
        "People a freed time is offered to at once",
        description="Of those on the waiting list. The first to take it has it; after two rounds it is free for everybody.",
        validators=[
            InputRequired("Enter how many people are asked."),
            Within(*BOUNDS["offer_people"], unit="people"),
        ],
    )
    offer_minutes = Whole(
        "Minutes they have to answer",
        validators=[
            InputRequired("Enter how long they have."),
            Within(*BOUNDS["offer_minutes"], unit="minutes"),
        ],
    )
    asked_details = Ticks(
        "What clients are asked for under My visits",
        description="Ask only for what you use. Staff can note all of it themselves.",
        choices=[
            ("birth_date", "Birth date"),
            ("address", "Postal address"),
            ("emergency", "Emergency contact"),
            ("doctor", "Family doctor"),
        ],
    )
    reminders = StringField(
        "Reminders, in hours before the visit",
        description="Separated by commas, for example 48, 2. Leave it empty for none.",
        validators=[Optional()],
    )
    quiet_from_hour = SelectField("No letters from", coerce=int, choices=hours_of_day)
    quiet_until_hour = SelectField("Until", coerce=int, choices=hours_of_day)

    def offer(self, rules: BookingRules) -> None:
        """Keep current values that a list does not offer."""
        if rules.notice_minutes not in dict(NOTICES):
            value = (rules.notice_minutes, _span(rules.notice_minutes))
            self.notice_minutes.choices = sorted([*NOTICES, value])
        if rules.step_minutes not in STEPS:
            self.step_minutes.choices = sorted(
                [*STEP_CHOICES, (rules.step_minutes, f"{rules.step_minutes} minutes")]
            )

    def show(self, rules: BookingRules) -> None:
        """Fill the form from what stands."""
        for name, value in vars(rules).items():
            if name in self:
                self[name].data = value
        self.reminders.data = ", ".join(_plain_hours(each) for each in rules.reminder_offsets_minutes)

    def validate_reminders(self, field: StringField) -> None:
        """Refuse anything but a list of hours."""
        try:
            offsets = _offsets(field.data or "")
        except ValueError as problem:
            raise ValidationError("Enter hours separated by commas, for example 48, 2.") from problem
        if len(offsets) > 5 or any(not 30 <= each <= 14 * 1440 for each in offsets):
            raise ValidationError(
                "Enter at most five reminders, each between half an hour and 14 days before."
            )

    @property
    def rules(self) -> BookingRules:
        """What was chosen."""
        values = {name: self[name].data for name in BookingRules.__dataclass_fields__ if name in self}
        return BookingRules(**values, reminder_offsets_minutes=_offsets(self.reminders.data or ""))


def _plain_hours(minutes: int) -> str:
    return f"{minutes / 60:g}"


def _offsets(text: str) -> list[int]:
    hours = [float(part.strip()) for part in text.split(",") if part.strip()]
    return sorted(
        {int(each * 60) for each in hours if each < 1000} | {-1 for each in hours if each >= 1000},
        reverse=True,
    )
