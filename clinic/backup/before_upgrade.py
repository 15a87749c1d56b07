"""The copy of the database before a new version migrates it, so that there is a way back to the version before.

It is a backup like every other, encrypted to the practice's public keys. Where none is set it is encrypted to a key of its own that
lies beside it, in a folder of the data folder that only its owner may read: it protects as much as the data folder itself.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from clinic.backup import archive, making, rotation

FOLDER: Final = "before-upgrade"
"""In the data folder."""
KEY_ENDS: Final = ".key"
KEPT: Final = 3
"""So many copies stay, the newest."""


def copy(url: str, data: Path, readers: Sequence[str]) -> tuple[Path, Path | None]:
    """Copy the database at `url` as it is; returns the copy, and the file with its key if it has one of its own.

    Raises what `making.write` raises; then nothing is left behind.
    """
    folder = data / FOLDER
    private, public = ("", "") if readers else archive.fresh_identity()
    made, _ = making.write(url, folder, readers or [public])
    key = None
    if private:
        key = made.with_suffix(KEY_ENDS)
        _write_key(key, private, made)
    _forget_old(folder, made.name)
    return made, key


def _write_key(key: Path, private: str, made: Path) -> None:
    """Raises making.NotWritable; without its key the copy that was made opens for nobody, so it goes."""
    try:
        with os.fdopen(os.open(key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(f"{private}\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        made.unlink(missing_ok=True)
        raise making.NotWritable(
            f"The key of the copy before the upgrade cannot be written to {key}: {error.strerror}. Nothing was changed."
        ) from None


def _forget_old(folder: Path, just_made: str) -> None:
    names = sorted(path.name for path in folder.iterdir() if rotation.made_at(path.name))
    for name in names[:-KEPT]:
        if name != just_made:
            (folder / name).unlink(missing_ok=True)
            (folder / name).with_suffix(KEY_ENDS).unlink(missing_ok=True)
