"""Fields of a client's record that both staff and clients fill in."""

import re
from datetime import date
from typing import Any

from wtforms import DateField

from clinic.accounts.client_records import NotBornYet


class BirthDate(DateField):
    """A day since 1900; None if empty. The record checks that it is in the past."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Read what was sent; raises ValueError with a sentence."""
        text = str(valuelist[0]).strip() if valuelist else ""
        self.data = None
        if not text:
            return
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
            raise ValueError(NotBornYet.sentence)
        try:
            self.data = date.fromisoformat(text)
        except ValueError:
            raise ValueError(NotBornYet.sentence) from None
