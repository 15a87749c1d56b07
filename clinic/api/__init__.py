"""What machines see: `/health`, and the public JSON API under `/api/v1`.

The API books through the same services as the pages, so the same rules, limits and safety gate apply. It reads no cookie: a
caller owns a hold by the secret it was given, and an appointment by its manage token. It neither shows nor accepts health data.

    blueprint           the routes, without CSRF protection because nothing here rests on a cookie
    request_parsing     what comes in, read strictly: one value a name, no unknown name, no duplicate key
    schemas             the shapes of what comes in and goes out
    catalogue           treatments and therapists
    free_times          availability, where it is refused
    free_times_first    availability, answered before Flask
    availability_cache  its answers, reused until something changes
    appointments        holds, bookings, moves, cancellations
    problems            errors as RFC 9457 problem details
    openapi             the OpenAPI description, for generators and testers
"""
