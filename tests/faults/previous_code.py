"""The code of the version before, as files: what still runs while a practice is upgraded."""

import subprocess
import tarfile
from io import BytesIO
from pathlib import Path
from typing import Final

ROOT = Path(__file__).parents[2]
BEFORE_ANY_RELEASE: Final = "c304442a4199b682a386f5abbe2a7f9168b5a7f0"
"""Taken while there is no release: the last revision before owners chose how long records stay and consents kept their words, whose
migrations were the first to be judged by what the version before makes of them (`tests/test_migrations.py`)."""


def previous_revision() -> str:
    """The newest release that this revision descends from; without one, BEFORE_ANY_RELEASE."""
    found = subprocess.run(
        ["git", "describe", "--tags", "--abbrev=0", "--match", "v[0-9]*", "HEAD^"],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    return found.stdout.strip() or BEFORE_ANY_RELEASE


def unpack(revision: str, folder: Path) -> Path:
    """Write the code of a revision into a folder, with the built assets of this one; returns the folder.

    Raises AssertionError if the repository does not hold it.
    """
    packed = subprocess.run(["git", "archive", "--format=tar", revision], cwd=ROOT, capture_output=True)
    assert packed.returncode == 0, (
        f"The repository here does not hold {revision}, the version before. A shallow clone lacks it: fetch the whole history "
        "(git fetch --unshallow), or leave out the long tests."
    )
    with tarfile.open(fileobj=BytesIO(packed.stdout)) as tar:
        tar.extractall(folder, filter="data")
    built = folder / "clinic" / "static" / "dist"
    built.parent.mkdir(parents=True, exist_ok=True)
    built.symlink_to(ROOT / "clinic" / "static" / "dist")
    return folder
