"""How the product says no: one exception per reason, each with a sentence for people."""

from clinic.language import N_


class Refusal(Exception):
    """A request the practice does not grant; not a bug.

    Parent of every domain error. `status` is the HTTP status a surface answers with, `code` the stable name
    machines may rely on, `sentence` what a person reads. Nothing of it may hold health data or a name.
    """

    status = 409
    code = "refused"
    sentence = N_("That is not possible right now.")

    def __init__(self, sentence: str | None = None) -> None:
        super().__init__(sentence or self.sentence)
        if sentence is not None:
            self.sentence = sentence


class NotFound(Refusal):
    """No such thing, or none this person may see: both answer alike."""

    status = 404
    code = "not-found"
    sentence = N_("We could not find that.")


class Stale(Refusal):
    """The page was made before something changed; nothing was done."""

    status = 409
    code = "stale"
    sentence = N_("This changed while your page was open. Nothing was done; here is how it stands now.")
