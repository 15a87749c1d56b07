"""One backup as a file: a tar archive of a manifest and PostgreSQL's dump, encrypted in the age format (age-encryption.org/v1).

It is encrypted to public keys (recipients). Only who holds one of their private keys (identities) can read it; the machine
that makes backups holds none. A file that was cut short or changed does not open: age authenticates each part and the end.
"""

import hashlib
import io
import json
import os
import shutil
import tarfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import IO, Final

import pyrage
from pyrage.x25519 import Identity, Recipient

from clinic.refusal import Refusal

MANIFEST: Final = "manifest.json"
DUMP: Final = "database.dump"
CHUNK: Final = 1 << 20
FIRST_LINE: Final = b"age-encryption.org/v1\n"
"""What every file in the age format begins with."""
DAMAGED: Final = "The backup is damaged: it was cut short or changed."


@dataclass(frozen=True, slots=True)
class TableContents:
    """How many rows a table has, and a checksum over them that does not depend on their order."""

    rows: int
    checksum: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds."""

    made_at: datetime
    """The instant (UTC) of the database it shows."""
    version: str
    """Of Lumbar."""
    revision: str
    """Of the database's schema."""
    postgres: int
    """The server's version number, such as 180006."""
    sealing_keys: dict[int, str]
    """The keys its health data are sealed with, as key id to fingerprint."""
    tables: dict[str, TableContents]
    dump_sha256: str | None = None
    """Of the dump beside it, in hexadecimal; backups of Lumbar before 2026-12 do not say."""

    def dumped(self) -> bytes:
        """As JSON."""
        return json.dumps({**asdict(self), "made_at": self.made_at.isoformat()}, indent=1).encode()

    @classmethod
    def loaded(cls, text: bytes) -> "Manifest":
        """From JSON. Raises UnreadableBackup."""
        try:
            found = json.loads(text)
            return cls(
                made_at=datetime.fromisoformat(found["made_at"]),
                version=found["version"],
                revision=found["revision"],
                postgres=int(found["postgres"]),
                sealing_keys={int(key): print_ for key, print_ in found["sealing_keys"].items()},
                tables={name: TableContents(**contents) for name, contents in found["tables"].items()},
                dump_sha256=found.get("dump_sha256"),
            )
        except (ValueError, KeyError, TypeError, AttributeError):
            raise UnreadableBackup("This is not a backup of Lumbar.") from None


class UnreadableBackup(Refusal):
    """The file cannot be opened; the sentence says why."""

    code = "unreadable-backup"


class UnreadableKey(Refusal):
    """A public or private key that is none."""

    code = "unreadable-key"


def fresh_identity() -> tuple[str, str]:
    """A new private key and its public key, as text."""
    identity = Identity.generate()
    return str(identity), str(identity.to_public())


def recipients(texts: Iterable[str]) -> list[Recipient]:
    """Public keys (`age1…`) of people who may read backups. Raises UnreadableKey."""
    try:
        return [Recipient.from_str(text) for text in texts]
    except pyrage.RecipientError:
        raise UnreadableKey("A public key for backups begins with age1; this is none.") from None


def identities(file: Path) -> list[Identity]:
    """The private keys in a file: one on each line, remarks begin with #. Raises UnreadableKey."""
    try:
        lines = [line.strip() for line in file.read_text("utf-8").splitlines()]
        found = [Identity.from_str(line) for line in lines if line and not line.startswith("#")]
    except FileNotFoundError:
        raise UnreadableKey(f"There is no key file {file}.") from None
    except (OSError, UnicodeDecodeError, pyrage.IdentityError):
        found = []
    if not found:
        raise UnreadableKey(f"{file} holds no private key: one begins with AGE-SECRET-KEY-1.")
    return found


