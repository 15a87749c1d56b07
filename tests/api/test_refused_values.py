"""Times, ranges, names and queries that nobody can mean are refused as RFC 9457 says."""

from urllib.parse import quote

import pytest

from tests.api.refusing import Call, Scene, questions_to_own, scene

__all__ = ["scene"]

TIMES_NOBODY_MEANS = (
    "2031-03-12T09:00",
    "2031-03-12",
    "09:00+01:00",
    "2031-03-12 09:00+01:00",
    "20310312T0900+0100",
    "2031-W11-3T09:00+01:00",
    "2031-071T09:00+01:00",
    "2031-03-12T9:00+01:00",
    "2031-03-12T24:00+01:00",
    "2031-03-12T09:60+01:00",
    "2031-03-12T09:00:60+01:00",
    "2031-03-12T09:00+25:00",
    "2031-03-12T09:00+1:00",
    "2031-03-12T09:00Europe/Berlin",
    "2031-03-12T09:00+01:00[Europe/Berlin]",
    "2031-02-30T09:00+01:00",
    "2031-00-12T09:00+01:00",
    "0001-01-01T00:00+14:00",
    "9999-12-31T23:59-12:00",
    "+12031-03-12T09:00+01:00",
    "-2031-03-12T09:00+01:00",
    "1930000000",
    "tomorrow",
    "2031-03-12T09:00+01:00\n",
    " 2031-03-12T09:00+01:00",
    "٢٠٣١-03-12T09:00+01:00",
    "2031-03-12T09:00+01:00\0",
    "2031-03-12T09:00\u221201:00",
)


@pytest.mark.parametrize("name", ["keep", "move"])
def test_times_nobody_can_mean(scene: Scene, name: str) -> None:
    attacks = {repr(start): scene.calls[name].having(start=start) for start in TIMES_NOBODY_MEANS}
    scene.refuses(attacks, status=422, code="invalid", questions=questions_to_own(name))


def test_times_that_are_not_offered(scene: Scene) -> None:
    starts = (
        "2031-03-12T09:07+01:00",
        "2031-03-12T09:00:01+01:00",
        "2031-03-12T09:00:00.000001+01:00",
        "2031-03-12T03:00+01:00",
        "2031-03-12T16:30+01:00",
        "2031-03-15T09:00+01:00",
        "2031-03-02T09:00+01:00",
        "2031-03-10T09:00+01:00",
        "2031-03-11T09:30+01:00",
        "2000-01-01T00:00Z",
        "2199-12-31T23:59-23:59",
    )
    for name in ("keep", "move"):
        # The visit itself does not stand in its own way; everything else does.
        attacks = {
            start: scene.calls[name].having(start=start)
            for start in starts
            if (name, start[8:10]) != ("move", "11")
        }
        scene.refuses(attacks, status=409, code="not-offered", questions=25)


def test_things_there_are_not(scene: Scene) -> None:
    keep, move, book = scene.calls["keep"], scene.calls["move"], scene.calls["book"]
    words = ("nothing", "a\0b", "' OR 1=1 --", "../etc", "%00", "\u202e", "ANY", "x" * 100)
    attacks = {f"treatment {word!a}": keep.having(treatment=word) for word in words}
    attacks |= {f"therapist {word!a}": keep.having(therapist=word) for word in words}
    attacks |= {f"location {word!a}": keep.having(location=word) for word in words}
    attacks |= {f"move to {word!a}": move.having(therapist=word) for word in words}
    scene.refuses(attacks, status=404, code="not-found", questions=5)
    holds = {
        "another": "A" * 43,
        "of the visit": scene.visit["token"],
        "nearly": scene.hold[:-1] + ("A" if scene.hold[-1] != "A" else "B"),
        "longer": scene.hold + "=",
        "spaced": " " + scene.hold,
        "with a NUL": scene.hold + "\0",
        "wide": "\U0001f600" * 40,
    }
    attacks = {f"hold {what}": book.having(hold=hold) for what, hold in holds.items()}
    scene.refuses(attacks, status=409, code="hold-gone", questions=3)


