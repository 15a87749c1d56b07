"""The published description against the product: schemathesis reads it as any caller may, and sends what it allows and forbids.

What is sent is the same in each run. `LUMBAR_LONG` sends many times as much.
"""

import itertools
import os
from calendar import monthrange
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from types import ModuleType
from typing import Any
from zoneinfo import ZoneInfo

import hypothesis.core
import hypothesis.internal.conjecture.engine
import hypothesis.internal.entropy
import hypothesis.strategies._internal.collections
import hypothesis.strategies._internal.core
import pytest
import sqlalchemy as sa
from flask import Flask, g
from hypothesis import HealthCheck, Phase

from clinic.api import openapi, request_parsing
from clinic.db import db
from tests.conftest import NOW
from tests.make import Make

MORE = [pytest.param(2000, id="many", marks=pytest.mark.long)] if os.environ.get("LUMBAR_LONG") else []
OPERATIONS = [
    (method.upper(), path)
    for path, item in openapi.document()["paths"].items()
    for method in item
    if method != "parameters"
]
CHECKS = {
    # What fits the description is done, or refused for a reason that lies in what there is: no such thing, not free any more,
    # another revision, tried too often. It is never called unreadable (400) or unusable (422).
    "positive_data_acceptance": {
        "expected-statuses": ["2xx", "304", "404", "409", "410", "412", "428", "429"]
    },
    # A cancelled appointment stays to be looked at.
    "use_after_free": {"enabled": False},
}


def settings(examples: int, **further: Any) -> hypothesis.settings:
    """So many examples, the same ones in each run."""
    return hypothesis.settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.explicit, Phase.generate),
        **further,
    )


