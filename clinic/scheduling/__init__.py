"""When an appointment can be: opening hours, free time and the starts that follow from them. Pure.

Nothing here knows the database, Flask or the clock: rows become plain values, `now` is handed in, offers come out. It
books, reserves and sends nothing; its answers hold for the rows that it was given.

    grid    time as the bits of one integer, one bit per five-minute cell
    hours   weekly hours, special days, time off and closures become open cells; wall clocks become instants
    slots   open cells minus busy time become offered starts; its plain values stand in `rota` and `slot_question`

How the booking layer asks, in two reads and one call::

    question = slots.SlotQuestion(
        need=slots.Need(length=..., buffer_before=..., buffer_after=...),   # the treatment, as timedeltas
        days=hours.Days(first_on, until_on),                                # local days of each location, half-open
        now=now,                                                            # aware UTC
        therapists=(ana.id, ben.id),                                        # who may give it, in the practice's order
        places=(slots.SlotLocation(location=north.id, zone=ZoneInfo("Europe/Berlin"), rooms=(red.id, blue.id),
                            step=timedelta(minutes=15), notice=timedelta(hours=4), horizon=timedelta(days=90),
                            pack=False),),
        preferred=ana.id,                                                   # the client's own therapist, or None
        smallest=slots.Need(...),                                           # the shortest treatment sold, or None
    )
    window = question.window()        # read busy rows with occupied_until > begins_at and occupied_from < ends_at
    taken = slots.Taken(
        therapists=rows,              # (therapist_id, occupied_from, occupied_until), any order
        rooms=room_rows,              # (room_id, occupied_from, occupied_until)
        travelling=travel_rows,       # (therapist_id, location_id, from, until): cannot be *there* then, by travel
        booked={(ana.id, day): 3},    # appointments per therapist and local day: for the cap and for a fair spread
        daily_cap={ana.id: 6},        # therapists without an entry have no cap
    )
    offers = slots.offers(question, rota, taken)      # rota = hours.Rota(weekly, special, time_off, closures)

    offers.starts()                   # tuple[SlotStart, ...], earliest first, each with its candidates, best first
    offers.instants()                 # list[datetime], earliest first; cheap, for a month of days
    offers.at(starts_at)              # SlotStart | None: "is exactly this still offered?", for the look under the lock
    offers.per_day(location)          # dict[date, int]: the number of starts per local day

    start.starts_at                   # UTC
    start.candidates                  # tuple[Candidate, ...]: therapist, location, rooms, leaves_gap; best first
    slots.best(starts, count)         # the tidiest, earliest few: an offer that leaves an unsellable gap comes later

`SlotLocation.rooms` is None when the treatment needs no room; an empty tuple means it needs one and there is none. A
`Candidate` has `rooms` (free ones, in the order given; empty when none is needed). All ids are opaque hashables of
one type. Lengths, buffers and steps are multiples of five minutes; ranges are half-open; `daily_cap` and `booked` speak of
local days at the location.

Wall clock, for everybody else: `hours.wall(instant, zone)`, `hours.instant(wall, zone)` (None in the spring gap, the first
in the autumn fold), `hours.midnight(day, zone)`, `hours.day_range(days, zone)`, `hours.local_day(instant, zone)`,
`hours.open_spans(days, zone, therapist, location, rota)` for shading a calendar.
"""
