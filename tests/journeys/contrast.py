"""How well the text of a page can be read in its colours, asked once for all text that is drawn alike.

To judge one text, the rule finds out what lies behind it, which takes most of the time that a page is looked at; and
most of the text of a page is drawn as on the pages before it. A text is drawn alike if its own colour, size and weight
and everything drawn behind it by its ancestors are the same. What lies over other things is asked about every time.
"""

from typing import Any

from playwright.sync_api import Page

READ: set[str] = set()
"""How the text was drawn that this process has found to be readable."""

ASK = """async (read) => {
  const known = new Set(read);
  const clear = "rgba(0, 0, 0, 0)";
  const drawn = (style) => [style.backgroundColor, style.backgroundImage, style.opacity, style.filter,
    style.mixBlendMode];
  const isNothing = ([colour, image, opacity, filter, blend]) =>
    colour === clear && image === "none" && opacity === "1" && filter === "none" && blend === "normal";
  const isOpaque = ([colour, image, opacity, filter, blend]) =>
    colour.startsWith("rgb(") && image === "none" && opacity === "1" && filter === "none" && blend === "normal";
  const decorated = (element) => ["::before", "::after"].some((part) => {
    const style = getComputedStyle(element, part);
    return style.content !== "none" && style.position !== "static" && !isNothing(drawn(style));
  });
  const look = (element) => {
    const own = getComputedStyle(element);
    const layers = [];
    let isCovered = false;
    for (let at = element; at; at = at.parentElement) {
      const style = getComputedStyle(at);
      const layer = drawn(style);
      if (isCovered) layer.splice(0, 2, clear, "none"); // What fades or tints a group still reaches all that is in it.
      else if (decorated(at)) return null;
      if (!isNothing(layer)) layers.push(layer.join());
      isCovered ||= isOpaque(layer);
      if (!isCovered && (!["static", "relative"].includes(style.position) || style.transform !== "none")) return null;
    }
    return [own.color, own.fontSize, own.fontWeight, own.textShadow, ...layers].join(";");
  };
  const isOnThePage = (element) => {
    const { width, height, right, bottom } = element.getBoundingClientRect();
    return element.checkVisibility() && width > 1 && height > 1 && right > 0 && bottom + scrollY > 0;
  };
  const isText = (element) => /^(INPUT|SELECT|TEXTAREA)$/.test(element.tagName)
    || [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
  const looks = new Map();
  for (const element of document.body.querySelectorAll("*")) {
    if (isText(element) && isOnThePage(element)) looks.set(element, look(element));
  }
  const unread = [...looks].filter(([, look]) => look === null || !known.has(look)).map(([element]) => element);
  if (!unread.length) return { violations: [], read: [] };
  const answer = await axe.run({ include: unread }, {
    elementRef: true, iframes: false, resultTypes: ["violations", "passes"],
    runOnly: { type: "rule", values: ["color-contrast"] },
  });
  const passed = answer.passes.flatMap((rule) => rule.nodes.map((node) => looks.get(node.element)));
  return {
    violations: answer.violations.map((rule) => ({ id: rule.id, nodes: rule.nodes.map(({ target }) => ({ target })) })),
    read: [...new Set(passed)].filter((look) => look),
  };
}"""


def violations(page: Page) -> list[dict[str, Any]]:
    """What is hard to read on a page, as axe tells it, at its present width and in its present theme."""
    answer = page.evaluate(ASK, sorted(READ))
    READ.update(answer["read"])
    return list(answer["violations"])
