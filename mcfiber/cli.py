"""The command line: ``mcfiber list | show | run | sweep | cable``."""

import json
import math
import os
import sys
import tomllib
import warnings
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import numpy as np
import typer

import mcfiber
from mcfiber.descriptions.errors import DescriptionError, printable, shortened
from mcfiber.descriptions.system import check_depth
from mcfiber.typing import FloatArray

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

app = typer.Typer(
    help="How many bits per second arrive through a multicore fibre, and what limits them?",
    add_completion=False,
    pretty_exceptions_enable=False,
)

SystemName = Annotated[
    str, typer.Argument(metavar="SYSTEM", help="Name in the catalogue, or path of a TOML file.", show_default=False)
]

_UsageError: Any = typer.BadParameter.__bases__[0]
"""Base of what typer raises for wrong options and arguments, which it does not export."""


class UserError(Exception):
    """A mistake that one sentence explains."""


def _between(low: int, high: int | None) -> Callable[[typer.CallbackParam, int | None], int | None]:
    """Make a check of a number's range, with a message that shows value and range."""

    def check(parameter: typer.CallbackParam, value: int | None) -> int | None:
        if value is not None and (value < low or (high is not None and value > high)):
            allowed = f"{low} to {high}" if high is not None else f"at least {low}"
            msg = f"--{str(parameter.name).replace('_', '-')}: got {value}; allowed: a whole number, {allowed}"
            raise UserError(msg)
        return value

    return check


