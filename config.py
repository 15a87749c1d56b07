"""Settings: read once from the environment, all missing or wrong variables named together.

Defaults suit a laptop; `ENVIRONMENT=production` is strict. Units stand in the names. Only the composition
(`clinic.background`, `clinic.app`, `clinic.cli`) imports this module.
"""

import base64
import os
import sys
from collections.abc import Iterator
from enum import StrEnum
from functools import cached_property
from getpass import getpass
from pathlib import Path
from typing import Any, Self

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key
from pydantic import (
    Field,
    ModelWrapValidatorHandler,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

import addresses
from secret_keys import KeyFile, Keys, faults_of_keys, is_locked, key_file, passphrase, readable

IN_CLEAR = (
    "sends letters in clear to another machine: use smtp+starttls:// or smtps://, "
    "or set SMTP_PLAIN_ALLOWED=1 if the network between is your own"
)
STARTED_HERE_DATABASE, STARTED_HERE_BROKER = "postgresql://here/lumbar", "redis://here"
"""Stand for servers that are started later, while everything else is judged."""
SCHEMES = {
    "database_url": ("postgresql+psycopg",),
    "database_owner_url": ("postgresql+psycopg",),
    "database_seal_url": ("postgresql+psycopg",),
    "database_replication_url": ("postgresql+psycopg",),
    "redis_url": ("redis", "rediss", "redis+socket"),
    "smtp_url": ("smtp", "smtps", "smtp+starttls"),
    "public_url": ("http", "https"),
    "sms_url": ("http", "https"),
    "clamd_url": ("unix", "tcp"),
    "backup_s3_url": ("http", "https"),
}


SNS_TOPIC = r"^arn:(aws|aws-cn|aws-us-gov):sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}$"


class Environment(StrEnum):
    """How strict to be, and whether demo staff may exist."""

    DEMO = "demo"
    TEST = "test"
    PRODUCTION = "production"


class InvalidSettings(SystemExit):
    """The environment does not describe a product that may start; the message names every reason."""


class _Judged(BaseSettings):
    """Settings whose faults are all found in one go, each in a plain sentence that shows no value."""

    @model_validator(mode="wrap")
    @classmethod
    def _whole(cls, given: Any, build: ModelWrapValidatorHandler[Self]) -> Self:
        # A validator of the finished model is not asked while a single field is wrong. So what production demands is asked
        # of what was given.
        faults: dict[str, str] = {}
        made = None
        try:
            made = build(given)
        except ValidationError as error:
            for fault in error.errors():
                faults.setdefault(".".join(str(part) for part in fault["loc"]).upper(), _plain(fault))
        for name, sentence in cls.further_faults({} if given is None else dict(given)):
            faults.setdefault(name, sentence)
        if faults or made is None:
            raise InvalidSettings(_listed(faults))
        return made

    @classmethod
    def further_faults(cls, given: dict[str, Any]) -> Iterator[tuple[str, str]]:
        """What is wrong beyond single fields: the variable, and the sentence."""
        yield from ()


class Start(_Judged):
    """What starting everything on one machine needs to know; without an address a server is started for you."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True, env_ignore_empty=True)

    environment: Environment = Environment.DEMO
    port: int = Field(default=8000, ge=1, le=65535)
    lumbar_data: Path = Path("var")
    public_url: str | None = None
    database_url: str | None = None
    redis_url: str | None = None
    backup_wal: bool = False

    @classmethod
    def read(cls) -> "Start":
        """From the environment; raises InvalidSettings that lists every fault at once.

        The whole environment is judged, also what only the web or the worker reads: nothing is started before.
        """
        ask_for_passphrase()
        judge()
        return cls()

    @classmethod
    def with_keys(cls) -> "Start":
        """The same, with keys made and their passphrase handed on: once there is a database, nobody makes keys for it."""
        start = cls.read()
        settings = Settings.without_servers()
        _ = settings.keys
        if settings.passphrase is not None:
            os.environ["LUMBAR_KEYS_PASSPHRASE"] = settings.passphrase.get_secret_value()
            os.environ.pop("LUMBAR_KEYS_PASSPHRASE_FILE", None)  # A pipe is empty by now.
        return start


class Settings(_Judged):
    """Everything the environment decides. `Settings.read()` is the way in."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True, env_ignore_empty=True)

    environment: Environment = Environment.DEMO
    database_url: str
    database_owner_url: str | None = None
    """The role that owns the tables; only migrations use it. Default: `database_url`."""
    database_seal_url: str | None = None
    """The role that may add seals to the audit; only the worker uses it. Default: `database_url`."""
    database_replication_url: str | None = None
    """The role that may copy the server and receive its WAL; only `receive-wal` and `base-backup` use it."""
    redis_url: str
    smtp_url: SecretStr | None = None
    """`smtp://`, `smtp+starttls://` or `smtps://user:password@host:port`; without it mails go to a folder."""
    smtp_plain_allowed: bool = False
    """Whether `smtp://`, which nothing protects on its way, may also lead to another machine in production."""
    mail_from: str = "Lumbar <practice@lumbar.example>"
    """Whom letters come from: one address, perhaps with a name before it."""
    port: int = Field(default=8000, ge=1, le=65535)
    lumbar_data: Path = Path("var")
    public_url: str | None = None
    lumbar_keys: SecretStr | None = None
    lumbar_keys_passphrase: SecretStr | None = None
    """Opens the keys if they are locked."""
    lumbar_keys_passphrase_file: Path | None = None
    """A file, or a pipe, whose first line is that passphrase."""
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
    security_contact: str | None = Field(
        default=None, pattern=r"^(mailto:[^\s@]+@[^\s@]+\.[^\s@]+|https://[^\s/]+\S*|tel:\+[\d-]+)$"
    )
    """Whom somebody who found a hole tells, for `/.well-known/security.txt`: `mailto:`, `https://` or `tel:`; without it there is none."""
    bounces_secret: SecretStr | None = Field(default=None, min_length=32)
    """What a mail provider proves itself with when it reports letters that came back; without it nobody can report any."""
    health_token: SecretStr | None = Field(default=None, min_length=32)
    """Who sends it reads how each part is at `/health`; without one nobody does."""
    ses_topic_arn: str | None = Field(default=None, pattern=SNS_TOPIC)
    """The SNS topic through which Amazon SES reports letters that came back; its signature proves them."""
    postmark_secret: SecretStr | None = Field(default=None, min_length=32)
    """The password of the address that Postmark's webhooks call."""
    mailgun_signing_key: SecretStr | None = Field(default=None, min_length=16)
    """Mailgun's HTTP webhook signing key."""
    sendgrid_public_key: str | None = None
    """The verification key of SendGrid's signed event webhook, as its settings show it."""
    clamd_url: str | None = None
    """Where ClamAV's daemon takes files to scan, `unix:///path` or `tcp://host:port`; with it no file is stored unscanned."""
    worker_concurrency: int = Field(default=2, ge=1)
    backup_recipients: str = Field(default="", pattern=r"^\s*(age1[0-9a-z]{58}(\s+|$))*$")
    """The public keys that may read backups, with spaces between them; without one no backups are made."""
    downtime_recipients: str = Field(default="", pattern=r"^\s*(age1[0-9a-z]{58}(\s+|$))*$")
    """The public keys that may read downtime sheets. Default: those of the backups."""
    backup_wal: bool = False
    """Whether what the database writes is received too, so that any moment can be brought back; `up` then runs the receiver."""
    backup_folder: Path | None = None
    """Where backups lie. Default: `backups` in the data folder."""
    backup_s3_url: str | None = None
    """Where each backup is also sent, as `https://host/bucket` or `https://host/bucket/folder`: any object storage that speaks S3."""
    backup_s3_region: str = Field(default="us-east-1", pattern=r"^[A-Za-z0-9-]{1,64}$")
    """Its region; many providers have none and take any name."""
    backup_s3_key_id: SecretStr | None = None
    backup_s3_secret: SecretStr | None = None

    @field_validator(
        "database_url", "database_owner_url", "database_seal_url", "database_replication_url", mode="before"
    )
    @classmethod
    def _with_driver(cls, value: Any) -> Any:
        for short in ("postgres://", "postgresql://"):
            if isinstance(value, str) and value.startswith(short):
                return "postgresql+psycopg://" + value.removeprefix(short)
        return value

    @field_validator(
        "database_url",
        "database_owner_url",
        "database_seal_url",
        "database_replication_url",
        "redis_url",
        "smtp_url",
        "public_url",
        "sms_url",
        "clamd_url",
        "backup_s3_url",
    )
    @classmethod
    def _an_address(cls, value: Any, info: ValidationInfo) -> Any:
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        if text is None:
            return value
        schemes = SCHEMES[str(info.field_name)]
        if info.field_name == "public_url":
            fault = addresses.public_url_fault(text)
        elif info.field_name == "backup_s3_url":
            fault = addresses.storage_fault(text)
        elif info.field_name == "smtp_url":
            fault = addresses.mail_server_fault(text, schemes)
        else:
            fault = addresses.url_fault(text, schemes)
        if fault is not None:
            raise ValueError(fault)
        return text.rstrip("/") if info.field_name == "public_url" else value

    @field_validator("mail_from")
    @classmethod
    def _one_sender(cls, value: str) -> str:
        if (fault := addresses.sender_fault(value)) is not None:
            raise ValueError(fault)
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

    @classmethod
    def further_faults(cls, given: dict[str, Any]) -> Iterator[tuple[str, str]]:
        """What is wrong with the keys, and what production demands."""
        text = {name: _text(value) for name, value in given.items() if value not in (None, "")}
        is_production = text.get("environment", "") == Environment.PRODUCTION
        yield from faults_of_keys(text, is_production=is_production)
        if _is_yes(text.get("backup_wal", "")) and not text.get("backup_recipients", "").strip():
            yield "BACKUP_WAL", "needs BACKUP_RECIPIENTS: what is received is encrypted to them"
        if "backup_s3_url" in text:
            for name in ("backup_s3_key_id", "backup_s3_secret"):
                if name not in text:
                    yield name.upper(), "is not set: BACKUP_S3_URL needs the key to its bucket"
        if not is_production:
            return
        if not text.get("public_url", "").startswith("https://"):
            yield "PUBLIC_URL", "must be an https:// address in production"
        if "clock_file" in text:
            yield "CLOCK_FILE", "is refused: production follows the real clock"
        if "smtp_url" not in text:
            yield "SMTP_URL", "is not set: production needs a mail server"
        elif _goes_unprotected(text["smtp_url"]) and not _is_yes(text.get("smtp_plain_allowed", "")):
            yield (
                "SMTP_URL",
                IN_CLEAR,
            )
        if "mail_from" not in text:
            yield "MAIL_FROM", "is not set: production needs the address that letters come from"
        elif addresses.sender_fault(text["mail_from"]) is None and (
            domain := addresses.unreal_domain(text["mail_from"])
        ):
            yield "MAIL_FROM", f"must have a domain that can exist; {domain} cannot"
        if not text.get("sms_url", "https://").startswith("https://"):
            yield "SMS_URL", "must be an https:// address in production"
        if not text.get("backup_s3_url", "https://").startswith("https://"):
            yield "BACKUP_S3_URL", "must be an https:// address in production"

    @property
    def key_file(self) -> KeyFile:
        """Beside the data folder, not inside it: a copy of the data alone opens nothing."""
        return KeyFile(key_file(self.lumbar_data), self.passphrase)

    @property
    def backups(self) -> Path:
        """The folder of the backups."""
        return (self.backup_folder or self.lumbar_data / "backups").absolute()

    @property
    def wal(self) -> Path:
        """The folder of the WAL that was received."""
        return self.backups / "wal"

    @property
    def base_url(self) -> str:
        """Where people reach the product; links are made from it, never from a request's Host."""
        return self.public_url or f"http://localhost:{self.port}"

    @cached_property
    def keys(self) -> Keys:
        """The practice's secrets: LUMBAR_KEYS, else the key file, else (outside production) a new key file."""
        if self.lumbar_keys is not None:
            return readable(self.lumbar_keys.get_secret_value(), self.passphrase)
        file = self.key_file
        if not file.path.exists():
            if self.environment is Environment.PRODUCTION:
                raise InvalidSettings("LUMBAR_KEYS is not set")
            made = Keys.fresh()
            try:
                if file.make(made):
                    return made
            except OSError as error:
                raise InvalidSettings(
                    f"The key file {file.path} cannot be written: {error.strerror}. Nothing was started."
                ) from None
        return file.read()

    @property
    def passphrase(self) -> SecretStr | None:
        """What opens locked keys; None if nothing was given."""
        return passphrase(self.lumbar_keys_passphrase, self.lumbar_keys_passphrase_file)

    @classmethod
    def read(cls, **overrides: Any) -> "Settings":
        """Settings from the environment; raises InvalidSettings that lists every fault at once."""
        return cls(**overrides)

    @classmethod
    def without_servers(cls, **overrides: Any) -> "Settings":
        """The same, where servers that nobody named have addresses that stand for ones that are started later, or not at all."""
        here = {"database_url": STARTED_HERE_DATABASE, "redis_url": STARTED_HERE_BROKER}
        unnamed = {name: value for name, value in here.items() if not os.environ.get(name.upper())}
        return cls.read(**{**unnamed, **overrides})


def judge(**given: Any) -> None:
    """Raise InvalidSettings for whatever is wrong besides servers that nobody has named, because they are started for you."""
    Settings.without_servers(**given)


def ask_for_passphrase() -> None:
    """Ask at the terminal for the passphrase of locked keys that nobody has given yet, and set it for this process."""
    given = (os.environ.get(f"LUMBAR_KEYS_PASSPHRASE{name}") for name in ("", "_FILE"))
    if any(given) or not (sys.stdin and sys.stdin.isatty()):
        return
    file = KeyFile(key_file(Path(os.environ.get("LUMBAR_DATA") or "var")))
    if is_locked(os.environ.get("LUMBAR_KEYS") or file.text_if_any()):
        os.environ["LUMBAR_KEYS_PASSPHRASE"] = getpass("Passphrase of the keys: ")


def _goes_unprotected(smtp_url: str) -> bool:
    is_readable = addresses.mail_server_fault(smtp_url, SCHEMES["smtp_url"]) is None
    return is_readable and smtp_url.startswith("smtp://") and not addresses.is_this_machine(smtp_url)


def _is_yes(text: str) -> bool:
    return text.lower() in ("1", "true", "t", "yes", "y", "on")


def _text(value: Any) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)


def _plain(fault: Any) -> str:
    """A fault in words for whoever runs a practice; the value itself may be a secret and is not shown."""
    context = fault.get("ctx", {})
    sentences = {
        "missing": "is not set",
        "value_error": str(context.get("error", "")),
        "int_parsing": "must be a whole number",
        "int_from_float": "must be a whole number",
        "bool_parsing": "must be 1 (yes) or 0 (no)",
        "enum": f"must be {context.get('expected', '')}".replace("'", ""),
        "greater_than_equal": f"must be {context.get('ge')} or more",
        "less_than_equal": f"must be {context.get('le')} or less",
        "too_short": f"must have at least {context.get('min_length')} characters",
        "string_too_short": f"must have at least {context.get('min_length')} characters",
        "string_pattern_mismatch": "does not look like one: see docs/operating.md",
    }
    return sentences.get(fault["type"]) or f"cannot be used: {fault['msg']}"


def _listed(faults: dict[str, str]) -> str:
    lines = [f"  {name}: {sentence}" if name else f"  {sentence}" for name, sentence in faults.items()]
    return "\n".join(["Lumbar cannot start with these settings:", *lines])
