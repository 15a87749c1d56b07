"""The product without its pages: settings become the Flask application that worker, beat and command line run in.

It has the database, the keys and what letters and sheets are written with, and no routes: their addresses are made from
`PUBLIC_URL`. So it is smaller and starts more quickly than `clinic.app`, which adds the pages to it.
"""

import zoneinfo
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.pool import NullPool

from clinic import clock, db, keys_in_use
from clinic.backup.object_storage import StorageAddress
from clinic.db import ASIDE, SEALING
from clinic.maintenance import (
    key_rotation,
    sweeps,  # noqa: F401 - with what the worker does, every table is known; see `rotate-key`
)
from clinic.messaging import tasks  # noqa: F401 - the same
from clinic.practice import legal_texts  # noqa: F401 - the one table that only pages read
from clinic.web import compiled_templates, filters
from config import Environment, InvalidSettings, Settings

ROOT = Path(__file__).parent.parent
QUICK_HASHES = {
    "argon2__type": "ID",
    "argon2__time_cost": 1,
    "argon2__memory_cost": 8,
    "argon2__parallelism": 1,
}
"""Cheap password hashes, for the test environment only: at a third of a second each, real ones would fill most of its run."""


def create_background_app(settings: Settings | None = None) -> Flask:
    """The product without its pages, whose statements may take longer than a page's.

    Reads the environment when no settings are given. Raises InvalidSettings for a bad environment.
    """
    settings = settings or Settings.read()
    return without_pages(settings, longest_statement_ms=settings.background_timeout_ms)


def without_pages(settings: Settings, *, longest_statement_ms: int) -> Flask:
    """What every process of the product needs, whether or not it serves pages."""
    app = Flask(
        "clinic",
        root_path=str(ROOT / "clinic"),
        template_folder=str(ROOT / "templates"),
        static_folder="static",
        static_url_path="/static",
    )
    app.config.from_mapping(flask_config(settings, longest_statement_ms=longest_statement_ms))

    zoneinfo.reset_tzpath(to=())  # Zones come from the pinned tzdata package alone.
    clock.follow(settings.clock_file)
    db.init_app(app)
    keys_in_use.init_app(app, settings.keys, None if settings.lumbar_keys else settings.key_file)
    filters.init_app(app)
    compiled_templates.init_app(app)
    return app


def refuse_other_keys(app: Flask) -> None:
    """Raise InvalidSettings if these keys do not open what the database holds; one that is away or older is not judged.

    For web and worker, before either forks.
    """
    with app.app_context(), suppress(OperationalError, ProgrammingError):
        try:
            key_rotation.refuse_other_keys()
        except key_rotation.OtherKeys as refusal:
            raise InvalidSettings(refusal.sentence) from None
        finally:
            db.db.session.remove()
            db.dispose()


