"""Hostile TOML files and arguments, and what the command line makes of them.

A case is drawn from a seed: a description that is right (of the catalogue, or of `golden_systems`), harmed as a tree
of values, as text, or both; and a command with arguments that may be harmed too. `outcome` runs it by the function
that the program calls, in a process that may die, and tells what is wrong with the answer.
"""

import copy
import json
import os
import resource
import signal
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tomli_w
from golden_systems import Dice, wild_system
from soundness import plain_numbers, with_axes

import mcfiber
from mcfiber import cli
from mcfiber._jit import KernelCacheWarning
from mcfiber.catalog import names
from mcfiber.fiber.coupling import OverlappingTrenchesWarning
from mcfiber.line.closed_forms import ValidityWarning

NUMBERS = (
    1e200,
    -1e200,
    1e308,
    5e-324,
    -5e-324,
    1e-200,
    float("nan"),
    float("inf"),
    float("-inf"),
    -0.0,
    0.0,
    0,
    1,
    -1,
    2**31,
    2**63 - 1,
    -(2**63),
    10**30,
    1e16,
    0.1,
    1.5,
    100,
    True,
    False,
)
WORDS = (
    "",
    " ",
    "nan",
    "1",
    "[dB]",
    "[/km]",
    "[bold]b[/bold]",
    "[link=http://x]y[/link]",
    ":smile:",
    "\x1b[31mred\x1b[0m",
    "\x1b]0;title\x07",
    "\r\n",
    "\x00",
    "\x7f\x85",
    "\u202egnp.elif",
    "\u2028",
    "\ufeff",
    "\U0001f600",
    "é" * 40,
    "{}",
    "%s%n",
    "${HOME}",
    "../../etc/passwd",
    "x" * 5000,
    "QPSK",
    "weak",
    "groups",
    "none",
    "self",
    "channel",
)
KEYS = (
    "self",
    "axis",
    "values",
    "dim",
    "kind",
    "name",
    "channel",
    "core",
    "span",
    "draw",
    "sample",
    "status",
    "rung",
    "snr",
    "__class__",
    "model_fields",
    "model_config",
    "wavelength_nm",
    "value",
    "0",
    "-1",
    "",
    " ",
    "a.b",
    "é",
    "\x1b[31m",
    "[dB]",
    "cls",
    "C",
    "L",
    "k" * 3000,
    "item",
    "replace",
    "system",
    "provenance",
    "reported",
    "ranges",
    "\u202e",
)
RESERVED = (
    "channel",
    "core",
    "span",
    "draw",
    "sample",
    "core_out",
    "core_in",
    "status",
    "",
    " ",
    "\x1b[31m",
    "snr",
    "wavelength",
    "group",
    "limit",
    "rung",
    "point",
    "x" * 300,
)
PATHS = (
    "link.launch_power_dbm",
    "link.span.length_km",
    "fiber.layout.pitch_um",
    "transceiver.snr_db",
    "transceiver.format",
    "link.span_count",
    "fiber.core",
    "spectrum.groups.0.channels",
    "link.span.0.length_km",
    "name",
    "models",
    "link",
    "fiber.layout.cores",
    "fiber.coupling",
    "link.span.raman_pumps.0.power_mw",
    "self",
    "link..span",
    ".",
    "a",
    "é",
)
GOOD_AXES = (
    "link.launch_power_dbm=-2:4:4",
    "link.amplifier.noise_figure_db=4,5.5",
    "transceiver.format=QPSK,16QAM",
    "transceiver.snr_db=15:25:3",
    "fiber.dispersion_ps_per_nm_km=-1:1:3",
    "link.span_count=1,2",
    "models.raman=none,silica",
)
ODD_OUTPUTS = ("no/where.nc", "r.txt", "\x1b[31m.nc", "", ".", "my.toml", "r.nc/", ".nc")
NOTES = (ValidityWarning, OverlappingTrenchesWarning, KernelCacheWarning)
LIMIT_SECONDS = 120.0
LIMIT_BYTES = 6 * 2**30
LONGEST = 800


@dataclass
class Case:
    """A file, and the arguments of a command that reads it."""

    content: bytes
    arguments: list[str]
    harms: list[str] = field(default_factory=list)


# ---------------------------------------------------------------------------------------------------------
# harm


def case(seed: int) -> Case:
    """Draw one case."""
    dice = Dice(seed)
    command, harms = dice.one_of("run", "sweep", "show", weights=(0.6, 0.3, 0.1)), []
    tables = _right(dice, plain=command == "sweep")
    count = dice.one_of(0, 1, 2, 4, weights=(0.25, 0.5, 0.15, 0.1))
    harms.extend(_harm_tree(dice, tables) for _ in range(count))
    content = _written(tables).encode()
    if dice.chance(0.15):
        name, content = _harm_text(dice, content)
        harms.append(name)
    return Case(content, _arguments(dice, command, harms), harms)


