"""Requests whose files stay in memory: werkzeug would write a larger one to the disk, where a client's letter would lie in clear."""

import io
from typing import IO

from flask import Request


class RequestInMemory(Request):
    """A request that writes nothing to the disk; `access` limits how long it may be."""

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        return io.BytesIO()
