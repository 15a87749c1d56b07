"""The secrets of one practice, and the file they lie in: read, replaced in one piece, locked with a passphrase.

A locked file is an ASCII-armoured [age](https://age-encryption.org/v1) file under a passphrase (scrypt), so `age -d` opens it too.
The file lies beside the data folder, never inside it: a copy of the data alone opens nothing.
"""

import base64
import binascii
import fcntl
import json
import os
import secrets
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import Any

import pyrage
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import BaseModel, Field, SecretStr, ValidationError, model_validator

LOCKED = "-----BEGIN AGE ENCRYPTED FILE-----"
OF_OTHERS = stat.S_IRWXG | stat.S_IRWXO
KINDS = ("totp_secrets", "sealing", "links", "audit")
"""The secrets of which several may be known at once: the highest number is the newest."""
FURTHEST = 255
"""The highest number of a key: it is stored in one byte."""


class UnusableKeys(ValueError):
    """A key file or `LUMBAR_KEYS` that cannot be used; the message says why and shows nothing of the keys."""


class Keys(BaseModel):
    """The secrets of one practice. They live beside the data folder (or in LUMBAR_KEYS), never inside it or a dump."""

    secret_key: SecretStr
    password_salt: SecretStr
    totp_secrets: dict[int, SecretStr]
    sealing: dict[int, SecretStr]
    links: dict[int, SecretStr]
    audit: dict[int, SecretStr] = Field(default_factory=dict)
    """Keys that seal the audit; without any, one derived from `secret_key` does."""
    made: dict[str, dict[int, datetime]] = Field(default_factory=dict)
    """When each key was made, by kind and number; older files do not say."""

    @classmethod
    def fresh(cls, now: datetime | None = None) -> "Keys":
        """New random keys, made `now`."""
        return cls(
            secret_key=SecretStr(secrets.token_urlsafe(48)),
            password_salt=SecretStr(secrets.token_urlsafe(24)),
            totp_secrets={1: _random("totp_secrets")},
            sealing={1: _random("sealing")},
            links={1: _random("links")},
            audit={1: _random("audit")},
            made={kind: {1: now} for kind in KINDS} if now else {},
        )

    @model_validator(mode="after")
    def _decodable(self) -> "Keys":
        _ = self.sealing_bytes, self.link_bytes, self.audit_bytes
        return self

    @cached_property
    def sealing_bytes(self) -> dict[int, bytes]:
        """Key id to 32 bytes, for `clinic.sealed`."""
        return _decoded("sealing", self.sealing)

    @cached_property
    def link_bytes(self) -> dict[int, bytes]:
        """Key id to 32 bytes, for manage links."""
        return _decoded("links", self.links)

    @cached_property
    def audit_bytes(self) -> dict[int, bytes]:
        """Key id to 32 bytes, for the seals of the audit; 0 is derived from `secret_key`."""
        secret = self.secret_key.get_secret_value().encode()
        derived = HKDF(hashes.SHA256(), 32, salt=None, info=b"lumbar audit seals").derive(secret)
        return {0: derived, **(_decoded("audit", self.audit) if self.audit else {})}

    def of(self, kind: str) -> dict[int, SecretStr]:
        """The keys of one of `KINDS`, by number."""
        keys: dict[int, SecretStr] = getattr(self, kind)
        return keys

    def made_at(self, kind: str, number: int) -> datetime | None:
        """When a key was made; None if the file does not say."""
        return self.made.get(kind, {}).get(number)

    def with_another(self, kind: str, now: datetime) -> "Keys":
        """These keys and a new one of this kind, which is the newest. Raises UnusableKeys once the numbers are used up."""
        number = max(self.of(kind), default=0) + 1
        if number > FURTHEST:
            raise UnusableKeys(f"{kind}: the numbers up to {FURTHEST} are used up")
        made = {**self.made, kind: {**self.made.get(kind, {}), number: now}}
        return self.model_copy(update={kind: {**self.of(kind), number: _random(kind)}, "made": made})._anew()

    def without(self, kind: str, number: int) -> "Keys":
        """These keys but one."""
        made = {**self.made, kind: _but(self.made.get(kind, {}), number)}
        return self.model_copy(update={kind: _but(self.of(kind), number), "made": made})._anew()

    def dumped(self) -> str:
        """As JSON text, secrets in clear, for the key file."""
        return json.dumps(
            {
                "secret_key": self.secret_key.get_secret_value(),
                "password_salt": self.password_salt.get_secret_value(),
                **{
                    name: {str(number): key.get_secret_value() for number, key in self.of(name).items()}
                    for name in KINDS
                },
                "made": {
                    kind: {str(number): at.isoformat() for number, at in numbers.items()}
                    for kind, numbers in self.made.items()
                    if numbers
                },
            },
            indent=2,
        )

    def _anew(self) -> "Keys":
        """The same, judged again and without what was computed from other keys."""
        return Keys.model_validate_json(self.dumped())


