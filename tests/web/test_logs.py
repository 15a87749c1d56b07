"""What is written down while the product runs, and what never is."""

import io
import json
import logging
import os
from collections.abc import Iterator

import psycopg
import pytest
from flask.testing import FlaskClient

from clinic.web import logs
from tests.make import Make
from tests.visitor import Visitor


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    logs.write_to(stream)
    yield stream
    root.handlers[:] = before
    root.setLevel(level)


def lines(written: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in written.getvalue().splitlines()]


def test_a_request_is_one_line_with_its_route_and_no_address(
    client: FlaskClient, make: Make, written: io.StringIO
) -> None:
    make.practice()
    client.get("/l/this-is-a-secret?q=Ada+Sample", headers={"User-Agent": "marker-agent"})
    (line,) = [line for line in lines(written) if line["logger"] == "clinic.requests"]
    assert (line["method"], line["route"], line["status"]) == ("GET", "/l/<token>", 410)
    for secret in ("this-is-a-secret", "Ada", "marker-agent", "127.0.0.1"):
        assert secret not in written.getvalue()


def test_what_is_typed_into_forms_is_not_written_down(
    client: FlaskClient, make: Make, written: io.StringIO
) -> None:
    make.practice()
    visitor = Visitor(client).open("/staff/sign-in")
    visitor.press("Continue", email="marker@alderlane.example", password="marker-password")
    visitor.open("/my/sign-in").press("Send me a link", mail="marker@client.example")
    visitor.open("/nowhere/marker-in-the-path")
    assert lines(written)
    assert "marker" not in written.getvalue()


def test_the_request_id_ties_line_and_answer(client: FlaskClient, make: Make, written: io.StringIO) -> None:
    make.practice()
    given = client.get("/nowhere").headers["X-Request-ID"]
    assert [line["request_id"] for line in lines(written) if line["logger"] == "clinic.requests"] == [given]


def test_an_error_is_written_with_places_and_without_its_text(written: io.StringIO) -> None:
    try:
        raise ValueError("the client Ada Sample said so")
    except ValueError:
        logging.getLogger("clinic.test").exception("unexpected error", extra={"appointment_id": 7})
    (line,) = lines(written)
    assert line["appointment_id"] == 7
    assert "Ada" not in written.getvalue()
    assert line["error"][0]["kind"] == "builtins.ValueError"  # type: ignore[index]
    assert "test_logs.py" in line["error"][0]["places"][0]  # type: ignore[index]


def test_the_causes_of_an_error_are_written_too(written: io.StringIO) -> None:
    try:
        try:
            raise psycopg.errors.UniqueViolation("Key (mail)=(ada@client.example) already exists")
        except psycopg.Error as cause:
            raise RuntimeError("later") from cause
    except RuntimeError as error:
        kinds = [cause["kind"] for cause in logs.causes(error)]
    assert kinds == ["builtins.RuntimeError", "psycopg.errors.UniqueViolation"]


def test_a_record_still_names_its_process_as_gunicorns_own_lines_do(written: io.StringIO) -> None:
    """Its format holds %(process)d: without one, each of its lines would be a trace about logging instead."""
    own = logging.Formatter(r"[%(process)d] [%(levelname)s] %(message)s")
    record = logging.getLogger("gunicorn.error").makeRecord("gunicorn.error", 20, "", 1, "up", (), None)
    assert own.format(record) == f"[{os.getpid()}] [INFO] up"


def test_a_line_break_in_a_message_cannot_forge_a_line(written: io.StringIO) -> None:
    logging.getLogger("clinic.test").warning("one\ntwo %s", '{"level": "forged"}\n')
    assert len(lines(written)) == 1
