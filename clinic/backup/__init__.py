"""Backups: made each night, encrypted so that the machine that makes them cannot read them, restored, and rehearsed.

`making` writes one, `restoring` brings one back into an empty database, `drill` proves the newest on a server of its own.
`archive` is the file itself, `downtime_sheet` who comes on a day, for hours without the server, `postgres` the programs that come with PostgreSQL, `object_storage` backups away from here, `sending` their way to it, `wal_receiving` what the server writes, as it writes it, `base_backups` copies of the whole server, `wal_archive` the files of both, `point_in_time` the way back to a moment, `runs` what is remembered of each attempt.
"""
