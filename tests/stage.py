"""A product of one's own: servers, settings, an app in this process, and programs as they run in life, to be killed and frozen."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from flask import Flask

from clinic import clock
from clinic.app import create_app
from clinic.db import db, dispose
from clinic.embedded.servers import Servers
from config import Environment, Settings
from tests.health import HEALTH_TOKEN
from tests.migrated import keys_of_the_demo, migrated_servers
from tests.patience import slowness

ROOT = Path(__file__).parents[1]
STOP_SECONDS = 30


@dataclass
class Stage:
    """One product: its servers, its settings, an app on them in this process, and programs that were started."""

    servers: Servers
    settings: Settings
    app: Flask
    clock: Path
    """The file that shifts every process's clock."""
    programs: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, *command: str, **environment: str) -> subprocess.Popen[bytes]:
        """A Python program in the project's folder, with the stage's settings as its environment."""
        log = self.settings.lumbar_data.parent / f"program-{len(self.programs)}.log"
        with log.open("wb") as output:
            program = subprocess.Popen(
                [sys.executable, "-m", *command],
                cwd=ROOT,
                env={**self.environment(), **environment},
                stdout=output,
                stderr=subprocess.STDOUT,
                process_group=0,
            )
        self.programs.append(program)
        return program

    def stop_all(self) -> None:
        """Ask every program to end; kill what does not."""
        for program in self.programs:
            if program.poll() is None:
                program.terminate()
        for program in self.programs:
            try:
                program.wait(STOP_SECONDS * slowness())
            except subprocess.TimeoutExpired:
                os.killpg(program.pid, 9)
                program.wait()
        self.programs.clear()

    def environment(self) -> dict[str, str]:
        """The settings of the product, as its programs read them."""
        return {
            **self._in_production(),
            "PATH": os.environ["PATH"],
            "ENVIRONMENT": self.settings.environment.value,
            "PORT": str(self.settings.port),
            "DATABASE_URL": self.settings.database_url,
            "REDIS_URL": self.settings.redis_url,
            "LUMBAR_DATA": str(self.settings.lumbar_data),
            "WORKER_CONCURRENCY": "1",
        }

    def _in_production(self) -> dict[str, str]:
        """What production demands and refuses, beside what every product needs."""
        if self.settings.environment is not Environment.PRODUCTION:
            return {"CLOCK_FILE": str(self.clock)}
        assert self.settings.smtp_url is not None
        return {
            "TEST_CLOCK": str(self.clock),  # Read by tests/on_test_clock.py alone.
            "PUBLIC_URL": self.settings.base_url,
            "LUMBAR_KEYS": self.settings.keys.dumped(),
            "SMTP_URL": self.settings.smtp_url.get_secret_value(),
            "MAIL_FROM": self.settings.mail_from,
            "TRUSTED_PROXIES": str(self.settings.trusted_proxies),
        }


@contextmanager
def staged(
    folder: Path,
    environment: Environment = Environment.TEST,
    *,
    demo_at: datetime | None = None,
    **settings_of: Any,
) -> Iterator[Stage]:
    """A migrated product on a folder, that nobody else uses; everything started on it ends with the block.

    It is empty, or has the people and visits of the demo as they are at a moment.
    """
    if demo_at is not None:
        settings_of["lumbar_keys"] = keys_of_the_demo().dumped()
    with ExitStack() as undo:
        servers = undo.enter_context(migrated_servers(durable=True, demo_at=demo_at))
        clock_file = folder / "clock"
        settings = Settings.read(
            environment=environment,
            database_url=servers.urls.app,
            database_owner_url=servers.urls.owner,
            database_seal_url=servers.urls.sealer,
            health_token=HEALTH_TOKEN,
            redis_url=servers.urls.broker,
            lumbar_data=folder / "var",
            clock_file=None if environment is Environment.PRODUCTION else clock_file,
            **settings_of,
        )
        settings.lumbar_data.mkdir()
        app = create_app(settings)
        clock.follow(clock_file)  # Production refuses to be told of it; its tests move time all the same.
        undo.enter_context(app.app_context())
        set_up = Stage(servers, settings, app, clock_file)
        undo.callback(dispose)
        undo.callback(db.session.remove)
        undo.callback(set_up.stop_all)
        yield set_up
