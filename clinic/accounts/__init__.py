"""People: staff and clients, what each may open, and the audit log of who did or read what.

Words: *user* (staff only), *client*, *contact* (an address of a client), *role*, *permission*, *one-time link*,
*manage link*, *client session*, *audit entry*, *seal*, *limit*. This package does not know appointments, answers or
plans.
"""
