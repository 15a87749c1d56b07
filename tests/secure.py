"""The product as it runs for a real practice: production settings, behind a proxy that speaks https."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from clinic import clock
from clinic.app import create_app
from clinic.db import dispose
from config import Environment, Settings
from tests.ports import free_port
from tests.wire import on_the_wire

HOST = "practice.example"


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


@pytest.fixture(scope="module")
def proxied_app(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The product composed with production settings, on the database, keys and clock of the other one, reached through nginx with a certificate of its own: every request of its clients goes over TLS."""
    port, upstream = free_port(), free_port()
    product = create_app(production(settings, public_url=f"https://localhost:{port}"))
    product.config["CLOCK_FILE"] = settings.clock_file
    clock.follow(settings.clock_file)
    with on_the_wire(product, tmp_path_factory.mktemp("wire"), port=port, upstream=upstream):
        yield product
    with product.app_context():
        dispose()