def test_ranges_nobody_can_mean(scene: Scene) -> None:
    sold = f"treatment={scene.sold}"
    ranges = {
        "none": "",
        "no beginning": "to=2031-03-12",
        "no end": "from=2031-03-10",
        "empty": "from=2031-03-10&to=2031-03-10",
        "reversed": "from=2031-03-12&to=2031-03-10",
        "ten years": "from=2031-03-10&to=2041-03-10",
        "a day too long": "from=2031-03-10&to=2031-06-12",
        "all years": "from=2000-01-01&to=2199-12-31",
        "before all years": "from=0001-01-01&to=0001-01-02",
        "after all years": "from=9999-12-30&to=9999-12-31",
        "a year of five digits": "from=12031-03-10&to=12031-03-12",
        "no such day": "from=2031-02-30&to=2031-03-10",
        "no such month": "from=2031-13-01&to=2031-13-02",
        "a week": "from=2031-W10-1&to=2031-W10-3",
        "without lines": "from=20310310&to=20310312",
        "times": "from=2031-03-10T00:00Z&to=2031-03-12T00:00Z",
        "numbers": "from=1930000000&to=1930086400",
        "words": "from=today&to=tomorrow",
        "other digits": f"from={quote('٢٠٣١')}-03-10&to=2031-03-12",
        "spaces": "from=%202031-03-10&to=2031-03-12%20",
        "a NUL": "from=2031-03-10%00&to=2031-03-12",
        "broken": "from=%FF&to=%FE",
        "minutes asked": "from=2031-03-10&to=2031-03-12&minutes=5",
        "a length forged": "from=2031-03-10&to=2031-03-12&length_minutes=5",
        "an array": "from[]=2031-03-10&to[]=2031-03-12",
        "a name with a NUL": "from=2031-03-10&to=2031-03-12&a%00=1",
        "a long one": "from=2031-03-10&to=2031-03-12&x=" + "y" * 50_000,
        "next": "from=2031-03-10&to=2031-03-12&next=http://[",
    }
    scene.refuses(
        {what: scene.calls["availability"].asking(f"{sold}&{asked}") for what, asked in ranges.items()},
        status=422,
        code="invalid",
        questions=0,
    )


def test_what_is_asked_for_twice_or_is_not_known(scene: Scene) -> None:
    good = scene.calls["availability"].query
    named = scene.calls.values()
    twice = {
        f"{name} twice": scene.calls["availability"].asking(f"{good}&{name}=any")
        for name in ("treatment", "from", "to")
    }
    twice["therapist twice"] = scene.calls["availability"].asking(f"{good}&therapist=any&therapist=any")
    twice["revision twice"] = scene.calls["cancel"].asking("revision=1&revision=1")
    scene.refuses(twice, status=400, code="malformed", questions=0)
    unknown = {
        f"{call.method} {call.path[:14]}": call.asking(f"{call.query}&nothing=1".lstrip("&"))
        for call in named
    }
    unknown |= {
        path: Call("GET", path, "nothing=1") for path in ("/treatments", "/therapists", "/openapi.json")
    }
    scene.refuses(unknown, status=422, code="invalid", questions=0)


def test_treatments_therapists_and_places_there_are_not(scene: Scene) -> None:
    days = "from=2031-03-10&to=2031-03-12"
    words = ["", "nothing", "%00", "%FF", "x" * 5000, "%27%20OR%201%3D1", "..%2F", "%E2%80%AE", "any%20"]
    asked = [f"treatment={word}" for word in words]
    asked += [f"treatment={scene.sold}&therapist={word}" for word in words]
    asked += [f"treatment={scene.sold}&location={word}" for word in words]
    attacks = {ask[:60]: scene.calls["availability"].asking(f"{ask}&{days}") for ask in asked}
    scene.refuses(attacks, status=404, code="not-found", questions=2)
