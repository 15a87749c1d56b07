"""The pages of the waiting list: a *wish* (what somebody waits for), an *offer* (a time that is kept), and *earlier* (for a visit
that stands).

A wish and an offer each have an address that is its own key, like an appointment's. It tells neither names nor health, and
nothing changes on GET.
"""
