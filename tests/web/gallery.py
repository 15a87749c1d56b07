"""Every part once, with its states, on three pages that only the tests serve: the macros at work without the product."""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from flask import Flask, Response, render_template
from jinja2 import ChoiceLoader, FileSystemLoader, StrictUndefined
from werkzeug.datastructures import MultiDict
from wtforms import (
    BooleanField,
    DateField,
    EmailField,
    FieldList,
    Form,
    HiddenField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import Email, InputRequired, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from clinic.guidance.questions import PAGES, Question
from clinic.language import places
from clinic.web import assets, charts, filters
from clinic.web.headers import CONTENT_POLICY

ROOT = Path(__file__).parents[2]
PAGE_NAMES = ("client", "questions", "staff", "calendar")
ERROR_CODES = (400, 401, 403, 404, 405, 409, 410, 413, 414, 415, 422, 429, 500, 503)


@dataclass(frozen=True)
class Place:
    """As much of a practice as the frames show."""

    name: str = "Alder Lane Massage Therapy"
    phone: str = "905 555 0142"


@dataclass(frozen=True)
class Member:
    """As much of a member of staff as the rail shows."""

    given_name: str = "Ines"
    family_name: str = "Moreau"


@dataclass(frozen=True)
class Day:
    """One cell of the month."""

    on: date
    free: int
    href: str | None
    few: bool
    chosen: bool


class Details(Form):
    """One field of each kind."""

    token = HiddenField(default="kept")
    name = StringField("Full name", [InputRequired("Enter your name")], render_kw={"autocomplete": "name"})
    email = EmailField(
        "E-mail address",
        [Email("Enter an e-mail address like name@example.com")],
        description="For the confirmation and the reminder. Nothing about your health is sent.",
    )
    phone = StringField("Mobile number", [Optional()])
    note = TextAreaField("Anything else", [Optional()])
    born = DateField("From", [Optional()])
    room = SelectField("Room", choices=[("1", "Room 1"), ("2", "Room 2")])
    pressure = RadioField(
        "What pressure do you like?",
        [InputRequired("Choose one")],
        choices=[("light", "Light"), ("medium", "Medium"), ("none", "No preference")],
    )
    reminders = SelectMultipleField(
        "Remind me",
        choices=[("2880", "Two days before"), ("120", "Two hours before")],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    weekdays = SelectMultipleField(
        "Days that suit",
        choices=["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    phones = FieldList(StringField("Another number", [InputRequired("Enter a number or leave the row away")]))
    policy = BooleanField(
        "I have read this and agree.", [InputRequired("Tick to say you have read the policy")]
    )


def refused_details() -> Details:
    """The form as it comes back when almost everything is wrong."""
    form = Details(
        MultiDict({"email": "hannah.lindqvist@", "name": "", "phones-0": "", "room": "2", "reminders": "120"})
    )
    form.validate()
    return form


def four_weeks() -> list[Day]:
    """From Monday 23 November 2026, with every state of a day."""
    first = date(2026, 11, 23)
    free = (0, 6, 9, 4, 7, 3, 0, 11, 1) * 4
    return [
        Day(first + timedelta(n), free[n], f"?day={n}#times" if free[n] else None, 0 < free[n] < 4, n == 1)
        for n in range(28)
    ]


def pain_line() -> charts.Trend:
    """Start and eight sessions, one not given, three still to come."""
    values = (6, 6, 5, None, 5, 4, None, None, None)
    labels = ("start", "1", "2", "3", "4", "5", "6", "7", "8")
    return charts.trend(
        [
            charts.ChartReading(label, value, label in ("4", "8"))
            for label, value in zip(labels, values, strict=True)
        ],
        title="Average pain at each session",
    )


def questions_of(slug: str) -> tuple[Question, ...]:
    """The questions of one page of the intake."""
    return next(page.questions for page in PAGES if page.slug == slug)


def face() -> Flask:
    """An application with the product's templates and filters, strict about names, and nothing behind it."""
    app = Flask(
        "clinic",
        root_path=str(ROOT / "clinic"),
        static_folder="static",
        static_url_path="/static",
    )
    app.secret_key = "only for the session of these pages"
    app.jinja_env.loader = ChoiceLoader(
        [FileSystemLoader(ROOT / "templates"), FileSystemLoader(Path(__file__).parent / "parts")]
    )
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.globals["csrf_token"] = lambda: "token-of-the-session"
    assets.init_app(app)
    filters.init_app(app)
    places.know_country(app, lambda: "GB")
    app.context_processor(_around)
    app.add_url_rule("/parts/<name>", view_func=_parts, endpoint="parts", methods=["GET", "POST"])
    app.add_url_rule("/error/<int:code>", view_func=_error, endpoint="error")
    # The frames lead to pages of the product, which are not here; where to does not matter.
    app.url_build_error_handlers.append(lambda error, endpoint, values: f"/{endpoint}")
    app.after_request(_with_policy)
    return app


def _around() -> dict[str, object]:
    return {
        "practice": Place(),
        "csp_nonce": "gallery",
        "current_user": Member(),
        "may": lambda permission: True,
        "waiting_reviews": 3,
        "banner_notes": [
            {
                "kind": "plain",
                "text": "This is a demo with invented people.",
                "link": ("/more", "What that means"),
            }
        ],
    }


def _parts(name: str) -> str:
    return render_template(
        f"{name}.html",
        form=refused_details(),
        fresh=Details(),
        days=four_weeks(),
        chart=pain_line(),
        counts=charts.bars([("Mon", 12), ("Tue", 30), ("Wed", None), ("Thu", 0)], title="Sessions by day"),
        map=questions_of("where")[0],
        average=questions_of("pain")[0],
        flags=questions_of("safety-1"),
        page=questions_of,
    )


def _error(code: int) -> tuple[str, int]:
    return (
        render_template(
            f"errors/{code}.html", message=None, retry_after=None, reference="7F3K", typed=[], now_at=None
        ),
        code,
    )


def _with_policy(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = CONTENT_POLICY.format(nonce="gallery")
    return response
