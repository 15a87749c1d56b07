"""Who sends too slowly, or never takes the answer, is cut off; everybody else is left alone."""

import socket
import time
from collections.abc import Iterator

import pytest

from clinic.web.slow_requests import Arrivals

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def lines() -> Iterator[Pair]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def test_who_is_in_time_is_left_alone(lines: Pair) -> None:
    ours, theirs = lines
    arrivals = Arrivals(request_seconds=15, whole_seconds=60)
    with arrivals.exchange(ours):
        arrivals.look(time.monotonic() + 14)
        theirs.sendall(b"x")
        assert ours.recv(1) == b"x"


def test_nothing_more_is_read_from_who_is_late_but_they_are_still_answered(lines: Pair) -> None:
    ours, theirs = lines
    arrivals = Arrivals(request_seconds=15, whole_seconds=60)
    with arrivals.exchange(ours):
        arrivals.look(time.monotonic() + 16)
        assert ours.recv(1) == b""
        ours.sendall(b"late")
    assert theirs.recv(4) == b"late"


def test_who_never_takes_the_answer_is_cut_off_at_last(lines: Pair) -> None:
    ours, _ = lines
    arrivals = Arrivals(request_seconds=15, whole_seconds=60)
    with arrivals.exchange(ours):
        arrivals.look(time.monotonic() + 16)
        arrivals.look(time.monotonic() + 61)
        with pytest.raises(BrokenPipeError):
            ours.sendall(b"x")


def test_an_exchange_that_is_over_is_watched_no_more(lines: Pair) -> None:
    ours, theirs = lines
    arrivals = Arrivals(request_seconds=15, whole_seconds=60)
    with arrivals.exchange(ours):
        pass
    arrivals.look(time.monotonic() + 3600)
    theirs.sendall(b"x")
    assert ours.recv(1) == b"x"


def test_a_caller_who_went_by_themselves_disturbs_nobody(lines: Pair) -> None:
    ours, theirs = lines
    arrivals = Arrivals(request_seconds=15, whole_seconds=60)
    with arrivals.exchange(ours):
        theirs.close()
        ours.close()
        arrivals.look(time.monotonic() + 3600)