def _right(dice: Dice, plain: bool) -> dict[str, Any]:
    """Tables that are right, small enough to be evaluated in well under a second; `plain` without axes."""
    if dice.chance(0.4):
        tables = copy.deepcopy(CATALOGUE[dice.one_of(*sorted(CATALOGUE))])
        for group in tables["system"]["spectrum"].get("groups", ()):
            few = min(group["channels"], 6)
            group |= {"channels": few, "spacing_ghz": group["spacing_ghz"] * (group["channels"] // few)}
            if isinstance(tables["system"]["link"].get("launch_power_dbm"), list):
                tables["system"]["link"]["launch_power_dbm"] = 0.0
        return tables
    while True:
        tables = wild_system(dice.whole(1, 100_000))["system"]
        if "integral" in tables["models"]["nonlinear_interference"]:
            tables["models"] = {"raman": tables["models"]["raman"]}
        try:
            mcfiber.System(**with_axes(tables))
        except mcfiber.DescriptionError:
            continue
        tables = plain_numbers(tables) if plain else tables
        return {"system": tables} if dice.chance(0.8) else tables


def _catalogue() -> dict[str, dict[str, Any]]:
    import tomllib

    folder = Path(mcfiber.__file__).parent / "catalog" / "systems"
    return {name: tomllib.loads((folder / f"{name}.toml").read_text()) for name in names()}


CATALOGUE = _catalogue()


def _written(tables: dict[str, Any]) -> str:
    try:
        return tomli_w.dumps(tables)
    except (RecursionError, TypeError, ValueError):  # what TOML cannot hold
        return "system = 1\n"


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, Any]]:
    """Every table or list with a key or index of it."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield value, key
        yield from _places(item, (*path, key))


def _hostile(dice: Dice, value: Any) -> Any:
    """A value in place of another: half of them near it, which may be right."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and dice.chance(0.5):
        near = dice.one_of(value * dice.number(0.3, 2.0), value + dice.number(-2.0, 2.0), -value, value * 10.0, 0.0)
        return round(near) if isinstance(value, int) and dice.chance(0.8) else near
    return dice.one_of(
        lambda: dice.one_of(*NUMBERS),
        lambda: dice.one_of(*WORDS),
        lambda: {"axis": dice.one_of(*RESERVED), "values": [value, value]},
        lambda: {"axis": "a", "values": dice.one_of([], [value], [value, "x"], [[value]], ["x"], value)},
        lambda: {"dim": dice.one_of(*RESERVED), "values": [1.0, 2.0]},
        lambda: [value, "x", {"a": 1}, [1.0], 2.5, True],
        list,
        dict,
        lambda: [value] * dice.one_of(1, 2, 7, 1000),
        lambda: {dice.one_of(*KEYS): value},
        lambda: {"C": value, "L": dice.one_of(*NUMBERS)},
        lambda: {"wavelength_nm": [1500.0, dice.one_of(*NUMBERS)], "value": [value, value]},
        lambda: {"kind": dice.one_of(*WORDS)},
        lambda: _nested(dice.one_of(5, 29, 40, 200)),
        lambda: -value if isinstance(value, (int, float)) else str(value),
        lambda: value * dice.one_of(1e-6, 1e6, 1e3) if isinstance(value, float) else [value],
    )()


def _nested(depth: int) -> list[Any]:
    value: list[Any] = [1]
    for _ in range(depth):
        value = [value]
    return value


def _harm_tree(dice: Dice, tables: dict[str, Any]) -> str:
    places = list(_places(tables))
    if not places:
        return "nothing left"
    holder, key = places[dice.whole(0, len(places) - 1)]
    what = dice.one_of("delete", "retype", "retype", "retype", "new key", "rename", "swap", "duplicate")
    if what == "delete":
        del holder[key]
    elif what == "new key" and isinstance(holder, dict):
        holder[dice.one_of(*KEYS)] = _hostile(dice, holder[key])
    elif what == "rename" and isinstance(holder, dict):
        holder[dice.one_of(*KEYS)] = holder.pop(key)
    elif what == "swap":
        other, place = places[dice.whole(0, len(places) - 1)]
        if not isinstance(other[place], (dict, list)) and not isinstance(holder[key], (dict, list)):
            holder[key], other[place] = other[place], holder[key]
    elif what == "duplicate" and isinstance(holder, list):
        holder.append(holder[key])
    else:
        holder[key] = _hostile(dice, holder[key])
    return what


