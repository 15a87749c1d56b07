"""Asking ClamAV whether a file holds a virus it knows, over the socket of its daemon.

`INSTREAM`: the file in chunks, each with its length before it, ended by a length of zero; the answer is one line.
Source: clamd's manual, commands (read 2026-11-29).
"""

import socket
from urllib.parse import urlsplit

CHUNK_BYTES = 64 * 1024
CONNECT_SECONDS = 2.0
ANSWER_SECONDS = 20.0


class ScannerAway(Exception):
    """The scanner could not be reached or did not answer as it should; nothing is known about the file."""


def is_infected(sent: bytes, address: str) -> bool:
    """Whether clamd finds a virus. `address` is `unix:///path` or `tcp://host:port`. Raises ScannerAway."""
    try:
        with _connected(address) as line:
            line.sendall(b"zINSTREAM\0")
            for start in range(0, len(sent), CHUNK_BYTES):
                chunk = sent[start : start + CHUNK_BYTES]
                line.sendall(len(chunk).to_bytes(4, "big") + chunk)
            line.sendall(b"\0\0\0\0")
            answer = _line(line)
    except OSError as broken:
        raise ScannerAway from broken
    if answer == b"stream: OK":
        return False
    if answer.startswith(b"stream: ") and answer.endswith(b" FOUND"):
        return True
    raise ScannerAway


def _connected(address: str) -> socket.socket:
    where = urlsplit(address)
    if where.scheme == "unix":
        line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            line.settimeout(CONNECT_SECONDS)
            line.connect(where.path)
        except OSError:
            line.close()
            raise
    else:
        line = socket.create_connection((where.hostname or "", where.port or 3310), CONNECT_SECONDS)
    line.settimeout(ANSWER_SECONDS)
    return line


def _line(line: socket.socket) -> bytes:
    """The answer up to its NUL; at most a few hundred bytes are read."""
    got = b""
    while not got.endswith(b"\0") and len(got) < 1024:
        more = line.recv(1024)
        if not more:
            break
        got += more
    return got.rstrip(b"\0\n")
