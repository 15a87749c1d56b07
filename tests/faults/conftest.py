"""Servers, data and a mail server of one's own, to be killed and frozen."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stage import Stage, staged


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A migrated product that nobody else uses; everything started on it ends with the test."""
    with staged(tmp_path) as product:
        yield product
