"""Reference pages written from the library itself: its public names, its table of variables, its kernels."""

import importlib
import inspect
import pkgutil
import re
from pathlib import Path
from typing import Any

from docutils import nodes
from pydantic_core import PydanticUndefined
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx

import mcfiber
import mcfiber.kernels
from mcfiber import variables
from mcfiber._jit import Kernel
from mcfiber.descriptions.errors import DescriptionError
from mcfiber.descriptions.models import INTERFERENCE, RULES, InterferenceModel
from mcfiber.descriptions.record import Description
from mcfiber.descriptions.values import FORMS, RESERVED_AXES, declarations
from mcfiber.line.budget import NOISES
from mcfiber.units import unit_of

# Page, title, introduction, and the rooms whose names it shows: public ones first, then those reached by their module.
PAGES = [
    ("results", "Systems and results", "A system, its evaluation, what can be asked of a result, and the catalogue.",
     ("mcfiber.descriptions.system", "mcfiber.evaluate", "mcfiber.cable", "mcfiber.result", "mcfiber.status",
      "mcfiber.catalog")),
    ("descriptions", "Descriptions", "What something is, in the units of the field names.", ("mcfiber.descriptions",)),
    ("fiber", "Glass", "The fibre per metre: no power, no length.", ("mcfiber.fiber",)),
    ("line", "Line", "What accumulates with length or depends on power.", ("mcfiber.line",)),
    ("receiver", "Receiver", "What arrives: needs only a signal-to-noise ratio.", ("mcfiber.receiver",)),
    ("simulation", "Simulation", "The slow and the random, on the same records.", ("mcfiber.simulation",)),
    ("exchange", "Measured data", "Other people's files: tables, constellations, channels.", ("mcfiber.exchange",)),
    ("studies", "Studies", "Many evaluations: sweeps, uncertainty, search, launch powers.", ("mcfiber.studies",)),
    ("figures", "Figures", "Of results, fibres, crosstalk, mixing and waveforms.", ("mcfiber.figures",)),
    ("arrays", "Plain arrays", "The door for other programs: no description, no labels.", ("mcfiber.arrays",)),
    ("base", "Base", "Units, and the way from labels to kernels.",
     ("mcfiber.units", "mcfiber.dimensions", "mcfiber.labelled", "mcfiber._jit")),
]  # fmt: skip

INDEX = """
Reference
=========

Everything here is written from the library itself. The names are those of ``import mcfiber as mcf``.

.. toctree::
   :maxdepth: 2

{pages}
"""

ABOUT_MODELS = """\
Tables, not branches: the library reads these where it evaluates, refuses, optimises and draws, and this page is written
from them."""

RULES_OF = {
    "models": "Of :class:`~mcfiber.Models`:",
    "link": "Of :class:`~mcfiber.Link`:",
    "system": "Of :class:`~mcfiber.System`:",
    "optimize_launch": "Beyond what every system keeps:",
}

ABOUT_VALUES = """\
Every real-valued field declares once its range and the ways in which it may vary; refusals, the JSON schema and this
page read the declaration. :doc:`/values` has an example of each way."""

ABOUT_VARIABLES = """\
One table in the library holds them; it stamps the attributes, and the tests and this page read it. A variable has a
dimension only if it differs along it; axes of a sweep, ``sample`` and ``span`` come on top."""

ABOUT_KERNELS = """\
For writers of other tools: functions of plain arrays in SI units, with none of the library's objects. One with a
signature broadcasts like a NumPy generalised ufunc: inputs are numbers or arrays with the core dimensions last, what
stands in square brackets is shared by all designs and passed as it is, outputs are returned, and ``sizes`` gives the
length of a dimension that no input has. Its attribute ``compiled`` is the function that is described: every array has
one leading dimension ``n``, the designs; outputs come last and are filled. The others are helpers, which other kernels
call. No value is checked."""


