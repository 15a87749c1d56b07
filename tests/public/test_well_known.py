"""Whom somebody who found a hole tells."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from clinic import clock
from config import InvalidSettings, Settings

PATH = "/.well-known/security.txt"


def test_without_somebody_to_tell_there_is_no_such_page(client: FlaskClient) -> None:
    assert client.get(PATH).status_code == 404


def test_it_names_whom_to_tell_until_when_and_where_it_stands(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "SECURITY_CONTACT", "mailto:security@alderlane.example")
    answer = client.get(PATH)
    assert (answer.status_code, answer.content_type) == (200, "text/plain; charset=utf-8")
    fields = dict(line.split(": ", 1) for line in answer.get_data(as_text=True).splitlines())
    assert fields["Contact"] == "mailto:security@alderlane.example"
    assert fields["Canonical"] == f"{app.config['PUBLIC_URL']}{PATH}"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", fields["Expires"])
    expires = datetime.fromisoformat(fields["Expires"]).astimezone(UTC)
    assert timedelta(days=100) < expires - clock.now() < timedelta(days=365)


@pytest.mark.parametrize(
    "contact",
    ["security@alderlane.example", "http://x.example", "mailto:x", "mailto:a@b.example\nContact: x"],
)
def test_what_is_no_address_to_tell_is_refused_at_the_start(settings: Settings, contact: str) -> None:
    with pytest.raises(InvalidSettings, match="SECURITY_CONTACT"):
        Settings.read(**{**settings.model_dump(), "security_contact": contact})
