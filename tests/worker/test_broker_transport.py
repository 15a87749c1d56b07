"""A broker that stops answering while a worker acknowledges a task: the worker takes the next task all the same."""

import os
import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from kombu import Connection
from kombu.transport.virtual import Channel, Message
from redis.exceptions import TimeoutError as NoAnswer

from clinic.embedded.servers import Servers
from clinic.worker.celery_app import Driver
from tests.migrated import migrated_servers

pytestmark = pytest.mark.faults

QUEUE = "tasks"


@pytest.fixture
def broker() -> Iterator[Servers]:
    """A broker that nobody else uses."""
    with migrated_servers() as servers:
        yield servers


@pytest.fixture
def channel(app: Flask, broker: Servers) -> Iterator[Channel]:
    """A worker's channel, with as many processes as one."""
    driver = Driver(app)
    driver.conf.broker_url = broker.urls.broker
    driver.conf.broker_transport_options = {**driver.conf.broker_transport_options, "socket_timeout": 0.5}
    connection: Connection
    with driver.connection_for_read() as connection:
        opened: Any = connection.channel()
        queue = connection.SimpleQueue(QUEUE, channel=opened)
        for number in range(2):
            queue.put(number)
        opened.basic_qos(0, 1, False)
        yield opened


def taken(channel: Channel) -> Message:
    """The next task, as a worker takes it."""
    message: Message = channel.basic_get(QUEUE)
    channel.qos.append(message, message.delivery_tag)
    return message


@pytest.mark.parametrize("settle", [Message.ack, Message.reject, Message.requeue])
def test_a_task_that_cannot_be_settled_keeps_no_later_one_away(
    channel: Channel, broker: Servers, settle: Callable[[Message], None]
) -> None:
    assert broker.broker.process is not None
    task = taken(channel)
    assert not channel.qos.can_consume()
    os.kill(broker.broker.process.pid, signal.SIGSTOP)
    try:
        with pytest.raises(NoAnswer):
            settle(task)
    finally:
        os.kill(broker.broker.process.pid, signal.SIGCONT)
    assert channel.qos.can_consume()
    assert taken(channel).payload == 1
