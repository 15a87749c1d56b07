"""The waiting list: what people are waiting for, and freed times that are reserved and offered to them.

Words: *entry* (what somebody waits for), *offering* (a freed time, reserved by one hold), *offer* (that time, offered
to one entry for some minutes), *round* (offers made together; at most two), *known* (what was free at the worker's last
look, so that it notices what has become free since). The first acceptance wins. This package sends nothing: letters
follow from the rows of offers.
"""
