"""A copy of the product to which a test adds something, as somebody would who follows the recipes of CONTRIBUTING."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from config import Settings

ROOT = Path(__file__).parents[1]
MOST_FILES = 4
"""How many files one addition may touch, its tests not counted."""


def copied(to: Path) -> Path:
    """What a process of the product needs."""
    # What was compiled comes along, but not a file that another process is still writing.
    unneeded = shutil.ignore_patterns("dist", "*.pyc.*")
    for folder in ("clinic", "templates", "migrations"):
        shutil.copytree(ROOT / folder, to / folder, ignore=unneeded)
    (to / "clinic/static/dist").symlink_to(ROOT / "clinic/static/dist")
    for file in ("config.py", "addresses.py"):
        shutil.copy(ROOT / file, to / file)
    return to


def changed(path: Path, before: str, after: str) -> str:
    """A file's text with something that stands there once replaced."""
    text = path.read_text("utf-8")
    assert text.count(before) == 1, (path, before)
    return text.replace(before, after)


def add(tree: Path, files: Mapping[str, str]) -> None:
    """Write the files of an addition, which may be no more than four."""
    assert len(files) <= MOST_FILES
    for name, text in files.items():
        (tree / name).write_text(text, "utf-8")


def run(tree: Path, script: str, *arguments: str, settings: Settings | None = None) -> str:
    """Run a script on the copy, beside these tests, and return what it printed."""
    environment = {**os.environ, "PYTHONPATH": f"{tree}{os.pathsep}{ROOT}"}
    if settings is not None:
        environment |= {
            "ENVIRONMENT": settings.environment.value,
            "DATABASE_URL": str(settings.database_url),
            "DATABASE_OWNER_URL": str(settings.database_owner_url),
            "REDIS_URL": str(settings.redis_url),
            "LUMBAR_DATA": str(settings.lumbar_data),
        }
    ran = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        cwd=tree,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout
