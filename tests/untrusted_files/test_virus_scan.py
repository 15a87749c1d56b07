"""What clamd is told and what is made of its answers."""

from pathlib import Path

import pytest

from clinic.untrusted_files.virus_scan import ScannerAway, is_infected
from tests.ports import free_port
from tests.untrusted_files.clamd import EICAR, clamd


def test_a_file_arrives_whole_and_is_found_clean_or_not(tmp_path: Path) -> None:
    with clamd(tmp_path) as (server, address):
        harmless = b"harmless" * 50_000
        assert not is_infected(harmless, address)
        assert server.got == harmless
        assert is_infected(b"report " + EICAR, address)


@pytest.mark.parametrize(
    "says", [b"", b"stream: ", b"INSTREAM size limit exceeded. ERROR", b"stream: OKAY", b"OK"]
)
def test_an_answer_that_is_neither_counts_as_none(tmp_path: Path, says: bytes) -> None:
    with clamd(tmp_path) as (server, address):
        server.says = says
        with pytest.raises(ScannerAway):
            is_infected(b"report", address)


def test_a_scanner_that_is_not_there_is_away(tmp_path: Path) -> None:
    for address in (f"unix://{tmp_path}/nowhere", f"tcp://127.0.0.1:{free_port()}"):
        with pytest.raises(ScannerAway):
            is_infected(b"report", address)
