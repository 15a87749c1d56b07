"""Run the benchmarks: all, or those named."""

import sys

from bench import at_rest, availability, booking, clients, first_render, frozen_broker, guidance, messages

BENCHES = {
    "guidance": guidance.run,
    "availability": availability.run,
    "frozen-broker": frozen_broker.run,
    "booking": booking.run,
    "messages": messages.run,
    "clients": clients.run,
    "first-render": first_render.run,
    "at-rest": at_rest.run,
}

for name in sys.argv[1:] or BENCHES:
    BENCHES[name]()
