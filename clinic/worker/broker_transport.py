"""kombu's transport for the broker, with one mend: a task that cannot be acknowledged does not count as at work for ever.

A worker takes no more tasks than its processes are free for, and counts those that it has not acknowledged. kombu's own counts a task that
the broker did not let it acknowledge until the connection is made anew, which nothing does: a worker with one process then
takes no task again (https://github.com/celery/celery/issues/8030 and its kind). Here such a task is over for the worker. The broker gives it out
once more after its visibility timeout; every step may run twice.
"""

from typing import Any

from kombu.transport import TRANSPORT_ALIASES, redis, virtual


class BrokerQoS(redis.QoS):
    """What a worker has at work, as it sees it."""

    def ack(self, delivery_tag: Any) -> None:
        """Acknowledge a task. Raises what the broker raises; the task is over for this worker all the same."""
        try:
            super().ack(delivery_tag)
        finally:
            virtual.QoS.ack(self, delivery_tag)

    def reject(self, delivery_tag: Any, requeue: bool = False) -> None:
        """Give a task back or away, in the same way."""
        try:
            super().reject(delivery_tag, requeue)
        finally:
            virtual.QoS.ack(self, delivery_tag)


class BrokerChannel(redis.Channel):
    """A channel that counts as `BrokerQoS` does."""

    QoS = BrokerQoS


class BrokerTransport(redis.Transport):
    """The transport of such channels."""

    Channel = BrokerChannel


def use_for_redis() -> None:
    """Have every connection to `redis://` and `redis+socket://` of this process use it.

    The name of a transport is fixed by its address for sockets, so it cannot be chosen with Celery's `broker_transport`.
    """
    for name in ("redis", "rediss"):
        TRANSPORT_ALIASES[name] = f"{__name__}:{BrokerTransport.__name__}"