def write(to: Path, manifest: Manifest, dump: Path, readers: list[Recipient]) -> str:
    """Write a backup file and wait until the disk has it; returns its SHA-256 in hexadecimal.

    The dump is removed as soon as the archive holds it. Raises UnreadableBackup if the disk gives back something else, and OSError
    if it is full.
    """
    plain = dump.with_suffix(".tar")
    manifest = replace(manifest, dump_sha256=digest(dump))
    with tarfile.open(plain, "w") as tar:
        text = manifest.dumped()
        head = tarfile.TarInfo(MANIFEST)
        head.size = len(text)
        tar.addfile(head, io.BytesIO(text))
        tar.add(dump, DUMP, filter=nameless)
    dump.unlink()
    sha256 = enclose(plain, to, readers)
    plain.unlink()
    return sha256


def enclose(plain: Path, to: Path, readers: list[Recipient]) -> str:
    """Encrypt a file into a new one and wait until the disk has it; returns the SHA-256 of what was written, in hexadecimal.

    Raises UnreadableBackup if the disk gives back something else, and OSError if it is full.
    """
    with plain.open("rb") as source, to.open("xb") as target:
        hashing = _HashingWriter(target)
        try:
            pyrage.encrypt_io(source, hashing, readers)
        except pyrage.EncryptError as error:  # All that is left to fail by now: it hides what the disk said.
            raise OSError(str(error)) from None
        target.flush()
        os.fsync(target.fileno())
    if digest(to) != hashing.sha256.hexdigest():
        raise UnreadableBackup("The disk does not give back what was written to it.")
    return hashing.sha256.hexdigest()


def digest(file: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def read(file: Path, keys: list[Identity], folder: Path) -> tuple[Manifest, Path]:
    """Decrypt a backup into a folder: its manifest, and where the dump lies. Raises UnreadableBackup, and OSError for a full disk."""
    plain = folder / "backup.tar"
    open_to(file, keys, plain)
    try:
        with tarfile.open(plain, "r:") as tar:
            manifest = Manifest.loaded(_member(tar, MANIFEST).read())
            with (folder / DUMP).open("xb") as target:
                shutil.copyfileobj(_member(tar, DUMP), target, CHUNK)
    except tarfile.TarError:
        raise UnreadableBackup("This is not a backup of Lumbar.") from None
    plain.unlink()
    if manifest.dump_sha256 not in (None, digest(folder / DUMP)):
        raise UnreadableBackup("The backup is damaged: its parts do not belong together.")
    return manifest, folder / DUMP


def open_to(file: Path, keys: list[Identity], to: Path) -> None:
    """Decrypt a file into a new one. Raises UnreadableBackup, and OSError for a full disk."""
    try:
        with file.open("rb") as source:
            is_age = source.read(len(FIRST_LINE)) == FIRST_LINE
    except FileNotFoundError:
        raise UnreadableBackup(f"There is no file {file}.") from None
    except OSError as error:
        raise UnreadableBackup(f"{file} cannot be read: {error.strerror}.") from None
    if not is_age:
        raise UnreadableBackup("This is not a backup of Lumbar.")
    try:
        with file.open("rb") as source, to.open("xb") as target:
            pyrage.decrypt_io(source, target, keys)
    except pyrage.DecryptError as error:
        if "No matching keys" in str(error):
            raise UnreadableBackup(
                "This key does not open this backup. If it is the right one, the beginning of the file is damaged."
            ) from None
        raise UnreadableBackup(DAMAGED) from None
    except OSError as error:
        if error.errno is not None:  # The disk's own words; what age finds wrong has no number.
            raise
        raise UnreadableBackup(DAMAGED) from None


def _member(tar: tarfile.TarFile, name: str) -> IO[bytes]:
    try:
        found = tar.extractfile(name)
    except KeyError:
        found = None
    if found is None:
        raise UnreadableBackup("This is not a backup of Lumbar.")
    return found


def nameless(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """A member of an archive without the account it belonged to."""
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


class _HashingWriter:
    """Writes, and hashes what it writes."""

    def __init__(self, target: IO[bytes]) -> None:
        self.target = target
        self.sha256 = hashlib.sha256()

    def write(self, data: bytes) -> int:
        self.sha256.update(data)
        return self.target.write(data)

    def flush(self) -> None:
        self.target.flush()
