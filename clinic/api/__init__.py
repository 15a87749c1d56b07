"""What machines see: `/health`, and the public JSON interface under `/api/v1`.

The interface books through the same services as the pages, so the same rules, limits and safety gate stand before it. It
reads no cookie: a caller owns a hold by the secret it was given, an appointment by its manage token, and nothing else. It
shows no health data and takes none.

    blueprint      the part of the URL map, without CSRF because nothing here rests on a cookie
    reading        what comes in, read strictly: one value a name, no unknown name, no duplicate key
    schemas        the shapes of what comes in and goes out
    catalogue      treatments and therapists
    free_times     availability, with answers that are kept until something changes
    kept           where they are kept
    appointments   holds, bookings, moves, cancellations
    problems       how it says no: RFC 9457
    openapi        the description of all this, for generators and testers
"""
