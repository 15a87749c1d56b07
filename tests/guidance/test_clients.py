"""The written clients: whole people, with what the guidance should make of them."""

import pytest

from clinic.guidance.knowledge import MODALITIES
from clinic.guidance.levels import Level
from clinic.guidance.rules import CURRENT
from tests.guidance import checks
from tests.guidance.clients import CLIENTS, Client


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.name)
def test_a_written_client_gets_what_is_expected(client: Client) -> None:
    assert checks.client(client, CURRENT) is None


def test_there_are_enough_clients_and_each_says_why() -> None:
    assert len(CLIENTS) >= 60
    assert all(client.because and client.expect for client in CLIENTS)
    assert len({client.name for client in CLIENTS}) == len(CLIENTS)


def test_every_level_and_disposition_has_a_client() -> None:
    assert {client.expect.get("safety") for client in CLIENTS} >= set(Level)
    assert {client.expect.get("disposition") for client in CLIENTS} >= {"emergency", "doctor", "postpone"}


def test_every_type_of_massage_is_first_for_some_client() -> None:
    firsts = set()
    for client in CLIENTS:
        ranked = client.expect.get("ranked")
        firsts.update([client.expect.get("top"), ranked[0] if isinstance(ranked, list) and ranked else None])
    assert firsts >= set(MODALITIES)


def test_every_confidence_label_has_a_client() -> None:
    assert {client.expect.get("confidence") for client in CLIENTS} >= {
        "clear match",
        "close, choose together",
        "tie",
        "little information: gentle default",
    }
