"""Formulas as drawings: typeset while the pages are built, so that they need neither a network nor a script."""

from typing import Any
from xml.etree import ElementTree as ET

import ziamath
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

INLINE_SIZE, BLOCK_SIZE = 17, 19
TALLEST = 200  # pixels; a taller drawing is a bracket gone wrong

ziamath.config.math.color = "currentColor"
ziamath.config.svg2 = False
log = logging.getLogger(__name__)


def _drawing(latex: str, node: nodes.Node, *, inline: bool) -> str:
    formula = ziamath.Latex(latex, size=INLINE_SIZE if inline else BLOCK_SIZE, inline=inline)
    picture = formula.svgxml()
    height, drop = float(picture.attrib["height"]), formula.getyofst()
    if height > TALLEST:
        log.warning("formula is drawn %d pixels tall: %s", height, latex, location=node)
    picture.set("class", "math")
    picture.set("role", "img")
    picture.set("aria-label", " ".join(latex.split()))
    if inline:
        picture.set("style", f"vertical-align: {drop:.2f}px")
    return ET.tostring(picture, encoding="unicode")


def visit_math(self: Any, node: nodes.math) -> None:
    """Draw a formula inside a line."""
    self.body.append(_drawing(node.astext(), node, inline=True))
    raise nodes.SkipNode


def visit_math_block(self: Any, node: nodes.math_block) -> None:
    """Draw a formula on lines of its own: one for each ``\\\\``."""
    self.body.append(self.starttag(node, "div", CLASS="math-block"))
    lines = [line.replace("&", "") for line in node.astext().split(r"\\") if line.strip()]
    drawings = "<br/>".join(_drawing(line, node, inline=False) for line in lines)
    self.body.append(f'<div class="math-body">{drawings}</div>')
    if node.get("number"):
        self.body.append(f'<span class="eqno">({get_node_equation_number(self, node)})')
        self.add_permalink_ref(node, "Link to this equation")
        self.body.append("</span>")
    self.body.append("</div>\n")
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    """Register as the way to show formulas in HTML."""
    app.add_html_math_renderer("drawn", (visit_math, None), (visit_math_block, None))
    app.config["html_math_renderer"] = "drawn"
    return {"parallel_read_safe": True, "parallel_write_safe": True}