def write_pages(app: Sphinx) -> None:
    """Write all reference pages; a page that did not change keeps its date, so that it is not built again."""
    folder = Path(app.srcdir) / "reference"
    folder.mkdir(exist_ok=True)
    pages = {
        "models": _models(),
        "values": _values(),
        "variables": _variables(),
        "kernels": _kernels(),
    }
    rooms: dict[str, list[str]] = {name: [] for name, *_ in PAGES}
    for module in _modules():
        if page := _page_of(module):
            rooms[page].append(module)
    public = _public()
    for name, title, introduction, prefixes in PAGES:
        modules = sorted(rooms[name], key=lambda module: _place(module, prefixes))
        shown = {key: thing for module in modules for key, thing in public.items() if thing.__module__ == module}
        pages[name] = "\n".join([_page(title, introduction, shown), *_more(modules, shown)])
        public = {key: thing for key, thing in public.items() if key not in shown}
    if public:
        msg = f"public names that no reference page shows: {sorted(public)}"
        raise RuntimeError(msg)
    order = [*(name for name, *_ in PAGES), "models", "values", "variables", "kernels"]
    pages["index"] = INDEX.format(pages="\n".join(f"   {page}" for page in order))
    for old in set(folder.glob("*.rst")) - {folder / f"{name}.rst" for name in pages}:
        old.unlink()
    for name, text in pages.items():
        _write(folder / f"{name}.rst", text)


def _modules() -> list[str]:
    return sorted(module.name for module in pkgutil.walk_packages(mcfiber.__path__, "mcfiber."))


def _page_of(module: str) -> str:
    """Page of a module: that of the longest room it lies in; none for kernels, variables and the command line."""
    rooms = [(len(room), page) for page, _, _, given in PAGES for room in given if _lies_in(module, room)]
    return max(rooms, default=(0, ""))[1]


def _lies_in(module: str, room: str) -> bool:
    return module == room or module.startswith(f"{room}.")


def _place(module: str, rooms: tuple[str, ...]) -> int:
    return next(place for place, room in enumerate(rooms) if _lies_in(module, room))


def _public() -> dict[str, Any]:
    return {name: getattr(mcfiber, name) for name in sorted(mcfiber.__all__)}


def _page(title: str, introduction: str, public: dict[str, Any]) -> str:
    parts = [_heading(title, "="), introduction, "", ".. currentmodule:: mcfiber", ""]
    for name, thing in public.items():
        parts += [_heading(name, "-"), _entry(name, thing)]
        if inspect.isclass(thing) and issubclass(thing, Description) and thing is not Description:
            parts.append(_fields(thing))
    if title == "Systems and results":
        parts += [_heading("Questions to a result", "-"), "Reached as ``result.mcf``.", ""]
        parts.append(
            _class_entry("mcfiber.result.ResultAccessor", importlib.import_module("mcfiber.result").ResultAccessor)
        )
    return "\n".join(parts)


def _more(modules: list[str], public: dict[str, Any]) -> list[str]:
    """Functions and classes of a room that have no name at the top: reached by their module."""
    parts: list[str] = []
    for module in map(importlib.import_module, modules):
        own = {
            name: thing
            for name, thing in vars(module).items()
            if not name.startswith("_")
            and getattr(thing, "__module__", "") == module.__name__
            and (inspect.isfunction(thing) or inspect.isclass(thing))
            and thing not in public.values()
            and thing.__doc__
            and thing.__name__ != "ResultAccessor"  # shown above
        }
        if own:
            parts += [_heading(f"In {module.__name__}", "-"), (module.__doc__ or "").strip().splitlines()[0], ""]
            for name, thing in own.items():
                parts.append(_entry(f"{module.__name__.removeprefix('mcfiber.')}.{name}", thing))
    return parts


def _entry(name: str, thing: Any) -> str:
    if not inspect.isclass(thing):
        return f".. autofunction:: mcfiber.{name}\n"
    return _class_entry(f"mcfiber.{name}", thing)


def _class_entry(path: str, thing: type) -> str:
    members = [
        name
        for name, member in vars(thing).items()
        if not name.startswith(("_", "model_")) and getattr(member, "__doc__", None) and _is_method(member)
    ]
    return f".. autoclass:: {path}\n" + (f"   :members: {', '.join(members)}\n" if members else "")


def _is_method(member: Any) -> bool:
    return isinstance(member, property | classmethod | staticmethod) or inspect.isfunction(member)


def _fields(description: type[Description]) -> str:
    allowed = _allowed(description)
    rows = [("Field", "Unit", "Default", "Allowed")]
    for name, field in description.model_fields.items():
        unit = unit_of(name)
        if field.default_factory is not None:
            default = "empty"
        elif field.default is PydanticUndefined:
            default = "required"
        elif isinstance(field.default, Description):
            kind = type(field.default).__name__
            default = f":class:`~mcfiber.{kind}`" if kind in mcfiber.__all__ else f"``{kind}()``"
        else:
            default = "none" if field.default is None else f"``{field.default!r}``"
        rows.append((f"``{name}``", unit.label if unit else "", default, allowed.get(name, "")))
    return _table(rows, widths="34 14 16 36", style="fields")