@app.command("list")
def list_systems(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the systems of the catalogue with reported rate and distance."""
    from mcfiber import report

    if as_json:
        _print_json(report.catalogue_numbers())
    else:
        _print(report.catalogue_table())


@app.command()
def show(
    system: SystemName,
    as_toml: Annotated[bool, typer.Option("--toml", help="Print the description as TOML, to start your own.")] = False,
) -> None:
    """Show a system: every value, and where it comes from."""
    from mcfiber import report

    entry = mcfiber.load(system)
    if as_toml:
        sys.stdout.write(entry.system.to_toml())
    else:
        sys.stdout.write(f"{printable(entry.title or entry.name)}\n")
        if entry.provenance:
            _print(report.provenance_table(entry))
        else:
            sys.stdout.write(entry.system.to_toml())


@app.command()
def run(
    system: SystemName,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="PATH=VALUE", help="Set a value; it is then no longer uncertain."),
    ] = None,
    samples: Annotated[int, typer.Option(callback=_between(1, 1_000_000), help="Samples of what is not known.")] = 256,
    seed: Annotated[int, typer.Option(callback=_between(0, None), help="Seed of the samples.")] = 0,
    output: Annotated[Path | None, typer.Option(help="Write the result (NetCDF, or Zarr if it ends in .zarr).")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Predict a system's net rate: interval, report, limits, assumptions."""
    from mcfiber import report, result

    if output is not None:
        _check_output(output)
    entry = mcfiber.load(system)
    if changes:
        entry = entry.with_values(dict(map(_assignment, changes)))
    predicted = mcfiber.predict(entry, samples=samples, seed=seed)
    if output is not None:
        result.write(predicted, output)
    if as_json:
        _print_json(report.numbers(predicted, entry))
    else:
        _print(report.prediction(predicted, entry))


@app.command("sweep")
def sweep_system(
    system: SystemName,
    over: Annotated[
        list[str],
        typer.Option(metavar="PATH=FROM:TO:COUNT", help="Values of a field; also PATH=1,2,5. Repeat for a grid."),
    ],
    outputs: Annotated[
        list[str] | None, typer.Option("--save", help="Variable to keep, as in total_net_rate or crosstalk:max.")
    ] = None,
    paired: Annotated[bool, typer.Option("--paired", help="First values together, then second ...; no grid.")] = False,
    store: Annotated[Path | None, typer.Option(help="Zarr folder to write to; resumes what it holds.")] = None,
    workers: Annotated[
        int | None, typer.Option(callback=_between(1, 1024), help="Threads; all processors by default.")
    ] = None,
    memory_mb: Annotated[
        float, typer.Option(callback=_between(1, 1_000_000), help="Memory of one block of points; each worker has one.")
    ] = 192,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Evaluate a system over many values of its fields; prints the smallest and largest of each output."""
    from rich.progress import MofNCompleteColumn, Progress

    from mcfiber import report

    axes: dict[str, Any] = {}
    for path, values in map(_axis, over):
        if path in axes:
            msg = f"--over: {path} is given twice; give all its values at once"
            raise UserError(msg)
        axes[path] = values
    entry = mcfiber.load(system)
    console = _console(stderr=True)
    columns = (*Progress.get_default_columns(), MofNCompleteColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("sweeping", total=None)
        result = mcfiber.sweep(
            entry.system,
            axes,
            outputs=outputs or ["total_net_rate"],
            arrangement="paired" if paired else "grid",
            store=store,
            workers=workers,
            memory_mb=memory_mb,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    figures = report.sweep_numbers(result)
    if as_json:
        _print_json(figures)
    else:
        _print(report.sweep_table(figures))


@app.command()
def cable(
    name: Annotated[
        str | None,
        typer.Argument(metavar="CABLE", help="Name in the catalogue, or path of a TOML file; lists all if left out."),
    ] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="PATH=VALUE", help="Set a value; it is then no longer uncertain."),
    ] = None,
    samples: Annotated[int, typer.Option(callback=_between(1, 1_000_000), help="Samples of what is not known.")] = 256,
    seed: Annotated[int, typer.Option(callback=_between(0, None), help="Seed of the samples.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Tell what a power-fed cable carries, at which energy, and what binds it."""
    from mcfiber import cable_report

    if name is None:
        if as_json:
            _print_json(cable_report.cable_list())
        else:
            _print(cable_report.cable_table())
        return
    entry = mcfiber.load_cable(name)
    if changes:
        entry = entry.with_values(dict(map(_assignment, changes)))
    figures = cable_report.cable_numbers(
        mcfiber.predict(entry, samples=samples, seed=seed), entry.cable.evaluate(), entry
    )
    if as_json:
        _print_json(figures)
    else:
        _print(cable_report.cable_text(figures, entry))


@app.command()
def atlas(
    samples: Annotated[int, typer.Option(callback=_between(2, 1_000_000), help="Samples of each system.")] = 256,
    seed: Annotated[int, typer.Option(callback=_between(0, None), help="Seed of the samples.")] = 0,
    calibrated: Annotated[
        bool, typer.Option("--calibrated", help="Also predict systems conditioned on a sibling's report.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Predict every system of the catalogue and set it beside its report."""
    from rich.progress import track

    from mcfiber import catalog, report

    rows = []
    for name in track(catalog.names(), description="predicting", console=_console(stderr=True), transient=True):
        entry = mcfiber.load(name)
        if entry.reported.net_rate_tbps is not None:
            rows.append(report.atlas_row(entry, samples=samples, seed=seed))
        if calibrated and entry.calibrated_on:
            rows.append(report.calibrated_row(entry, samples=8 * samples, seed=seed))
    if as_json:
        _print_json([asdict(row) | {"ratio": row.ratio, "inside": row.inside} for row in rows])
    else:
        _print(report.atlas_table(rows))


def main() -> None:
    """Run the command line; a user's mistake is one clear message and exit status 2."""
    warnings.showwarning = lambda message, *_args, **_kwargs: _tell(f"note: {message}")
    try:
        status = app(sys.argv[1:] or ["--help"], prog_name="mcfiber", standalone_mode=False)
        sys.stdout.flush()
        if status == STOPPED:
            _fail("stopped", STOPPED)
        sys.exit(status if isinstance(status, int) else 0)
    except (KeyboardInterrupt, typer.Abort):
        _fail("stopped", STOPPED)
    except BrokenPipeError:
        _drop_output()
        sys.exit(1)
    except Exception as error:
        if os.environ.get("MCFIBER_TRACEBACK"):
            raise
        _drop_output()
        _fail(_explained(error))


STOPPED = 130
"""Exit status of what was interrupted."""

MOST_PROBLEMS = 5
"""Problems of a description that one message tells."""


def _explained(error: Exception) -> str:
    """Say in one sentence what went wrong; a mistake of the library itself says so."""
    match error:
        case _UsageError():
            return f"{error.format_message()} (see mcfiber --help)"
        case DescriptionError():
            told = [f"{path}: {text}" if path else text for path, text in error.problems]
            more = f"; and {len(told) - MOST_PROBLEMS} more" if len(told) > MOST_PROBLEMS else ""
            return "; ".join(told[:MOST_PROBLEMS]) + more
        case OSError() if not isinstance(error, FileExistsError):  # a store that cannot be written to, a full disk
            reason = error.strerror or str(error)
            return f"{error.filename}: {reason}" if error.filename else reason
        case UserError() | ValueError() | ImportError() | FileExistsError():
            return str(error)
        case MemoryError():
            return "there is not enough memory; ask for fewer samples or points"
        case RecursionError():
            return "a value is nested too deeply"
        case _:
            return (
                f"internal error, please report it: {type(error).__name__}: {error} (MCFIBER_TRACEBACK=1 shows where)"
            )


def _drop_output() -> None:
    """Send what is not printed yet nowhere: its reader is gone, its disk is full, or it would be half an answer."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):  # not a file
        return


def _assignment(
    text: str, option: str = "--set", form: str = "path=value, as in link.launch_power_dbm=1"
) -> tuple[str, Any]:
    path, equals, value = text.partition("=")
    if not equals or not path.strip():
        msg = f"{option}: got {text!r}; write {form}"
        raise UserError(msg)
    try:
        table = tomllib.loads(f"value = {value}")
        check_depth(table)
    except tomllib.TOMLDecodeError:
        return path.strip(), value.strip()
    except RecursionError:
        msg = f"{option}: got {text!r}, which is nested too deeply"
        raise UserError(msg) from None
    if len(table) > 1:  # more lines, more values
        msg = f"{option}: got {text!r}, which is more than one value; repeat {option} for each"
        raise UserError(msg)
    return path.strip(), table["value"]


MOST_VALUES = 10_000_000
"""Values of an axis at most: hours of work."""


def _axis(text: str) -> tuple[str, Any]:
    path, _, value = text.partition("=")
    if path.strip() and value.count(":") == 2 and not value.lstrip().startswith(("[", "{", '"', "'")):
        return path.strip(), _spaced(text, value)
    path, given = _assignment(text, "--over", "path=from:to:count or path=1,2,5")
    if isinstance(given, str):
        given = [_assignment(f"value={part}")[1] for part in given.split(",")]
    return path, given if isinstance(given, list) else [given]


def _spaced(text: str, value: str) -> FloatArray | list[float]:
    """Evenly spaced values; where the limits are written as whole numbers, so are those that are."""
    start, stop, count = (part.strip() for part in value.split(":"))
    try:
        limits, number = (float(start), float(stop)), int(count)
    except ValueError:
        number = 0
    if number < 1 or not np.isfinite(limits).all():
        msg = f"--over: got {text!r}; write path=from:to:count with two numbers and a whole count of at least 1"
        raise UserError(msg)
    if not math.isfinite(limits[1] - limits[0]):
        msg = f"--over: got {text!r}, whose limits are further apart than numbers reach; bring them closer"
        raise UserError(msg)
    if number > MOST_VALUES:
        msg = f"--over: got {text!r}, {number:,} values; allowed: at most {MOST_VALUES:,}"
        raise UserError(msg)
    values = np.linspace(*limits, number)
    if "." in start + stop:
        return values
    return [int(value) if value == round(value) else value for value in values.tolist()]


def _check_output(path: Path) -> None:
    if path.suffix not in (".nc", ".zarr"):
        msg = f"--output: got {str(path)!r}; the name must end in .nc (NetCDF) or .zarr"
        raise UserError(msg)
    if not path.parent.is_dir():
        msg = f"--output: there is no folder {str(path.parent)!r}; make it first"
        raise UserError(msg)
    if path.suffix == ".nc" and path.is_dir():
        msg = f"--output: {str(path)!r} is a folder; choose another name"
        raise UserError(msg)
    if path.suffix == ".zarr" and path.exists():
        msg = f"--output: {str(path)!r} exists already; remove it, or choose another name"
        raise UserError(msg)
    if not os.access(path.parent, os.W_OK):
        msg = f"--output: the folder {str(path.parent)!r} cannot be written to"
        raise UserError(msg)


def _console(*, stderr: bool = False) -> "Console":
    from rich.console import Console

    # What users write is text: no markup, no emoji.
    console = Console(stderr=stderr, markup=False, emoji=False)
    # Where output goes to a file or a pipe, tables keep a width that needs no folding.
    console.width = console.width if console.is_terminal else max(console.width, 140)
    return console


def _print(thing: "RenderableType") -> None:
    _console().print(thing)


def _print_json(thing: object) -> None:
    sys.stdout.write(json.dumps(_finite(thing), indent=2, allow_nan=False) + "\n")


def _finite(thing: object) -> object:
    """Put null where JSON has no number."""
    if isinstance(thing, dict):
        return {key: _finite(item) for key, item in thing.items()}
    if isinstance(thing, (list, tuple)):
        return [_finite(item) for item in thing]
    return None if isinstance(thing, float) and not math.isfinite(thing) else thing


def _tell(message: str) -> None:
    sys.stderr.write(f"mcfiber: {printable(shortened(' '.join(message.splitlines())))}\n")


def _fail(message: str, status: int = 2) -> NoReturn:
    _tell(message)
    sys.exit(status)
