"""Reads a page the way a person meets it: controls by their label, groups by their legend, headings in order."""

from dataclasses import dataclass, field
from functools import lru_cache
from html.parser import HTMLParser

VOID = frozenset(
    [
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "source",
        "track",
        "wbr",
        "path",
        "rect",
        "circle",
        "use",
    ]
)

INLINE = frozenset(["a", "b", "button", "label", "q", "small", "span", "strong", "wbr"])


@dataclass
class Element:
    """An element with its attributes, its children and the text directly in it, in order."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    parts: "list[Element | str]" = field(default_factory=list)
    parent: "Element | None" = None

    def all(self, name: str | None = None, **attributes: str) -> "list[Element]":
        """Every element below this one with that name and those attributes, in order."""
        wanted = {key.rstrip("_").replace("_", "-"): value for key, value in attributes.items()}
        return [
            element
            for element in self.below()
            if (name is None or element.name == name)
            and all(element.attributes.get(key) == value for key, value in wanted.items())
        ]

    def one(self, name: str | None = None, **attributes: str) -> "Element":
        """The only such element."""
        found = self.all(name, **attributes)
        assert len(found) == 1, f"{len(found)} of <{name} {attributes}>"
        return found[0]

    def below(self) -> "list[Element]":
        """Everything inside, in the order of the page."""
        found: list[Element] = []
        for part in self.parts:
            if isinstance(part, Element):
                found += [part, *part.below()]
        return found

    @property
    def text(self) -> str:
        """What a screen reader says of it, with single spaces: hidden words included, what is hidden from it left out."""
        return " ".join(self._said().split())

    def _said(self) -> str:
        if self.attributes.get("aria-hidden") == "true":
            return ""
        said = "".join(part if isinstance(part, str) else part._said() for part in self.parts)
        return said if self.name in INLINE else f" {said} "

    def has(self, attribute: str) -> bool:
        """Whether it carries the attribute, whatever its value."""
        return attribute in self.attributes

    def get(self, attribute: str) -> str:
        """The value of an attribute it must carry."""
        return self.attributes[attribute]

    def labelled(self, text: str) -> "Element":
        """The control whose label says this, by `for` or from inside the label."""
        for label in self.all("label"):
            if label.text == text:
                inside = [
                    element for element in label.below() if element.name in ("input", "select", "textarea")
                ]
                return inside[0] if inside else self.one(id=label.get("for"))
        raise AssertionError(f"no label says {text!r}")

    def group(self, legend: str) -> "Element":
        """The fieldset whose legend says this."""
        for candidate in self.all("legend"):
            if candidate.text == legend and candidate.parent is not None:
                return candidate.parent
        raise AssertionError(f"no legend says {legend!r}")

    def described(self, control: "Element") -> list[str]:
        """The texts that a screen reader adds to a control, in order."""
        return [self.one(id=name).text for name in control.attributes.get("aria-describedby", "").split()]


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = Element("root")
        self.here = self.root

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs}, parent=self.here)
        self.here.parts.append(element)
        if tag not in VOID:
            self.here = element

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.here.parts.append(Element(tag, {name: value or "" for name, value in attrs}, parent=self.here))

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        assert self.here.name == tag, f"</{tag}> closes <{self.here.name} {self.here.attributes}>"
        assert self.here.parent is not None
        if tag == "template":  # Nobody sees it before a script copies it.
            self.here.parts.clear()
        self.here = self.here.parent

    def handle_data(self, data: str) -> None:
        self.here.parts.append(data)


@lru_cache(maxsize=16)
def read(html: str) -> Element:
    """The page as a tree, the same one for the same page. Fails when an element is closed that was not open."""
    builder = _Builder()
    builder.feed(html)
    builder.close()
    assert builder.here is builder.root, f"<{builder.here.name}> is never closed"
    return builder.root