def _allowed(description: type[Description]) -> dict[str, str]:
    """Ask a description what it accepts: give it something wrong in every field, and read what it says."""

    class Wrong:
        def __repr__(self) -> str:
            return "wrong"

    try:
        description(**{name: Wrong() for name in description.model_fields})
    except DescriptionError as error:
        told = {path.split(".")[0]: text for path, text in error.problems}
        return {
            name: re.sub(r"a table of the values of an? (\w+), or an? \w+", r"a table or a \1", match[1])
            for name, text in told.items()
            if (match := re.search(r"allowed: ([^;]*)", text))
        }
    return {}


def _models() -> str:
    """Tables of noises, of interference models, and of what goes with what."""
    noises = [("Noise", "Power", "Ratio", "Enters", "Displaces signal")]
    for noise in NOISES:
        enters = "before the penalty of mode-dependent loss" if noise.enters == "line" else "after it"
        power = f":data:`{noise.power}`" if noise.power else ""
        noises.append((noise.label, power, f":data:`{noise.ratio}`", enters, _yes(noise.displaces)))
    parts = [
        _heading("Models, and what goes with what", "="),
        ABOUT_MODELS,
        "",
        _heading("Noises", "-"),
        "In the order of the path. Evaluation, limits, figures and the optimiser read this table.",
        "",
        _table(noises, widths="24 20 14 28 14", style="noises"),
        _heading("Models of nonlinear interference", "-"),
        _table(
            _interference(list(INTERFERENCE.values())),
            widths=" ".join(["15", *["17"] * len(INTERFERENCE)]),
            style="models",
        ),
        _heading("Refused when described", "-"),
    ]
    for who, title in RULES_OF.items():
        if who == "optimize_launch":
            parts += [_heading("Refused by :func:`~mcfiber.optimize_launch`", "-")]
        rows = [("Where", "Why", "Remedy")]
        for rule in RULES[who]:
            when = f" (objective ``{rule.when}``)" if rule.when else ""
            where = ", ".join(f"``{path}``" for path in rule.at.split(", "))
            rows.append((where, _code(rule.sentence) + when, _code(rule.remedy)))
        parts += [title, "", _table(rows, widths="34 40 26", style="rules")]
    return "\n".join(parts)


def _interference(models: list[InterferenceModel]) -> list[tuple[str, ...]]:
    return [
        ("", *(f"``{model.name}``" for model in models)),
        ("What it is", *(_code(model.what) for model in models)),
        ("Valid", *(model.valid for model in models)),
        ("Follows the computed power", *(_yes(model.follows_power) for model in models)),
        ("Adds up over spans", *(" or ".join(model.accumulations) for model in models)),
        ("Counts the format", *(_yes(model.format_correction) for model in models)),
        ("Gradient", *(_yes(model.gradient) for model in models)),
    ]


def _yes(truth: bool) -> str:
    return "yes" if truth else "no"


def _code(text: str) -> str:
    """Set names in quotes, and what is assigned, as code."""
    text = re.sub(r'([\w.]+ = )?"(\w+)"', lambda match: f"``{match[0]}``", text)
    return re.sub(r"([\w.]+ = (?:\w+))(?!\w*`)", lambda match: f"``{match[0]}``", text)


def _values() -> str:
    """Table of the forms of a value, of the names that axes cannot have, and of what every field allows."""
    forms = [("Word", "What the field may hold"), *((f"``{word}``", text) for word, text in FORMS.items())]
    remedies: dict[str, list[str]] = {}
    for name, remedy in RESERVED_AXES.items():
        remedies.setdefault(remedy, []).append(name)
    reserved = [("Names", "Instead")]
    for remedy, names in remedies.items():
        reserved.append((", ".join(f"``{name}``" for name in names), _braced(remedy)))
    fields = [("Field", "Range", "May be")]
    for thing in _public().values():
        if (
            inspect.isclass(thing)
            and issubclass(thing, Description)
            and thing.__module__ != "mcfiber.descriptions.values"
        ):
            for field, found in declarations(thing).items():
                if set(found.varies) - {"axis"}:
                    fields.append((f"``{thing.__name__}.{field}``", found.range_text(), found.forms_text()))
    return "\n".join(
        [
            _heading("How a value may vary", "="),
            ABOUT_VALUES,
            "",
            _heading("Forms", "-"),
            _table(forms, widths="20 80", style="forms"),
            _heading("Names that an axis cannot have", "-"),
            "Every result has them for other reasons, so a described axis of that name is refused.",
            "",
            _table(reserved, widths="50 50", style="reserved"),
            _heading("Fields that vary in more ways than an axis", "-"),
            _table(fields, widths="36 30 34", style="fields"),
        ]
    )


