"""Fields for the practice's own texts in the other languages of its pages, beside those in its main one."""

from collections.abc import Iterator
from typing import Any, TypeVar

from wtforms import Field
from wtforms.validators import Length, Optional

from clinic import language
from clinic.practice import queries
from clinic.practice.own_texts import Translations, other_languages
from clinic.web.forms import UnchangedForm

LONGEST = 2000


class TranslatedForm(UnchangedForm):
    """A form some of whose texts can also be said in other languages; `in_languages` makes it."""

    texts: tuple[str, ...] = ()
    """The names of fields that can be said in other languages."""
    others: tuple[str, ...] = ()
    """These languages."""

    @property
    def in_others(self) -> Iterator[tuple[str, list[Field]]]:
        """Each other language by its name, with its fields."""
        for spoken in self.others:
            yield language.english_name(spoken), [self[_named(text, spoken)] for text in self.texts]

    def show_translations(self, translations: Translations) -> None:
        """Fill the fields from what stands."""
        for spoken in self.others:
            for text in self.texts:
                self[_named(text, spoken)].data = translations.get(spoken, {}).get(text, "")

    @property
    def translations(self) -> Translations:
        """What was typed, by language and text; a text left empty is read in the main language."""
        typed = {
            spoken: {
                text: data.strip()
                for text in self.texts
                if (data := self[_named(text, spoken)].data or "").strip()
            }
            for spoken in self.others
        }
        return {spoken: texts for spoken, texts in typed.items() if texts}


F = TypeVar("F", bound=TranslatedForm)


def in_languages(form: type[F], **given: Any) -> F:
    """The form of this request, or of what is given, with its texts in each language of our pages beside the practice's main one."""
    practice = queries.find_practice()
    others = other_languages(practice.language) if practice else ()
    fields: dict[str, Any] = {"others": others}
    for spoken in others:
        for text in form.texts:
            main = getattr(form, text)
            fields[_named(text, spoken)] = main.field_class(
                f"{main.args[0]}, in {language.english_name(spoken)}",
                description=main.kwargs.get("description", ""),
                validators=[Optional(), Length(max=LONGEST)],
                render_kw={"lang": spoken},
            )
    made: type[F] = type(form.__name__, (form,), fields)
    return made(**given)


def _named(text: str, spoken: str) -> str:
    return f"{text}_{spoken}"
