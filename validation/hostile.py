"""What users may do that nobody foresees: hostile files, and systems of every kind; how many answers are wrong.

    python validation/hostile.py [files] [systems]      # an hour; writes hostile.json

2,000 hostile TOML files and arguments through the function that the program calls (`hostile_files`): the exit status
is 0 or 2, the message one short line, nothing is left half-written.  5,000 random valid systems (`golden_systems`,
with values up to their limits) through `evaluate` (`soundness`): no impossible value beside status 0, the budget adds
up, rates keep below the format's entropy and Shannon's limit, worse amplifiers make nothing better, and the order of
cores and channels decides nothing.
"""

import json
import platform
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pydantic
import xarray as xr
from golden_systems import Dice, wild_system
from hostile_files import answered, case, faults
from soundness import judged

import mcfiber as mcf

SEED = 20261125
FILES, SYSTEMS = 2000, 5000
RECORD = Path(__file__).with_suffix(".json")


def files(count: int, seed: int = SEED, told: Any = print) -> dict[str, Any]:
    """Run hostile cases, and count the answers.

    Parameters
    ----------
    count, seed
        How many, and the seed of the first.
    told
        Called with the seed and the faults of each wrong one.
    """
    statuses: Counter[str] = Counter()
    commands: Counter[str] = Counter()
    harms: Counter[str] = Counter()
    wrong, longest, slowest = 0, 0, 0.0
    for number in range(seed, seed + count):
        one = case(number)
        with tempfile.TemporaryDirectory() as folder:
            answer = answered(one, Path(folder))
        found = faults(one, answer)
        if found:
            wrong += 1
            told(f"file {number} {one.harms} {one.arguments}: {found}\n{answer.errors[-700:]}")
        statuses[str(answer.status)] += 1
        commands[one.arguments[0]] += 1
        harms.update(set(one.harms))
        longest = max(longest, *(len(line) for line in answer.errors.splitlines()), 0)
        slowest = max(slowest, answer.seconds)
    return {
        "count": count,
        "exit_status": dict(sorted(statuses.items())),
        "commands": dict(sorted(commands.items())),
        "harms": dict(sorted(harms.items())),
        "longest_message": longest,
        "slowest_seconds": round(slowest, 1),
        "wrong": wrong,
    }


def systems(count: int, seed: int = 1, told: Any = print) -> dict[str, Any]:
    """Judge random systems, and count.

    Parameters
    ----------
    count, seed
        How many that are accepted, and the first seed that is drawn.
    told
        Called with the seed and the faults of each wrong one.
    """
    made: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    wrong = accepted = 0
    number = seed
    while accepted < count:
        drawn, dice = wild_system(number), Dice(number)
        try:
            found, compared = judged(
                drawn["system"], drawn["options"], lambda items, dice=dice: dice.some_of(items, len(items))
            )
        except mcf.DescriptionError as error:
            refused["without a known cause" if "no finite values" in str(error) else "as told"] += 1
            found = []
        except Exception as error:  # noqa: BLE001  (what nobody foresees is what is looked for)
            found = [f"raises {error!r}"]
        else:
            accepted += 1
            made.update(compared)
            kinds.update(_kinds(drawn["system"]))
        if found:
            wrong += 1
            told(f"system {number}: {found}")
        number += 1
    return {
        "count": count,
        "refused_besides": dict(refused),
        "comparisons": dict(made),
        "kinds": dict(sorted(kinds.items())),
        "wrong": wrong,
    }


def _kinds(system: dict[str, Any]) -> set[str]:
    """What is in a system, to show that everything turns up."""
    link, fiber, models = system["link"], system["fiber"], system["models"]
    text = json.dumps(system)
    form = system["transceiver"]["format"]
    parts = {
        "loop": "loop" in link,
        "both directions": "core_directions" in link,
        "listed spans": isinstance(link["span"], list),
        "Raman pumps": '"raman_pumps"' in text,
        "lumped losses": '"lumped_losses"' in text,
        "axes": '"axis"' in text,
        "mode dispersion": "spatial_mode_dispersion_ps_per_sqrt_km" in fiber,
        "mode-dependent loss": "mode_dependent_loss_rms_db" in link,
        "glass given by its profile": "core" in fiber,
        "listed channels": "frequency_thz" in system["spectrum"],
        "coherent accumulation": models.get("accumulation") == "coherent",
        "format correction": models.get("format_correction", False),
        "all islands": models.get("terms") == "all",
        "cores exchanged": "core_permutation" in link,
    }
    named = {f"coupling {fiber.get('coupling', 'weak')}", f"interference {models['nonlinear_interference']}"}
    named |= {f"raman {models['raman']}", f"format {form if isinstance(form, str) else form['kind']}"}
    return named | {name for name, there in parts.items() if there}


def main() -> None:
    """Run both parts, or the one that is named, and write the record."""
    asked = set(sys.argv[1:]) or {"files", "systems"}
    record = json.loads(RECORD.read_text()) if RECORD.exists() else {}
    record |= {
        "command": "python validation/hostile.py",
        "versions": {
            "python": platform.python_version(),
            "numpy": np.__version__,
            "numba": numba.__version__,
            "xarray": xr.__version__,
            "pydantic": pydantic.VERSION,
        },
        "seed": SEED,
    }
    systems(60, told=lambda _: None)  # loads the kernels, which children then share
    for name, function, count in (("files", files, FILES), ("systems", systems, SYSTEMS)):
        if name in asked:
            began = time.monotonic()
            record[name] = function(count) | {"seconds": round(time.monotonic() - began)}
            RECORD.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
