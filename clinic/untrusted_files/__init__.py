"""Files that somebody sends: what they are by content, read without trusting them, and written anew without what hides in them.

`isolation` does the reading in a process of its own with little time and memory, so that neither a bomb nor a bug of a decoder
reaches the web. This package knows no database, no Flask and no clients; `practice.photo_encoding` and `intake.documents` use it.
It recognises no viruses itself: `virus_scan` asks clamd.
"""
