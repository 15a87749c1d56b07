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
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Final

import pyrage
from pyrage.x25519 import Identity, Recipient

from clinic.refusal import Refusal

MANIFEST: Final = "manifest.json"
DUMP: Final = "database.dump"
CHUNK: Final = 1 << 20


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

    The dump is removed as soon as the archive holds it. Raises UnreadableBackup if the disk gives back something else.
    """
    plain = dump.with_suffix(".tar")
    with tarfile.open(plain, "w") as tar:
        text = manifest.dumped()
        head = tarfile.TarInfo(MANIFEST)
        head.size = len(text)
        tar.addfile(head, io.BytesIO(text))
        tar.add(dump, DUMP, filter=_nameless)
    dump.unlink()
    with plain.open("rb") as source, to.open("xb") as target:
        hashing = _HashingWriter(target)
        pyrage.encrypt_io(source, hashing, readers)
        target.flush()
        os.fsync(target.fileno())
    plain.unlink()
    if digest(to) != hashing.sha256.hexdigest():
        raise UnreadableBackup("The disk does not give back what was written to it.")
    return hashing.sha256.hexdigest()


def digest(file: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def read(file: Path, keys: list[Identity], folder: Path) -> tuple[Manifest, Path]:
    """Decrypt a backup into a folder: its manifest, and where the dump lies. Raises UnreadableBackup."""
    plain = folder / "backup.tar"
    try:
        with file.open("rb") as source, plain.open("xb") as target:
            pyrage.decrypt_io(source, target, keys)
    except FileNotFoundError:
        raise UnreadableBackup(f"There is no file {file}.") from None
    except pyrage.DecryptError as error:
        if "No matching keys" in str(error):
            raise UnreadableBackup("This key does not open this backup.") from None
        raise UnreadableBackup("This is not a backup of Lumbar.") from None
    except OSError:
        raise UnreadableBackup("The backup is damaged: it was cut short or changed.") from None
    try:
        with tarfile.open(plain) as tar:
            manifest = Manifest.loaded(_member(tar, MANIFEST).read())
            with (folder / DUMP).open("xb") as target:
                shutil.copyfileobj(_member(tar, DUMP), target, CHUNK)
    except tarfile.TarError:
        raise UnreadableBackup("This is not a backup of Lumbar.") from None
    plain.unlink()
    return manifest, folder / DUMP


def _member(tar: tarfile.TarFile, name: str) -> IO[bytes]:
    try:
        found = tar.extractfile(name)
    except KeyError:
        found = None
    if found is None:
        raise UnreadableBackup("This is not a backup of Lumbar.")
    return found


def _nameless(member: tarfile.TarInfo) -> tarfile.TarInfo:
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
