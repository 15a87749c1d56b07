"""Run the benchmarks: all, or those named."""

import sys

from bench import availability, booking, clients, frozen_broker, guidance, messages

BENCHES = {
    "guidance": guidance.run,
    "availability": availability.run,
    "frozen-broker": frozen_broker.run,
    "booking": booking.run,
    "messages": messages.run,
    "clients": clients.run,
}

for name in sys.argv[1:] or BENCHES:
    BENCHES[name]()