def _harm_text(dice: Dice, content: bytes) -> tuple[str, bytes]:
    lines = content.splitlines(keepends=True)
    at, place = dice.whole(0, max(len(lines) - 1, 0)), dice.whole(0, len(content))
    more = dice.one_of(*WORDS).encode("utf-8", "surrogatepass")

    def inserted(what: bytes) -> bytes:
        return content[:place] + what + content[place:]

    harms: dict[str, Callable[[], bytes]] = {
        "cut": lambda: content[:place],
        "line twice": lambda: b"".join([*lines[:at], *lines[at : at + 1] * 2, *lines[at + 1 :]]),
        "line lost": lambda: b"".join([*lines[:at], *lines[at + 1 :]]),
        "word inserted": lambda: inserted(more),
        "bad bytes": lambda: inserted(dice.one_of(b"\xff\xfe", b"\xc3\x28", b"\x00", b"\xed\xa0\x80")),
        "byte order mark": lambda: b"\xef\xbb\xbf" + content,
        "two marks": lambda: b"\xef\xbb\xbf" * 2 + content,
        "utf-16": lambda: content.decode().encode("utf-16"),
        "carriage returns": lambda: content.replace(b"\n", b"\r"),
        "dos lines": lambda: content.replace(b"\n", b"\r\n"),
        "a byte changed": lambda: content[:place] + bytes([dice.whole(0, 255)]) + content[place + 1 :],
        "brackets": lambda: inserted(dice.one_of(b"[" * 3000, b"]" * 9, b"{" * 500, b"[[", b'"""', b"''' ")),
        "big number": lambda: b"big = " + b"9" * dice.one_of(400, 5000) + b"\n" + content,
        "megabyte": lambda: content + b"\nlong = '" + b"x" * 1_000_000 + b"'\n",
        "many keys": lambda: content + b"".join(b"k%d = %d\n" % (number, number) for number in range(3000)),
        "dotted": lambda: b".".join([b"a"] * 2000) + b" = 1\n" + content,
        "nothing": lambda: b"",
        "comment": lambda: inserted(b"#"),
        "date": lambda: b"when = 1979-05-27T07:32:00Z\n" + content,
    }
    name = dice.one_of(*harms)
    return name, harms[name]()


def _word(dice: Dice) -> str:
    value = dice.one_of(
        lambda: repr(dice.one_of(*NUMBERS)),
        lambda: dice.one_of(*WORDS),
        lambda: json.dumps(dice.one_of(*WORDS)),
        lambda: dice.one_of(
            "[" * 300, "{a = 1}", "[1, 'x']", "0\nname = 3", "1979-05-27", "{axis = 'core', values = [1]}"
        ),
        lambda: str(dice.number(-5, 5)),
    )()
    return value.replace("\x00", "\\0")  # no argument of a process holds it


def _arguments(dice: Dice, command: str, harms: list[str]) -> list[str]:
    """Arguments of a command; the file is called ``my.toml``."""
    found = [command, "my.toml"]
    if command == "show":
        return found + (["--toml"] if dice.chance(0.5) else [])
    if command == "run":
        few = str(dice.whole(1, 4))
        found += [
            "--samples",
            dice.one_of("0", "-3", "1000000", "1e9", "9" * 30, "", "nan") if dice.chance(0.1) else few,
        ]
        found += ["--seed", dice.one_of("7", "-1", "9" * 40, "x", "4294967296")] if dice.chance(0.1) else []
        if dice.chance(0.25):
            harms.append("--set")
            found += ["--set", f"{dice.one_of(*PATHS)}={_word(dice)}"]
        if dice.chance(0.35):
            harms.append("--output")
            found += ["--output", dice.one_of("r.nc", "r.zarr") if dice.chance(0.8) else dice.one_of(*ODD_OUTPUTS)]
    else:
        for _ in range(dice.whole(1, 2)):
            harms.append("--over")
            found += ["--over", dice.one_of(*GOOD_AXES) if dice.chance(0.6) else f"{dice.one_of(*PATHS)}={_over(dice)}"]
        if dice.chance(0.25):
            found += [
                "--save",
                dice.one_of("snr", "crosstalk:max", "status", "nothing", "snr:x", "", ":", "total_net_rate"),
            ]
        found += ["--store", "r.zarr"] if dice.chance(0.3) else []
        found += ["--paired"] if dice.chance(0.2) else []
        found += ["--memory-mb", dice.one_of("nan", "0", "-1", "1", "1e300", "inf", "64")] if dice.chance(0.1) else []
        found += ["--workers", dice.one_of("0", "-1", "99999", "1.5", "") if dice.chance(0.05) else "1"]
    return found + (["--json"] if dice.chance(0.5) else [])


