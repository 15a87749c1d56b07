"""People: who works here, who comes here, what each may open, and a record of who did or read what.

Words: *user* (staff only), *client*, *contact* (an address of a client), *role*, *permission*, *one-time link*,
*manage link*, *client session*, *audit entry*, *seal*, *limit*. It does not know appointments, answers or plans.
"""
