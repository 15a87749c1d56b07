"""Servers whose database stands at the newest revision when they start, empty or with the demo's practice: made once a
run, and copied for each who asks."""

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from pathlib import Path

from clinic import demo, schema
from clinic.app import create_app
from clinic.db import dispose, transaction
from clinic.embedded.servers import Servers, ServersWanted
from config import Environment, Settings
from secret_keys import Keys

FOLDER = "TEST_DATABASE_TO_COPY"
"""The variable that tells every process of a run where the clusters to copy lie."""


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
def migrated_servers(*, durable: bool = False, demo_at: datetime | None = None) -> Iterator[Servers]:
    """Both servers on a new folder that is removed when the block ends, with a database at the newest revision.

    It is empty, or holds the demo's practice as it is at a moment, which `keys_of_the_demo` open.
    """
    directory = Path(tempfile.mkdtemp(prefix="lumbar-"))
    try:
        if FOLDER in os.environ:
            _copy(_cluster(demo_at), directory)
        with Servers(directory, durable=durable) as pair:
            if FOLDER not in os.environ:
                schema.upgrade(pair.urls.owner)
                _load(pair, demo_at)
            yield pair
    finally:
        shutil.rmtree(directory)


@cache
def keys_of_the_demo() -> Keys:
    """The keys of every demo practice of this run."""
    if FOLDER not in os.environ:
        return Keys.fresh()
    folder = Path(os.environ[FOLDER])
    return Keys.model_validate_json(_made(folder / "keys", _write_keys).read_text("utf-8"))


def _write_keys(file: Path) -> None:
    file.write_text(Keys.fresh().dumped(), "utf-8")


def _cluster(demo_at: datetime | None) -> Path:
    """The cluster to copy."""
    folder = Path(os.environ[FOLDER])
    empty = _made(folder / "empty", _make_empty)
    if demo_at is None:
        return empty
    return _made(folder / f"demo-{demo_at.timestamp():.0f}", lambda draft: _make_demo(draft, empty, demo_at))


def _make_empty(folder: Path) -> None:
    with Servers(folder, durable=False, wanted=ServersWanted(broker=False)) as only:
        schema.upgrade(only.urls.owner)


def _make_demo(folder: Path, empty: Path, now: datetime) -> None:
    folder.mkdir(mode=empty.stat().st_mode)
    _copy(empty, folder)
    with Servers(folder, durable=False) as pair:
        _load(pair, now)


def _load(servers: Servers, demo_at: datetime | None) -> None:
    if demo_at is None:
        return
    with tempfile.TemporaryDirectory(prefix="lumbar-") as data:
        settings = Settings.read(
            environment=Environment.TEST,
            database_url=servers.urls.app,
            database_owner_url=servers.urls.owner,
            database_seal_url=servers.urls.sealer,
            redis_url=servers.urls.broker,
            lumbar_data=Path(data),
            lumbar_keys=keys_of_the_demo().dumped(),
        )
        with create_app(settings).app_context():
            with transaction():
                demo.load(demo_at)
            dispose()


def _copy(cluster: Path, to: Path) -> None:
    subprocess.run(["cp", "-a", f"{cluster}/.", to], check=True)


def _made(target: Path, make: Callable[[Path], None]) -> Path:
    """What stands at a path; whoever comes first makes it, and the others wait."""
    with target.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.exists():
            draft = target.with_suffix(".draft")
            make(draft)
            draft.rename(target)
    return target
