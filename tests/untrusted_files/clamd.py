"""A small clamd: takes INSTREAM on a socket and finds the EICAR test file."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
"""The string that every scanner takes for a virus; eicar.org."""


class Clamd(socketserver.ThreadingUnixStreamServer):
    """Answers as clamd does, or with `says`; `got` is what it was given."""

    got: bytes = b""
    says: bytes | None = None
    daemon_threads = True


class _Handler(socketserver.StreamRequestHandler):
    server: Clamd

    def handle(self) -> None:
        if self.rfile.read(len(b"zINSTREAM\0")) != b"zINSTREAM\0":
            return
        content = b""
        while length := int.from_bytes(self.rfile.read(4), "big"):
            content += self.rfile.read(length)
        self.server.got = content
        found = b"stream: Eicar-Test-Signature FOUND" if EICAR in content else b"stream: OK"
        self.wfile.write((found if self.server.says is None else self.server.says) + b"\0")


@contextmanager
def clamd(folder: Path) -> Iterator[tuple[Clamd, str]]:
    """A running clamd and its address."""
    path = folder / "clamd"
    with Clamd(str(path), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server, f"unix://{path}"
        finally:
            server.shutdown()
            thread.join()