def _braced(text: str) -> str:
    return re.sub(r"\{.*?\}", lambda match: f"``{match[0]}``", text)


def _variables() -> str:
    parts = [
        _heading("Variables of a result", "="),
        ABOUT_VARIABLES,
        "",
        ".. py:currentmodule:: mcfiber.variables",
        "",
    ]
    for variable in variables.every_variable():
        low, high = variable.low, variable.high
        bounds = (
            f"{low:g} to {high:g}"
            if high < float("inf")
            else f"at least {low:g}"
            if low > -float("inf")
            else "any value"
        )
        unit = f"``{variable.units}``" if variable.units else "none"
        parts += [
            f".. py:data:: {variable.name}",
            "   :no-contents-entry:",
            "",
            f"   {variable.long_name[:1].upper()}{variable.long_name[1:]}. {variable.comment}",
            "",
            f"   Unit: {unit}; dimensions: {', '.join(variable.dims) or 'none'}; {bounds}.",
            *([f"   Source: {variable.source}"] if variable.source else []),
            "",
        ]
    return "\n".join(parts)


def _python_of(thing: Any) -> Any:
    """Give the function that a kernel was made of, compiled or not."""
    return thing.__wrapped__ if isinstance(thing, Kernel) else getattr(thing, "py_func", None) or thing


def _kernels() -> str:
    parts = [
        _heading("Kernels", "="),
        ABOUT_KERNELS,
        "",
    ]
    for found in sorted(pkgutil.iter_modules(mcfiber.kernels.__path__), key=lambda module: module.name):
        module = importlib.import_module(f"mcfiber.kernels.{found.name}")
        functions = {
            name: (thing, function)
            for name, thing in vars(module).items()
            if not name.startswith("_")
            and inspect.isfunction(function := _python_of(thing))
            and function.__module__ == module.__name__
            and function.__doc__
        }
        parts += [_heading(found.name, "-"), (module.__doc__ or "").strip().splitlines()[0], ""]
        for name, (thing, function) in functions.items():
            arguments = list(inspect.signature(function).parameters)
            entry = isinstance(thing, Kernel)
            if entry:
                arguments = arguments[: -len(thing.signature.outputs)]
            text = inspect.cleandoc(function.__doc__ or "")
            parts += [
                f".. py:function:: mcfiber.kernels.{found.name}.{name}({', '.join(arguments)})",
                "",
                *([f"   Signature: ``{thing.signature}``", ""] if entry else []),
                "   .. code-block:: text",
                "",
            ]
            parts += [f"      {line}".rstrip() for line in text.splitlines()] + [""]
    return "\n".join(parts)


def _heading(text: str, line: str) -> str:
    return f"{text}\n{line * len(text)}\n"


def _table(rows: list[tuple[str, ...]], *, widths: str, style: str) -> str:
    lines = [".. list-table::", "   :header-rows: 1", f"   :widths: {widths}", f"   :class: {style}", ""]
    for row in rows:
        lines += [f"   {'* -' if position == 0 else '  -'} {cell}".rstrip() for position, cell in enumerate(row)]
    return "\n".join([*lines, ""])


def _write(path: Path, text: str) -> None:
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def find_short_name(app: Sphinx, env: Any, node: pending_xref, content: nodes.Node) -> nodes.Node | None:
    """Let pages name a variable without its module, and a public name by the module that defines it."""
    if node.get("refdomain") != "py":
        return None
    domain, last = env.get_domain("py"), node["reftarget"].rpartition(".")[2]
    for target in (f"mcfiber.variables.{last}", f"mcfiber.{last}"):
        if target in domain.objects:
            return domain.resolve_xref(env, node["refdoc"], app.builder, node["reftype"], target, node, content)
    return None


def setup(app: Sphinx) -> dict[str, bool]:
    """Write the pages before the sources are read."""
    app.connect("builder-inited", write_pages)
    app.connect("missing-reference", find_short_name)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
