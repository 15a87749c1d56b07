"""The waiting list: what somebody would like when nothing suits, and times that become free, kept and offered.

Words: *wish* (what somebody waits for), *offering* (a freed time that is kept by one hold), *offer* (that time, offered to
one wish for some minutes), *round* (offers made together; there are at most two), *known* (what was free when the worker
last looked, so that it sees what has become free since). The first acceptance wins. It sends nothing: letters follow from
the rows of offers.
"""
