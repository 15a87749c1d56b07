"""The pages of the waiting list: *entries* (what somebody waits for), *offers* (reserved times), and *earlier* (an
earlier time for an existing visit).

An entry and an offer each have a signed URL, like an appointment. It reveals neither names nor health data, and GET
changes nothing.
"""
