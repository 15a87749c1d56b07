"""The processes that run the product write lines of JSON without values; not only the formatter by itself does."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from config import Settings

PROJECT = Path(__file__).parents[2]
SECRET = "marker-in-a-value"

WEB = f"""
from clinic.app import web
from clinic.web.access import anyone, audience
app = web()
def broken():
    raise ValueError("{SECRET}")
app.view_functions["home.home"] = audience(anyone)(broken)
app.test_client().get("/l/{SECRET}")
app.testing = False
app.config["PROPAGATE_EXCEPTIONS"] = False
app.test_client().get("/")
"""

WORKER = f"""
import logging, worker
worker.celery.log.setup(loglevel="WARNING")
try:
    raise ValueError("{SECRET}")
except ValueError as error:
    said = {{"name": "pass", "exc": str(error)}}
    logging.getLogger("celery.app.trace").error("Task %(name)s: %(exc)s", said, exc_info=True, extra={{"data": said}})
"""


@pytest.mark.parametrize(("program", "logger"), [(WEB, "clinic.requests"), (WORKER, "celery.app.trace")])
def test_what_a_process_writes_down_is_json_and_quotes_no_value(
    settings: Settings, program: str, logger: str
) -> None:
    lines = written_by(settings, program)
    assert logger in {line["logger"] for line in lines}
    assert SECRET not in json.dumps(lines)


def written_by(settings: Settings, program: str) -> list[dict[str, Any]]:
    """What a fresh process with these settings writes to standard error."""
    environment = {
        **os.environ,
        "ENVIRONMENT": "test",
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "LUMBAR_DATA": str(settings.lumbar_data),
    }
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    return [json.loads(line) for line in done.stderr.splitlines()]
