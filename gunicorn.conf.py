"""What gunicorn does with our application besides serving it; it reads this file in the folder it is started in."""

from typing import Any


def post_worker_init(worker: Any) -> None:
    """Open a process's connections to the database before its first callers come, who would wait for each of them."""
    # Not before: a master without --preload would hold on to old code when it is told to load anew.
    from clinic import db

    with worker.wsgi.app_context():
        db.open_ahead(worker.cfg.threads)
