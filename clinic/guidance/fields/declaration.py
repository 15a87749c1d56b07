"""What a declaration of a field says, and the options that many of them share."""

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Final


class FieldKind(StrEnum):
    """How a field is answered. The stored value follows from it.

    one, red_flag, confirm: a code. many, body_map: a list of codes. integer, scale: a whole number; a scale is
    always 0 to 10. psfs: up to three activities in the client's words, each with a score from 0 to 10. own_words: a
    text for people, as {"text", "look"}; it is no fact, and no rule reads it.
    """

    ONE = "one"
    MANY = "many"
    INTEGER = "integer"
    SCALE = "scale"
    BODY_MAP = "body_map"
    RED_FLAG = "red_flag"
    PSFS = "psfs"
    CONFIRM = "confirm"
    OWN_WORDS = "own_words"


@dataclass(frozen=True, slots=True)
class Option:
    """One answer that can be chosen: the stored code and what a person reads."""

    code: str
    label: str
    help: str = ""


@dataclass(frozen=True, kw_only=True)
class Field:
    """A named answer and the question that asks for it.

    `title` is its short name on lists. `text` is the question; it is empty if the field is never asked by itself. An
    optional question may be left blank; `blank` says what to do when another one was, and names its subject. `low` and `high` are both allowed values. `numeric` says that the option codes
    stand for whole numbers and are stored as such. `most` limits how many options a client may choose. `exclusive` names
    an option, besides `none`, that cannot stand beside others. `groups` are headings, or one empty one, with the codes shown under each; options in no group are folded
    away under `more`. `no_tells` says that "no" or "none" is news here: "None: I still have all of them" must never be read as nothing.
    """

    name: str
    kind: FieldKind
    title: str
    text: str = ""
    blank: str = ""
    help: str = ""
    why: str = ""
    low_label: str = ""
    high_label: str = ""
    low: int = 0
    high: int = 10
    options: tuple[Option, ...] = ()
    numeric: bool = False
    most: int | None = None
    exclusive: str | None = None
    optional: bool = False
    groups: tuple[tuple[str, tuple[str, ...]], ...] = ()
    more: str = ""
    no_tells: bool = False

    def label(self, code: object) -> str:
        """What a person reads for a stored code, or for a number the number itself."""
        for option in self.options:
            if option.code == str(code):
                return option.label
        return str(code)

    @cached_property
    def codes(self) -> frozenset[str]:
        """The codes of all options."""
        return frozenset(option.code for option in self.options)

    @property
    def headed_options(self) -> tuple[tuple[str, tuple[Option, ...]], ...]:
        """The options under their headings, in order."""
        return tuple(
            (heading, tuple(option for code in codes for option in self.options if option.code == code))
            for heading, codes in self.groups
        )

    @property
    def further_options(self) -> tuple[Option, ...]:
        """The options under no heading, but for "none"."""
        headed = {code for _, codes in self.groups for code in codes}
        return tuple(option for option in self.options if option.code not in headed | {"none"})

    @property
    def is_list(self) -> bool:
        """Whether the answer is a list of option codes."""
        return self.kind in (FieldKind.MANY, FieldKind.BODY_MAP)

    @property
    def is_number(self) -> bool:
        """Whether the answer is a whole number between `low` and `high`."""
        return self.kind in (FieldKind.INTEGER, FieldKind.SCALE)


def choices(*rows: tuple[str, ...]) -> tuple[Option, ...]:
    """Options from rows of code, label and, if it needs one, help."""
    return tuple(Option(*row) for row in rows)


YES_NO: Final = choices(("yes", "Yes"), ("no", "No"))
YES_NO_UNSURE: Final = (*YES_NO, Option("unsure", "I am not sure"))
NONE_OF_THESE: Final = ("none", "None of these")