class Strangers:
    """The product as a WSGI application to which each call comes from another network, with an empty `g`, as in life."""

    def __init__(self, product: Flask) -> None:
        self.product = product
        self.calls = itertools.count()

    def __call__(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        call = next(self.calls)
        environ["REMOTE_ADDR"] = f"10.{call >> 16 & 255}.{call >> 8 & 255}.{call & 255}"
        for name in list(g):
            g.pop(name)
        return self.product.wsgi_app(environ, start)


_callers = itertools.count()


class Sense:
    """Gives what fits the description the sense that no schema can: a treatment there is, a time that is free, a number that rings."""

    def __init__(self, treatment: str) -> None:
        self.treatment = treatment
        self.turn = itertools.count()

    def into(self, case: Any) -> None:
        """Change a call in place, when it is one that fits."""
        if case.meta is None or not case.meta.generation.mode.is_positive:
            return
        turn = next(self.turn)
        name = operation_id(case)
        if name == "availability":
            first = _there_is(case.query["from"])
            until = first + timedelta(days=turn % request_parsing.LONGEST_RANGE_DAYS + 1)
            case.query.update({"from": str(first), "to": str(until)})
            if turn % 2:
                case.query.update(treatment=self.treatment, therapist="any")
                case.query.pop("location", None)
        elif name == "keepTime":
            case.body.update(
                treatment=self.treatment, start=_free_start(turn), therapist="any", location=None
            )
        elif name == "book":
            case.body["mail"] = f"caller{next(_callers)}@client.example"
            if case.body.get("phone") is not None:
                case.body["phone"] = "+49 30 5550100"
            if "hold" in case.body:  # A link puts it into either of the two bodies.
                for only_of_a_start in ("treatment", "therapist", "location", "start", "secret"):
                    case.body.pop(only_of_a_start, None)
            else:
                case.body.update(
                    treatment=self.treatment, start=_free_start(turn), therapist="any", location=None
                )
        elif name == "move":
            case.body.update(start=_free_start(turn), therapist=None)
        if name in ("move", "cancel") and turn % 3:
            case.headers.pop("If-Match", None)


def operation_id(case: Any) -> str:
    """What the description calls this call."""
    return str(case.operation.definition.raw["operationId"])


def _there_is(day: str) -> date:
    year, month, number = map(int, day.split("-"))
    return date(year, month, min(number, monthrange(year, month)[1]))


def _free_start(turn: int) -> str:
    """Another one each turn: full hours, Monday to Friday, from a week after now."""
    weekday, hour = divmod(turn, 8)
    on = NOW + timedelta(weeks=1 + weekday // 5, days=weekday % 5)
    return on.astimezone(ZoneInfo("Europe/Berlin")).replace(hour=9 + hour).isoformat()


@pytest.fixture
def sold(make: Make) -> str:
    """The slug of what can be booked."""
    make.practice(horizon_days=700)
    return str(make.offering().slug)


@pytest.fixture(scope="module")
def schemathesis() -> Iterator[ModuleType]:
    """The checker. As it is imported it changes Hypothesis, which then shows no example; other tests get theirs back."""
    internals = hypothesis.internal.conjecture.engine, hypothesis.strategies._internal.collections
    changed = [
        (hypothesis.core, "RepresentationPrinter"),
        (hypothesis.internal.entropy, "register_random"),
        (hypothesis.strategies._internal.core, "is_first_param_referenced_in_function"),
        *((module, "BUFFER_SIZE") for module in (hypothesis.core, *internals)),
    ]
    with pytest.MonkeyPatch.context() as before:
        for module, name in changed:
            before.setattr(module, name, getattr(module, name))
        import schemathesis

        yield schemathesis


@pytest.fixture
def schema(
    schemathesis: ModuleType, app: Flask, database: sa.Connection, the_clock_says: Callable[..., None]
) -> Any:
    """What the product publishes."""
    the_clock_says(NOW)
    # Words are not taken from the product's source, or a changed line anywhere would change what is sent.
    known = {
        "seed": 1,
        "checks": CHECKS,
        "analysis": {"constants": {"enabled": False}},
        "phases": {"stateful": {"inference": {"algorithms": []}}},
    }
    config = schemathesis.config.SchemathesisConfig.from_dict(known)
    return schemathesis.openapi.from_wsgi("/api/v1/openapi.json", Strangers(app), config=config)


@pytest.mark.parametrize("examples", [pytest.param(30, id="some"), *MORE])
@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_every_call_is_answered_as_described(
    schema: Any, sold: str, method: str, path: str, examples: int
) -> None:
    from schemathesis.generation.hypothesis import builder

    answered: Counter[int] = Counter()
    sense = Sense(sold)

    def call(case: Any) -> None:
        sense.into(case)
        answer = case.call()
        answered[answer.status_code] += 1
        case.validate_response(answer)

    config = builder.HypothesisTestConfig(
        project=schema.config, modes=list(builder.HypothesisTestMode), settings=settings(examples)
    )
    builder.create_test(operation=schema[path][method], test_func=call, config=config)()
    assert answered[405] > 0, "Methods that are not described were not tried."
    assert answered.keys() & {200, 201, 404, 409}, "Nothing that fits the description was sent."


@pytest.mark.parametrize("stories", [pytest.param(45, id="some"), *MORE])
def test_a_booking_goes_on_as_the_links_say(
    schema: Any, sold: str, database: sa.Connection, stories: int
) -> None:
    answered: Counter[tuple[str, int]] = Counter()

    class Story(schema.as_state_machine()):  # type: ignore[misc]  # Made from the description.
        """Each one begins with an empty calendar, since what is drawn must not hang on what was drawn before."""

        def setup(self) -> None:
            self.sense = Sense(sold)
            db.session.remove()
            self.before = database.begin_nested()

        def teardown(self) -> None:
            db.session.remove()
            self.before.rollback()

        def before_call(self, case: Any) -> None:
            self.sense.into(case)

        def after_call(self, response: Any, case: Any) -> None:
            answered[operation_id(case), response.status_code] += 1
            super().after_call(response, case)

    Story.run(settings=settings(stories, stateful_step_count=8))
    done = {("keepTime", 201), ("book", 201), ("appointment", 200), ("move", 200), ("cancel", 200)}
    assert done <= answered.keys()
