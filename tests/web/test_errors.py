"""How the product says no."""

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import TimeoutError as PoolTimeout

from clinic.accounts.limits import TooMany
from clinic.refusal import NotFound, Refusal, Stale
from clinic.web import errors
from tests.make import Make
from tests.web.reading import read

STATUSES = [400, 401, 403, 404, 405, 409, 410, 413, 414, 415, 422, 429, 500, 503]


@pytest.mark.parametrize("status", STATUSES)
def test_every_status_has_a_page_with_one_heading_and_a_way_on(app: Flask, make: Make, status: int) -> None:
    make.practice()
    with app.test_request_context("/somewhere"):
        answer = errors.answer(status)
    page = read(answer.get_data(as_text=True))
    assert answer.status_code == status
    assert len(page.all("h1")) == 1
    assert page.one(id="main").all("a")
    marks = [each for each in page.all("svg") if each.attributes.get("class") == "mark"]
    assert len(marks) == 1, "the practice's mark stands above the page, and not again in it"


@pytest.mark.parametrize("status", [418, 451, 502])
def test_a_status_nobody_drew_gets_a_page_too(app: Flask, make: Make, status: int) -> None:
    make.practice()
    with app.test_request_context("/somewhere"):
        answer = errors.answer(status)
    assert answer.status_code == status
    assert read(answer.get_data(as_text=True)).all("h1")


@pytest.mark.parametrize("path", ["/api/v1/slots", "/health"])
def test_machines_get_a_problem_document(app: Flask, make: Make, path: str) -> None:
    with app.test_request_context(path):
        answer = errors.refused(Stale())
    assert answer.mimetype == "application/problem+json"
    problem = answer.get_json()
    assert (problem["status"], problem["code"]) == (409, "stale")
    assert problem["detail"] == Stale.sentence


def test_a_refusal_reads_as_its_sentence(app: Flask, make: Make) -> None:
    make.practice()
    with app.test_request_context("/book"):
        answer = errors.refused(Refusal("That <b>time</b> has just been taken."))
    assert "That &lt;b&gt;time&lt;/b&gt; has just been taken." in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    ("seconds", "words"), [(20, "a minute"), (61, "2 minutes"), (900, "15 minutes"), (86_000, "24 hours")]
)
def test_too_many_tries_say_when_to_come_again(app: Flask, make: Make, seconds: int, words: str) -> None:
    make.practice()
    with app.test_request_context("/book"):
        answer = errors.refused(TooMany(seconds))
    assert answer.headers["Retry-After"] == str(seconds)
    assert f"try again in {words}" in read(answer.get_data(as_text=True)).text


@pytest.mark.parametrize("error", [sa.exc.OperationalError("SELECT", {}, Exception()), PoolTimeout()])
def test_without_the_database_the_page_says_when_to_come_again(
    app: Flask, make: Make, error: Exception
) -> None:
    make.practice()
    with app.test_request_context("/book"):
        answer = errors.database_away(error)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "SELECT" not in answer.get_data(as_text=True)


def test_an_unknown_page_and_a_wrong_method(client: FlaskClient, make: Make) -> None:
    make.practice()
    assert client.get("/nowhere").status_code == 404
    wrong = client.delete("/my/sign-in")
    assert wrong.status_code == 405
    assert "POST" in wrong.headers["Allow"]


def test_what_is_not_there_and_what_is_not_yours_read_alike(app: Flask, make: Make) -> None:
    make.practice()
    pages = []
    for _ in range(2):
        with app.test_request_context("/staff/reviews/x", headers={}):
            pages.append(errors.refused(NotFound()).status_code)
    assert pages == [404, 404]


@pytest.mark.parametrize("host", ["a" * 300, "x" * 64 + ".example"])
def test_a_host_that_can_be_none_is_refused_and_breaks_nothing(client: FlaskClient, host: str) -> None:
    assert client.get("/", headers={"Host": host}).status_code == 400
