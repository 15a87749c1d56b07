"""The file of a copy of a record as a browser saves it."""

from datetime import datetime

from flask import Response


def as_download(content: bytes, made_at: datetime) -> Response:
    """The ZIP as a file to save; its name says the day and nobody's name."""
    name = f"my-record-{made_at:%Y-%m-%d}.zip"
    return Response(
        content,
        mimetype="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
