"""How a product is, as somebody reads it who has the token."""

from typing import Any

from flask import Flask
from pydantic import SecretStr

HEALTH_TOKEN = SecretStr("a token of the tests, long enough")
AUTHORIZED = {"Authorization": f"Bearer {HEALTH_TOKEN.get_secret_value()}"}


def health_of(app: Flask) -> dict[str, Any]:
    """What `/health` says, with its details."""
    found: dict[str, Any] = app.test_client().get("/health", headers=AUTHORIZED).get_json()
    return found