def flask_config(settings: Settings, *, longest_statement_ms: int) -> dict[str, Any]:
    """What Flask, its extensions and our own code read from `app.config`."""
    keys = settings.keys
    https = settings.base_url.startswith("https://")
    engine = _engine_options(longest_statement_ms)
    # Counts of attempts: a crash may lose the last half second of them, which is not worth a disk wait each time.
    aside = _engine_options(longest_statement_ms, "-c synchronous_commit=off")
    return {
        "ENVIRONMENT": settings.environment.value,
        "TESTING": settings.environment is Environment.TEST,
        "SECRET_KEY": keys.secret_key.get_secret_value(),
        "PUBLIC_URL": settings.base_url,
        "DATA": settings.lumbar_data.absolute(),
        "TRUSTED_PROXIES": settings.trusted_proxies,
        # Slightly longer than the server's own statement limit: if silent by then, it will not answer.
        "DATABASE_PATIENCE": longest_statement_ms / 1000 + 0.5,
        "SQLALCHEMY_DATABASE_URI": settings.database_url,
        "SQLALCHEMY_ENGINE_OPTIONS": {**engine, "pool_size": settings.database_pool},
        "SQLALCHEMY_BINDS": {
            ASIDE: {**aside, "pool_size": 2, "url": settings.database_url, "isolation_level": "AUTOCOMMIT"},
            # Used once a minute by the worker, so no connection is kept open.
            SEALING: {**_unpooled(engine), "url": settings.database_seal_url or settings.database_url},
        },
        "MAX_CONTENT_LENGTH": 256 * 1024,
        "MAX_FORM_MEMORY_SIZE": 256 * 1024,
        "MAX_FORM_PARTS": 500,
        "PREFERRED_URL_SCHEME": "https" if https else "http",
        "SESSION_COOKIE_NAME": "__Host-lumbar" if https else "lumbar",
        "SESSION_COOKIE_SECURE": https,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "PERMANENT_SESSION_LIFETIME": timedelta(days=14),
        "SEND_FILE_MAX_AGE_DEFAULT": timedelta(days=365),
        "WTF_CSRF_TIME_LIMIT": None,
        "SECURITY_PASSWORD_SALT": keys.password_salt.get_secret_value(),
        **(
            {"SECURITY_PASSWORD_HASH_PASSLIB_OPTIONS": QUICK_HASHES}
            if settings.environment is Environment.TEST
            else {}
        ),
        "SECURITY_TOTP_SECRETS": {str(n): key.get_secret_value() for n, key in keys.totp_secrets.items()},
        "SMTP_URL": settings.smtp_url.get_secret_value() if settings.smtp_url else None,
        "MAIL_FROM": settings.mail_from,
        "MAILDIR": settings.lumbar_data.absolute() / "mail",
        "MESSAGES_HELD": settings.messages_held,
        "MESSAGES_PER_MINUTE": settings.messages_per_minute,
        "SMS_URL": settings.sms_url,
        "SMS_TOKEN": settings.sms_token.get_secret_value() if settings.sms_token else "",
        "SMS_FROM": settings.sms_from,
        "CLAMD_URL": settings.clamd_url,
        "SECURITY_CONTACT": settings.security_contact,
        "BOUNCES_SECRET": settings.bounces_secret.get_secret_value() if settings.bounces_secret else None,
        "SES_TOPIC_ARN": settings.ses_topic_arn,
        "POSTMARK_SECRET": settings.postmark_secret.get_secret_value() if settings.postmark_secret else None,
        "MAILGUN_SIGNING_KEY": settings.mailgun_signing_key.get_secret_value()
        if settings.mailgun_signing_key
        else None,
        "SENDGRID_PUBLIC_KEY": settings.sendgrid_public_key,
        "HEALTH_TOKEN": settings.health_token.get_secret_value() if settings.health_token else None,
        "REDIS_URL": settings.redis_url,
        "WORKER_CONCURRENCY": settings.worker_concurrency,
        "BACKUP_RECIPIENTS": tuple(settings.backup_recipients.split()),
        "DOWNTIME_RECIPIENTS": tuple(settings.downtime_recipients.split()),
        "BACKUP_FOLDER": settings.backups,
        "BACKUP_STORAGE": backup_storage(settings),
        "BACKUP_WAL": settings.backup_wal,
        "WAL_FOLDER": settings.wal,
    }


def backup_storage(settings: Settings) -> StorageAddress | None:
    """The object storage that backups are also sent to; None if none is set."""
    url, key_id, secret = settings.backup_s3_url, settings.backup_s3_key_id, settings.backup_s3_secret
    if url is None or key_id is None or secret is None:
        return None
    return StorageAddress.read(
        url,
        region=settings.backup_s3_region,
        key_id=key_id.get_secret_value(),
        secret=secret.get_secret_value(),
    )


def _unpooled(engine: dict[str, Any]) -> dict[str, Any]:
    pooling = ("max_overflow", "pool_timeout")
    return {**{name: value for name, value in engine.items() if name not in pooling}, "poolclass": NullPool}


def _engine_options(longest_statement_ms: int, more: str = "") -> dict[str, Any]:
    return {
        "max_overflow": 0,
        "pool_timeout": 3,
        "skip_autocommit_rollback": True,
        "hide_parameters": True,  # An error's text must not quote what somebody entered.
        "connect_args": {
            "connect_timeout": 2,
            "options": f"-c statement_timeout={longest_statement_ms}"
            f" -c lock_timeout={longest_statement_ms * 3 // 4} -c timezone=UTC {more}",
        },
    }
