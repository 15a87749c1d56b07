"""A copy of everything about one client, as the client may take it along.

*Record*: every row that belongs to the client, as JSON; the FHIR bundle and the page to read are made of it and of nothing
else. *Belongs*: by which column a table's rows belong to a client.

It does not decide who may ask, and does not keep the file: `accounts.data_exports` does.
"""