def _over(dice: Dice) -> str:
    return dice.one_of(
        lambda: f"{dice.number(-3, 3)}:{dice.number(-3, 9)}:{dice.whole(1, 4)}",
        lambda: f"{dice.number(30, 60)},{dice.number(60, 90)}",
        lambda: dice.one_of(
            "0:1:1e9", "0:1:1000000000", "nan:1:3", "1e308:-1e308:3", "1:2:0", "::", "a:b:c", "1,,2", ","
        ),
        lambda: f"{_word(dice)},{_word(dice)}",
        lambda: _word(dice),
    )()


# ---------------------------------------------------------------------------------------------------------
# answers


@dataclass
class Answer:
    """What a process said, and what it left."""

    status: int | str
    output: str
    errors: str
    files: list[str]
    seconds: float


def answered(one: Case, folder: Path) -> Answer:
    """Run a case in an empty folder, in a child of this process: the kernels are there, and it may die."""
    (folder / "my.toml").write_bytes(one.content)
    began = time.monotonic()
    child = os.fork()
    if child == 0:
        _run(one, folder)
    status: int | str | None = None
    while status is None:
        done, code = os.waitpid(child, os.WNOHANG)
        if done:
            status = os.WEXITSTATUS(code) if os.WIFEXITED(code) else f"signal {os.WTERMSIG(code)}"
        elif time.monotonic() - began > LIMIT_SECONDS:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            status = "stopped"
        else:
            time.sleep(0.002)
    output, errors = ((folder / name).read_text("utf-8", "surrogateescape") for name in (".out", ".err"))
    left = sorted(
        str(path.relative_to(folder)) for path in folder.iterdir() if path.name not in (".out", ".err", "my.toml")
    )
    return Answer(status, output, errors, left, time.monotonic() - began)


def _run(one: Case, folder: Path) -> None:
    """In the child: the command as the program runs it; what other libraries warn of is an error."""
    os.chdir(folder)
    for name, number in ((".out", 1), (".err", 2)):
        os.dup2(os.open(name, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o644), number)
    sys.stdout, sys.stderr = (open(number, "w", encoding="utf-8", closefd=False) for number in (1, 2))  # noqa: SIM115
    resource.setrlimit(resource.RLIMIT_AS, (LIMIT_BYTES, LIMIT_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.argv = ["mcfiber", *one.arguments]
    warnings.resetwarnings()
    warnings.simplefilter("error")
    for mine in NOTES:
        warnings.simplefilter("default", mine)
    code = 99
    try:
        cli.main()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 0 if ended.code is None else 98
    except BaseException:  # noqa: BLE001
        import traceback

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def faults(one: Case, answer: Answer) -> list[str]:
    """What is wrong with an answer, in words."""
    if answer.status == "stopped":
        return [f"no answer within {LIMIT_SECONDS:g} s"]
    found: list[str] = [] if answer.status in (0, 2) else [f"exit {answer.status}"]
    if "Traceback" in answer.output + answer.errors or "internal error" in answer.errors:
        found.append("traceback")
    lines = [line for line in answer.errors.splitlines() if line.strip()]
    found += ["a message that is long, or not of mcfiber"] if any(not _is_message(line) for line in lines) else []
    if answer.status == 2:
        found += [f"exit 2 and {len(lines)} messages"] if not lines else []
        found += ["half an answer is printed"] if answer.output else []
        found += [f"exit 2 and left {answer.files}"] if answer.files else []
    if answer.status == 0:
        found += _faults_of_output(one, answer)
    return found


def _is_message(line: str) -> bool:
    return line.startswith("mcfiber: ") and len(line) <= LONGEST and line.isprintable()


def _faults_of_output(one: Case, answer: Answer) -> Iterator[str]:
    words = one.arguments
    asked = [str(Path(words[at + 1])) for at, word in enumerate(words) if word in ("--output", "--store")]
    if answer.files != asked:
        yield f"left {answer.files}, asked for {asked}"
    if "--json" in one.arguments:
        try:
            json.loads(answer.output, parse_constant=_refuse)
        except ValueError:
            yield "what is printed is no JSON"
    elif not answer.output.replace("\n", "").isprintable() and one.arguments[0] != "show":
        yield "control characters are printed"
    if not answer.output:
        yield "exit 0 and nothing is printed"


def _refuse(word: str) -> None:
    raise ValueError(word)
