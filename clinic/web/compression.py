"""Compression for the few long pages that repeat nothing of what a visitor sends."""

import gzip
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from flask import Response, make_response, request
from flask.typing import ResponseReturnValue

P = ParamSpec("P")

LEVEL = 6
"""gzip's own default: the last levels take twice as long for one per cent."""


def compressed(view: Callable[P, ResponseReturnValue]) -> Callable[P, Response]:
    """Send the page as gzip to browsers that accept it.

    Only for pages that repeat nothing of the request: beside a secret such as the form's token, the length of a
    compressed page could reveal it (BREACH).
    """

    @wraps(view)
    def packed(*args: P.args, **kwargs: P.kwargs) -> Response:
        answer = make_response(view(*args, **kwargs))
        answer.vary.add("Accept-Encoding")
        if request.accept_encodings["gzip"]:
            answer.set_data(gzip.compress(answer.get_data(), compresslevel=LEVEL))
            answer.content_encoding = "gzip"
        return answer

    return packed
