"""Bring a backup back into an empty database, all of it or nothing."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from clinic import schema, sealed
from clinic.backup import archive, postgres, rotation
from clinic.backup.archive import Manifest
from clinic.refusal import Refusal


class NotEmpty(Refusal):
    """The database holds something."""

    code = "not-empty"
    sentence = "This database is not empty. A backup is restored into an empty one; nothing was changed."


class NewerSchema(Refusal):
    """A newer Lumbar made the backup."""

    code = "newer-schema"


class OtherSealingKeys(Refusal):
    """The keys here do not open the health data in the backup."""

    code = "other-sealing-keys"
    sentence = (
        "The keys set here do not open the health data in this backup: set LUMBAR_KEYS to those of the practice that "
        "made it. Nothing was changed."
    )


class OtherBackup(Refusal):
    """The file holds another backup than its name says."""

    code = "other-backup"


class NoRoom(Refusal):
    """The backup could not be unpacked on this machine."""

    code = "no-room"


class NotTheSame(Refusal):
    """What stands in the database now is not what the backup says it holds."""

    code = "not-the-same"


@dataclass(frozen=True, slots=True)
class RestoredBackup:
    """What was brought back."""

    manifest: Manifest
    rows: int


def restore(
    file: Path, key_file: Path, url: str, *, before_writing: Callable[[], object] = lambda: None
) -> RestoredBackup:
    """Restore a backup into the empty database at `url`, compare each table, and bring the schema to the newest revision.

    `before_writing` is called when nothing stands in the way any more. Raises, with nothing changed: archive.UnreadableKey, archive.UnreadableBackup, NoRoom, OtherBackup, NewerSchema,
    OtherSealingKeys, NotEmpty, postgres.NoPrograms, postgres.ProgramFailed. Raises NotTheSame after the fact, if tables differ.
    """
    keys = archive.identities(key_file)
    with tempfile.TemporaryDirectory(prefix="lumbar-restore-") as work:
        try:
            manifest, dump = archive.read(file, keys, Path(work))
        except OSError as error:
            raise NoRoom(
                f"The backup cannot be unpacked in {tempfile.gettempdir()}: {error.strerror}. Nothing was changed; set TMPDIR to "
                "a folder with room for all of it."
            ) from None
        _refuse_another_name(file.name, manifest)
        _refuse_newer(manifest)
        if not sealed.are_known(manifest.sealing_keys):
            raise OtherSealingKeys
        with postgres.connected(url) as connection:
            if not postgres.is_empty(connection):
                raise NotEmpty
            server = connection.info.server_version
        before_writing()
        postgres.restore(url, dump, server)
    with postgres.connected(url) as connection:
        found = postgres.contents(connection)
    if found != manifest.tables:
        names = sorted(
            name for name in {*found, *manifest.tables} if found.get(name) != manifest.tables.get(name)
        )
        raise NotTheSame(f"These tables differ from the backup: {', '.join(names)}.")
    schema.upgrade(url)
    return RestoredBackup(manifest, sum(table.rows for table in found.values()))


def _refuse_another_name(name: str, manifest: Manifest) -> None:
    named, made_at = rotation.made_at(name), manifest.made_at.replace(microsecond=0)
    if named not in (None, made_at):
        raise OtherBackup(
            f"By its name this is the backup of {named:%Y-%m-%d %H:%M:%S} UTC, but it holds that of "
            f"{made_at:%Y-%m-%d %H:%M:%S} UTC: files were exchanged. Nothing was changed. To restore it even so, name it "
            f"{rotation.file_name(made_at)}."
        )


def _refuse_newer(manifest: Manifest) -> None:
    if not schema.knows(manifest.revision):
        raise NewerSchema(
            f"Lumbar {manifest.version} made this backup, which is newer than the one here. Nothing was changed."
        )
