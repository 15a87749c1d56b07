"""Servers whose database stands at the newest revision when they start: made once a run, and copied for each who asks."""

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from clinic import schema
from clinic.embedded.servers import Servers, ServersWanted

FOLDER = "TEST_DATABASE_TO_COPY"
"""The variable that tells every process of a run where the cluster to copy lies."""


@contextmanager
def database_to_copy() -> Iterator[None]:
    """While the block lasts, this process and those that it starts copy one and the same cluster."""
    with tempfile.TemporaryDirectory(prefix="lumbar-") as folder:
        Path(folder).chmod(0o711)  # The database may have to run under another account.
        os.environ[FOLDER] = folder
        try:
            yield
        finally:
            del os.environ[FOLDER]


@contextmanager
def migrated_servers(*, durable: bool = False) -> Iterator[Servers]:
    """Both servers on a new folder that is removed when the block ends, with an empty database at the newest revision."""
    directory = Path(tempfile.mkdtemp(prefix="lumbar-"))
    try:
        if FOLDER in os.environ:
            subprocess.run(["cp", "-a", f"{_made(Path(os.environ[FOLDER]))}/.", directory], check=True)
        with Servers(directory, durable=durable) as pair:
            if FOLDER not in os.environ:
                schema.upgrade(pair.urls.owner)
            yield pair
    finally:
        shutil.rmtree(directory)


def _made(folder: Path) -> Path:
    """The cluster to copy; whoever comes first makes it, and the others wait."""
    cluster = folder / "servers"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not cluster.exists():
            draft = folder / "draft"
            with Servers(draft, durable=False, wanted=ServersWanted(broker=False)) as only:
                schema.upgrade(only.urls.owner)
            draft.rename(cluster)
    return cluster
