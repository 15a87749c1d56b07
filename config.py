"""Settings: read once from the environment, all missing or wrong variables named together.

Defaults suit a laptop; `ENVIRONMENT=production` is strict. Units stand in the names. Only the composition
(`clinic.app`, `clinic.cli`, `worker`) imports this module.
"""

import base64
import binascii
import json
import os
import secrets
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key
from pydantic import BaseModel, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

SCHEMES = {
    "database_url": ("postgresql+psycopg",),
    "database_owner_url": ("postgresql+psycopg",),
    "redis_url": ("redis", "rediss", "redis+socket"),
    "smtp_url": ("smtp", "smtps", "smtp+starttls"),
    "public_url": ("http", "https"),
    "sms_url": ("http", "https"),
}


SNS_TOPIC = r"^arn:(aws|aws-cn|aws-us-gov):sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}$"


class Environment(StrEnum):
    """How strict to be, and whether demo staff may exist."""

    DEMO = "demo"
    TEST = "test"
    PRODUCTION = "production"


class InvalidSettings(SystemExit):
    """The environment does not describe a product that may start; the message names every reason."""


class Keys(BaseModel):
    """The secrets of one practice. They live beside the data folder (or in LUMBAR_KEYS), never inside it or a dump."""

    secret_key: SecretStr
    password_salt: SecretStr
    totp_secrets: dict[int, SecretStr]
    sealing: dict[int, SecretStr]
    links: dict[int, SecretStr]

    @classmethod
    def fresh(cls) -> "Keys":
        """New random keys."""
        return cls(
            secret_key=SecretStr(secrets.token_urlsafe(48)),
            password_salt=SecretStr(secrets.token_urlsafe(24)),
            totp_secrets={1: SecretStr(secrets.token_urlsafe(32))},
            sealing={1: SecretStr(base64.b64encode(secrets.token_bytes(32)).decode())},
            links={1: SecretStr(base64.b64encode(secrets.token_bytes(32)).decode())},
        )

    @model_validator(mode="after")
    def _decodable(self) -> "Keys":
        _ = self.sealing_bytes, self.link_bytes
        return self

    @cached_property
    def sealing_bytes(self) -> dict[int, bytes]:
        """Key id to 32 bytes, for `clinic.sealed`."""
        return _decoded("sealing", self.sealing)

    @cached_property
    def link_bytes(self) -> dict[int, bytes]:
        """Key id to 32 bytes, for manage links."""
        return _decoded("links", self.links)

    def dumped(self) -> str:
        """As JSON text, secrets in clear, for the key file."""
        return json.dumps(
            {
                "secret_key": self.secret_key.get_secret_value(),
                "password_salt": self.password_salt.get_secret_value(),
                **{
                    name: {str(number): key.get_secret_value() for number, key in getattr(self, name).items()}
                    for name in ("totp_secrets", "sealing", "links")
                },
            },
            indent=2,
        )


def _decoded(name: str, keys: dict[int, SecretStr]) -> dict[int, bytes]:
    try:
        decoded = {
            number: base64.b64decode(key.get_secret_value(), validate=True) for number, key in keys.items()
        }
    except binascii.Error:
        raise ValueError(f"{name}: keys must be base64") from None
    if not decoded or any(len(key) != 32 for key in decoded.values()):
        raise ValueError(f"{name}: give at least one key, each of 32 bytes in base64")
    return decoded


class Start(BaseSettings):
    """What starting everything on one machine needs to know; without an address a server is started for you."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True, env_ignore_empty=True)

    environment: Environment = Environment.DEMO
    port: int = Field(default=8000, ge=1, le=65535)
    lumbar_data: Path = Path("var")
    public_url: str | None = None
    database_url: str | None = None
    redis_url: str | None = None

    @classmethod
    def read(cls) -> "Start":
        """From the environment; raises InvalidSettings that lists every fault at once."""
        try:
            return cls()
        except ValidationError as error:
            raise InvalidSettings(_faults(error)) from None


class Settings(BaseSettings):
    """Everything the environment decides. `Settings.read()` is the way in."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True, env_ignore_empty=True)

    environment: Environment = Environment.DEMO
    database_url: str
    database_owner_url: str | None = None
    """The role that owns the tables; only migrations use it. Default: `database_url`."""
    redis_url: str
    smtp_url: SecretStr | None = None
    """`smtp://`, `smtp+starttls://` or `smtps://user:password@host:port`; without it mails go to a folder."""
    mail_from: str = "Lumbar <practice@lumbar.example>"
    port: int = Field(default=8000, ge=1, le=65535)
    lumbar_data: Path = Path("var")
    public_url: str | None = None
    lumbar_keys: SecretStr | None = None
    clock_file: Path | None = None
    database_pool: int = Field(default=10, ge=2)
    """Connections of each process; two at least, because the message pass holds one while it works with another."""
    statement_timeout_ms: int = Field(default=4_000, ge=100)
    """A page's longest statement; whoever waits for a locked row waits three quarters of it."""
    background_timeout_ms: int = Field(default=60_000, ge=100)
    """The same for the worker and the command line, where nobody waits for a page."""
    trusted_proxies: int = Field(default=0, ge=0)
    messages_held: bool = False
    """Nothing leaves until an owner says so on a page, or until this is taken away."""
    messages_per_minute: int | None = Field(default=None, ge=1)
    """At most so many messages of the practice leave in a minute; what a mail provider allows. Default: no limit."""
    sms_url: str | None = None
    """Where reminders are posted as text messages; without it none goes out, whatever clients agreed to."""
    sms_token: SecretStr | None = None
    sms_from: str = ""
    """The number or name that a text message shows as its sender."""
    bounces_secret: SecretStr | None = Field(default=None, min_length=32)
    """What a mail provider proves itself with when it reports letters that came back; without it nobody can report any."""
    ses_topic_arn: str | None = Field(default=None, pattern=SNS_TOPIC)
    """The SNS topic through which Amazon SES reports letters that came back; its signature proves them."""
    postmark_secret: SecretStr | None = Field(default=None, min_length=32)
    """The password of the address that Postmark's webhooks call."""
    mailgun_signing_key: SecretStr | None = Field(default=None, min_length=16)
    """Mailgun's HTTP webhook signing key."""
    sendgrid_public_key: str | None = None
    """The verification key of SendGrid's signed event webhook, as its settings show it."""
    worker_concurrency: int = Field(default=2, ge=1)

    @field_validator("database_url", "database_owner_url", mode="before")
    @classmethod
    def _with_driver(cls, value: Any) -> Any:
        for short in ("postgres://", "postgresql://"):
            if isinstance(value, str) and value.startswith(short):
                return "postgresql+psycopg://" + value.removeprefix(short)
        return value

    @field_validator("database_url", "database_owner_url", "redis_url", "smtp_url", "public_url", "sms_url")
    @classmethod
    def _scheme_known(cls, value: Any, info: Any) -> Any:
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        if text is not None and urlsplit(text).scheme not in SCHEMES[info.field_name]:
            raise ValueError(
                f"must begin with one of {', '.join(s + '://' for s in SCHEMES[info.field_name])}"
            )
        return value

    @field_validator("sendgrid_public_key")
    @classmethod
    def _elliptic(cls, value: str | None) -> str | None:
        try:
            key = load_der_public_key(base64.b64decode(value, validate=True)) if value else None
        except (ValueError, UnsupportedAlgorithm):
            key = None
        if value is not None and not isinstance(key, EllipticCurvePublicKey):
            raise ValueError("must be the verification key that SendGrid shows")
        return value

    @field_validator("public_url")
    @classmethod
    def _without_path(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if not parts.netloc or parts.path not in ("", "/") or parts.query:
            raise ValueError("must be a scheme and a host, without a path")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _strict_in_production(self) -> "Settings":
        if self.environment is not Environment.PRODUCTION:
            return self
        faults = []
        if self.public_url is None or not self.public_url.startswith("https://"):
            faults.append("PUBLIC_URL must be an https:// address")
        if self.lumbar_keys is None and not self.key_file.exists():
            faults.append(f"LUMBAR_KEYS is not set and {self.key_file} does not exist")
        if self.clock_file is not None:
            faults.append("CLOCK_FILE is refused: production follows the real clock")
        if self.smtp_url is None:
            faults.append("SMTP_URL is not set")
        if self.sms_url is not None and not self.sms_url.startswith("https://"):
            faults.append("SMS_URL must be an https:// address")
        if faults:
            raise ValueError("; ".join(faults))
        return self

    @property
    def key_file(self) -> Path:
        """Beside the data folder, not inside it: a copy of the data alone opens nothing."""
        data = self.lumbar_data.absolute()
        return data.with_name(data.name + ".keys")

    @property
    def base_url(self) -> str:
        """Where people reach the product; links are made from it, never from a request's Host."""
        return self.public_url or f"http://localhost:{self.port}"

    @cached_property
    def keys(self) -> Keys:
        """The practice's secrets: LUMBAR_KEYS, else the key file, else (outside production) a new key file."""
        if self.lumbar_keys is not None:
            return Keys.model_validate_json(self.lumbar_keys.get_secret_value())
        if self.key_file.exists():
            return Keys.model_validate_json(self.key_file.read_text())
        if self.environment is Environment.PRODUCTION:
            raise InvalidSettings("LUMBAR_KEYS is not set")
        keys = Keys.fresh()
        self.key_file.parent.mkdir(parents=True, exist_ok=True)
        # Written apart and linked into place: of several processes that start at once, one file wins, whole.
        draft = self.key_file.with_name(f"{self.key_file.name}.{os.getpid()}")
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(keys.dumped())
        try:
            os.link(draft, self.key_file)
        except FileExistsError:
            return Keys.model_validate_json(self.key_file.read_text())
        finally:
            draft.unlink()
        return keys

    @classmethod
    def read(cls, **overrides: Any) -> "Settings":
        """Settings from the environment; raises InvalidSettings that lists every fault at once."""
        try:
            return cls(**overrides)
        except ValidationError as error:
            raise InvalidSettings(_faults(error)) from None


def _faults(error: ValidationError) -> str:
    lines = ["Lumbar cannot start with these settings:"]
    for fault in error.errors():
        name = ".".join(str(part) for part in fault["loc"]).upper()
        # The value itself may be a secret and is not shown.
        lines.append(f"  {name}: {fault['msg']}" if name else f"  {fault['msg']}")
    return "\n".join(lines)
