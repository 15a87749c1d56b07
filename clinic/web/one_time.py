"""The pages around a one-time link, the same for whatever it opens: asked for, the button that uses it, too late, again.

A link itself shows only a button, because mail programs follow links before people do; what it opens is behind the button.
"""

from flask import render_template
from flask.typing import ResponseReturnValue

GONE = 410


def asked_page(sentence: str) -> str:
    """*Please look at your mail*. The same page whether or not a letter follows, so that it reveals nothing."""
    return render_template("one_time/asked.html", sentence=sentence)


def button_page(*, heading: str, sentence: str, act: str, to: str, with_languages: bool = False) -> str:
    """What a link shows: what it opens, and the button that posts to `to` and uses the link up.

    `with_languages`: with a button for each other language, named `in`, for what somebody else is to read.
    """
    return render_template(
        "one_time/button.html",
        heading=heading,
        sentence=sentence,
        act=act,
        to=to,
        with_languages=with_languages,
    )


def again_page(*, heading: str, to: str) -> str:
    """The second link of a letter: it opens nothing, and its button posts to `to`, which sends a new link."""
    return render_template("one_time/again.html", heading=heading, to=to)


def gone_page(
    sentence: str, *, again: str | None = None, way_on: tuple[str, str] | None = None
) -> ResponseReturnValue:
    """A link that was used or is too old, and the way to another.

    `again` is where a press sends a new one; `way_on` is another page to go to, as what it is called and its URL.
    """
    return render_template("one_time/gone.html", sentence=sentence, again=again, way_on=way_on), GONE
