"""The product as it runs for a real practice: production settings, behind a proxy that speaks https."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from werkzeug.datastructures import Headers

from clinic import clock
from clinic.app import create_app
from clinic.db import dispose
from config import Environment, Settings
from tests.visitor import Browser

HOST = "practice.example"


class BehindProxy(Browser):
    """A browser that reaches the product through a proxy, which adds what it knows of the caller."""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        """Send a request, with what the proxy adds."""
        headers = Headers(kwargs.pop("headers", None) or {})
        headers.extend(
            {"X-Forwarded-Proto": "https", "X-Forwarded-Host": HOST, "X-Forwarded-For": "203.0.113.7"}
        )
        return super().open(*args, headers=headers, **kwargs)


def production(settings: Settings, **more: Any) -> Settings:
    """Production settings on the database and with the keys of a test product."""
    given: dict[str, Any] = {
        "environment": Environment.PRODUCTION,
        "database_url": settings.database_url,
        "database_owner_url": settings.database_owner_url,
        "redis_url": settings.redis_url,
        "lumbar_data": settings.lumbar_data,
        "lumbar_keys": settings.keys.dumped(),
        "public_url": f"https://{HOST}",
        "smtp_url": "smtp://127.0.0.1:25",
        "mail_from": "Practice <hello@alderlane.clinic>",
        "trusted_proxies": 1,
        "statement_timeout_ms": settings.statement_timeout_ms,
    }
    return Settings.read(**{**given, **more})


@pytest.fixture(scope="session")
def secure_app(settings: Settings) -> Iterator[Flask]:
    """The product composed with production settings, on the database and the keys of the other one, and on its clock."""
    product = create_app(production(settings))
    product.test_client_class = BehindProxy
    product.config["CLOCK_FILE"] = settings.clock_file
    clock.follow(settings.clock_file)
    yield product
    with product.app_context():
        dispose()
