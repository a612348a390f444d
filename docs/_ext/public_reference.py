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
from mcfiber.descriptions.record import Description
from mcfiber.units import unit_of

# Page, title, introduction, and the modules whose public names it shows.
PAGES = [
    ("system", "System and results", "A whole system, its evaluation, and what can be asked of a result.",
     ("mcfiber.descriptions.system", "mcfiber.evaluate", "mcfiber.result", "mcfiber.studies.uncertainty",
      "mcfiber.studies.sweeps", "mcfiber.studies.launch", "mcfiber.studies.search",
      "mcfiber.catalog", "mcfiber.figures.results")),
    ("spectrum", "Spectrum", "Which channels there are.", ("mcfiber.descriptions.spectrum",)),
    ("fiber", "Glass", "The fibre per metre: no power, no length.", ("mcfiber.fiber",)),
    ("link", "Line", "What accumulates with length or depends on power.", ("mcfiber.line", "mcfiber.simulation")),
    ("rate", "Receiver", "What arrives: rates and codes.", ("mcfiber.receiver",)),
    ("base", "Base", "What every description shares.", ("mcfiber.descriptions", "mcfiber.units")),
]  # fmt: skip

# Rooms whose functions are of use on their own.
ROOMS = {"fiber", "link", "rate"}

INDEX = """
Reference
=========

Everything here is written from the library itself. The names are those of ``import mcfiber as mcf``.

.. toctree::
   :maxdepth: 2

{pages}
"""

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
    shown: set[str] = set()
    pages = []
    for name, title, introduction, modules in PAGES:
        public = {key: thing for key, thing in _public().items() if thing.__module__.startswith(modules)}
        public = dict(sorted(public.items(), key=lambda item: _place(item[1].__module__, modules)))
        if public:
            shown |= public.keys()
            pages.append(name)
            more = _more(modules, public) if name in ROOMS else []
            _write(folder / f"{name}.rst", "\n".join([_page(title, introduction, public), *more]))
    if missing := set(mcfiber.__all__) - shown:
        msg = f"public names that no reference page shows: {sorted(missing)}"
        raise RuntimeError(msg)
    _write(folder / "variables.rst", _variables())
    _write(folder / "kernels.rst", _kernels())
    pages += ["variables", "kernels"]
    _write(folder / "index.rst", INDEX.format(pages="\n".join(f"   {page}" for page in pages)))


def _place(module: str, modules: tuple[str, ...]) -> int:
    return next(place for place, prefix in enumerate(modules) if module.startswith(prefix))


def _public() -> dict[str, Any]:
    return {name: getattr(mcfiber, name) for name in sorted(mcfiber.__all__)}


def _page(title: str, introduction: str, public: dict[str, Any]) -> str:
    parts = [_heading(title, "="), introduction, "", ".. currentmodule:: mcfiber", ""]
    for name, thing in public.items():
        parts += [_heading(name, "-"), _entry(name, thing)]
        if inspect.isclass(thing) and issubclass(thing, Description) and thing is not Description:
            parts.append(_fields(thing))
    if title == "System and results":
        parts += [_heading("What evaluating does", "-"), ".. autofunction:: mcfiber.evaluate.evaluate", ""]
        parts += [_heading("Questions to a result", "-"), "Reached as ``result.mcf``.", ""]
        parts.append(
            _class_entry("mcfiber.result.ResultAccessor", importlib.import_module("mcfiber.result").ResultAccessor)
        )
    return "\n".join(parts)


def _more(modules: tuple[str, ...], public: dict[str, Any]) -> list[str]:
    """Functions and classes of a room that have no name at the top: reached by their module."""
    parts: list[str] = []
    for module in _modules(modules):
        own = {
            name: thing
            for name, thing in vars(module).items()
            if not name.startswith("_")
            and getattr(thing, "__module__", "") == module.__name__
            and (inspect.isfunction(thing) or inspect.isclass(thing))
            and thing not in public.values()
            and thing.__doc__
        }
        if own:
            parts += [_heading(f"In {module.__name__}", "-"), (module.__doc__ or "").strip().splitlines()[0], ""]
            for name, thing in own.items():
                parts.append(_entry(f"{module.__name__.removeprefix('mcfiber.')}.{name}", thing))
    return parts


def _modules(prefixes: tuple[str, ...]) -> list[Any]:
    found = (module.name for module in pkgutil.walk_packages(mcfiber.__path__, "mcfiber."))
    return [importlib.import_module(name) for name in sorted(found) if name.startswith(prefixes)]


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
