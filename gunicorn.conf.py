"""What gunicorn does with our application besides serving it; it reads this file in the folder it is started in."""

from typing import Any


def post_worker_init(worker: Any) -> None:
    """Open a process's connections to the database before its first callers come, and let none of them be endlessly slow."""
    # Not before: a master without --preload would hold on to old code when it is told to load anew.
    from clinic import db
    from clinic.web.slow_requests import Arrivals

    with worker.wsgi.app_context():
        db.open_ahead(worker.cfg.threads)
    if hasattr(worker, "enqueue_req"):  # With threads; a synchronous worker is ended whole after `timeout`.
        _attend_in_time(worker, Arrivals())


def _attend_in_time(worker: Any, arrivals: Any) -> None:
    """Let a worker's threads attend to each caller under watch."""
    attend = worker.handle

    def attend_in_time(caller: Any) -> Any:
        with arrivals.exchange(caller.sock):
            return attend(caller)

    worker.handle = attend_in_time
    arrivals.watch()