@dataclass(frozen=True, slots=True)
class KeyFile:
    """Where the keys lie when `LUMBAR_KEYS` does not hold them, and the passphrase that opens the file if it is locked."""

    path: Path
    passphrase: SecretStr | None = None

    def mark(self) -> tuple[int, ...] | None:
        """Changes whenever the file is replaced; None while there is none."""
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_ino, found.st_size, found.st_mtime_ns

    def text(self) -> str:
        """What stands in the file. Raises UnusableKeys."""
        try:
            return self.path.read_text()
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is not text"
            raise UnusableKeys(f"it cannot be read: {why}") from None

    def read(self) -> Keys:
        """The keys in the file. Raises UnusableKeys."""
        return readable(self.text(), self.passphrase)

    def text_if_any(self) -> str:
        """What stands in the file; empty if that cannot be read."""
        try:
            return self.text()
        except UnusableKeys:
            return ""

    def is_open_to_others(self) -> bool:
        """Whether other accounts of this machine may read or change the file."""
        return bool(self.path.stat().st_mode & OF_OTHERS)

    def make(self, keys: Keys) -> bool:
        """Write the file unless there is one; false if there is. Of several who try at once, one file wins, whole."""
        draft = self._draft(keys.dumped())
        try:
            os.link(draft, self.path)
        except FileExistsError:
            return False
        finally:
            draft.unlink()
        return True

    @contextmanager
    def changing(self) -> Iterator[None]:
        """One command at a time changes the file; the others wait."""
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)

    def replace(self, keys: Keys, passphrase: SecretStr | None) -> None:
        """Put these keys in the file's place, locked if there is a passphrase. A kill leaves the old file or the new one."""
        os.replace(self._draft(written(keys, passphrase)), self.path)
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _draft(self, text: str) -> Path:
        """A file beside it with this text, safely on the disk, for the owner of the present file alone."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_name(f"{self.path.name}.{os.getpid()}")
        draft.unlink(missing_ok=True)
        try:
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
        except OSError:  # A full disk: half a copy of the keys must not lie around.
            draft.unlink(missing_ok=True)
            raise
        if (
            os.geteuid() == 0 and self.path.exists()
        ):  # A command that root runs must not lock the product out.
            there = self.path.stat()
            os.chown(draft, there.st_uid, there.st_gid)
        return draft


def key_file(data: Path) -> Path:
    """Where the keys of a data folder lie when LUMBAR_KEYS does not hold them."""
    whole = data.absolute()
    return whole.with_name(whole.name + ".keys")


def written(keys: Keys, passphrase: SecretStr | None) -> str:
    """The text that holds these keys, locked if there is a passphrase."""
    text = keys.dumped()
    if passphrase is None:
        return text
    locked: bytes = pyrage.passphrase.encrypt(text.encode(), passphrase.get_secret_value(), armored=True)
    return locked.decode()


def is_locked(text: str) -> bool:
    """Whether a passphrase is needed to read keys from this text."""
    return text.lstrip().startswith(LOCKED)


def readable(text: str, passphrase: SecretStr | None = None) -> Keys:
    """The keys that a text holds, opened with the passphrase if it is locked. Raises UnusableKeys."""
    if is_locked(text):
        if passphrase is None:
            raise UnusableKeys(
                "it is locked: give the passphrase with LUMBAR_KEYS_PASSPHRASE or LUMBAR_KEYS_PASSPHRASE_FILE"
            )
        text = _opened(text.strip() + "\n", passphrase.get_secret_value())
    try:
        return Keys.model_validate_json(text)
    except ValidationError as error:
        names = sorted({str(fault["loc"][0]) for fault in error.errors() if fault["loc"]})
        about = f" ({', '.join(names)})" if names else ""
        raise UnusableKeys(f"it does not hold the keys as new-keys prints them{about}") from None


@cache
def _first_line(path: Path) -> SecretStr:
    """Read once: a pipe gives it once."""
    return SecretStr(path.read_text().partition("\n")[0].rstrip("\r"))


def passphrase(given: SecretStr | None, file: Path | None) -> SecretStr | None:
    """The passphrase that was given, itself or in a file; None if none was, or the file cannot be read."""
    if given is not None or file is None:
        return given
    try:
        return _first_line(file)
    except (OSError, ValueError):
        return None


def faults_of_keys(text: dict[str, str], *, is_production: bool) -> Iterator[tuple[str, str]]:
    """What is wrong with the keys that settings name, by variable: missing, in the wrong place, open to others, locked, or no keys at all."""
    said = text.get("lumbar_keys_passphrase")
    given = Path(text["lumbar_keys_passphrase_file"]) if "lumbar_keys_passphrase_file" in text else None
    word = passphrase(SecretStr(said) if said else None, given)
    if given is not None and word is None:
        yield "LUMBAR_KEYS_PASSPHRASE_FILE", "cannot be read"
        return
    data = Path(text.get("lumbar_data", "var"))
    file = KeyFile(key_file(data), word)
    if "lumbar_keys" in text:
        try:
            readable(text["lumbar_keys"], word)
        except UnusableKeys as error:
            yield "LUMBAR_KEYS", str(error)
    elif file.path.exists():
        try:
            file.read()
        except UnusableKeys as error:
            yield "LUMBAR_KEYS", f"is not set, and {file.path} cannot be used: {error}"
        if is_production and file.is_open_to_others():
            yield (
                "LUMBAR_KEYS",
                f"is not set, and {file.path} is open to other accounts: chmod 600 {file.path}",
            )
    else:
        strayed = sorted(data.glob("*.keys")) if data.is_dir() else []
        if strayed:
            fault = (
                f"is not set, and {strayed[0]} lies inside the data folder, where every copy of the data takes it along: "
                f"move it to {file.path}"
            )
            yield "LUMBAR_KEYS", fault
        elif (data / "servers" / "data" / "PG_VERSION").exists():
            fault = (
                f"is not set, and {file.path} does not exist, although {data} holds a practice. Health data are sealed "
                "with its keys, and no others open them: bring back your copy. To begin anew, put the data folder aside"
            )
            yield "LUMBAR_KEYS", fault
        elif is_production:
            yield "LUMBAR_KEYS", f"is not set, and {file.path} does not exist"


@lru_cache(maxsize=4)
def _opened(locked: str, passphrase: str) -> str:
    """Opening takes some seconds on purpose, and one start asks several times."""
    try:
        opened: bytes = pyrage.passphrase.decrypt(locked.encode(), passphrase)
    except pyrage.DecryptError:
        raise UnusableKeys("the passphrase does not open it, or it is damaged") from None
    return opened.decode()


def _random(kind: str) -> SecretStr:
    if kind == "totp_secrets":
        return SecretStr(secrets.token_urlsafe(32))
    return SecretStr(base64.b64encode(secrets.token_bytes(32)).decode())


def _but(keys: Mapping[int, Any], number: int) -> dict[int, Any]:
    return {each: key for each, key in keys.items() if each != number}


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
