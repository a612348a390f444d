"""Kinds of damage to the store of a sweep, and to files of results; used by the tests and by `validation/stores.py`."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

Harm = Callable[[Path], Any]


def corrupted(file: Path) -> None:
    """Change one byte in the middle."""
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0xFF
    file.write_bytes(content)


def halved(file: Path) -> None:
    """Cut the second half off."""
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])


def text(content: str) -> Harm:
    """Put a text in its place."""
    return lambda file: file.write_text(content)


# Of a sweep of `total_net_rate` and `snr` in blocks of two: the place in the store, and what is done to it. The same
# sweep makes all of it again.
MENDED: dict[str, tuple[str, Harm]] = {
    "a lost chunk": ("total_net_rate/c/1/0", Path.unlink),
    "an empty chunk": ("total_net_rate/c/1/0", text("")),
    "a cut chunk": ("snr/c/2/0/0/0", halved),
    "a chunk of something else": ("snr/c/2/0/0/0", text("years of work")),
    "a changed byte": ("snr/c/2/0/0/0", corrupted),
    "a folder of chunks lost": ("snr/c", shutil.rmtree),
    "a lost status": ("status/c/0/0", Path.unlink),
    "a corrupt status": ("status/c/0/0", text("?")),
    "a cut status": ("status/c/0/0", halved),
    "a lost array": ("snr", shutil.rmtree),
    "a corrupt array": ("snr/zarr.json", text("{")),
    "an array without notes": ("snr/zarr.json", Path.unlink),
    "an array of another shape": ("snr/zarr.json", lambda file: file.write_text(file.read_text().replace("7", "6"))),
    "an array of another kind": (
        "snr/zarr.json",
        lambda file: file.write_text(file.read_text().replace("float64", "int16")),
    ),
    "a lost coordinate": ("launch_power_dbm", shutil.rmtree),
    "a coordinate without values": ("wavelength/c/0", Path.unlink),
    "a cut coordinate": ("wavelength/c/0", halved),
    "a corrupt coordinate": ("attenuation_db_per_km/c/0", text("?")),
    "a coordinate without a table": ("band/zarr.json", text("[]")),
    "a changed coordinate": ("wavelength/c/0", corrupted),
}

# What the notes of the whole store may hold instead; the store is refused and left as it is.
ODD_NOTES = [
    "",
    "{",
    "[]",
    "3",
    '{"attributes": 3, "zarr_format": 3, "node_type": "group"}',
    '{"attributes": {"mcfiber": 3}, "zarr_format": 3, "node_type": "group"}',
    json.dumps({"attributes": {"mcfiber": '{"sweep": 3}'}, "zarr_format": 3, "node_type": "group"}),
]
ODD_BLOCKS: list[Any] = [None, 3, "2", [], [2, 2, 2], [0, 2], [2.5, 2], [True, 2], [10**9, 2], {}]


def with_block(path: Path, block: Any) -> None:
    """Put something else where a store notes the shape of its blocks."""
    table = json.loads((path / "zarr.json").read_text())
    provenance = json.loads(table["attributes"]["mcfiber"])
    provenance["sweep"]["block"] = block
    table["attributes"]["mcfiber"] = json.dumps(provenance)
    (path / "zarr.json").write_text(json.dumps(table))


# Of a result in a folder: refused when it is opened, or, of bytes that changed, when they are read.
OF_FOLDER: dict[str, tuple[str, Harm]] = {
    "a lost chunk": ("snr/c", shutil.rmtree),
    "a lost status": ("status/c", lambda place: shutil.rmtree(place) if place.is_dir() else place.unlink()),
    "a lost array": ("net_rate", shutil.rmtree),
    "a lost coordinate": ("frequency", shutil.rmtree),
    "a coordinate without values": ("wavelength/c", shutil.rmtree),
    "a corrupt array": ("snr/zarr.json", text("{")),
    "an array of nothing": ("snr/zarr.json", text("")),
    "notes of nothing": ("zarr.json", text("")),
    "corrupt notes": ("zarr.json", text("{")),
    "notes of something else": ("zarr.json", text("[1, 2]")),
    "lost notes": ("zarr.json", Path.unlink),
    "a cut chunk": ("gsnr", lambda place: halved(next(p for p in (place / "c").rglob("*") if p.is_file()))),
    "a changed byte": ("gsnr", lambda place: corrupted(next(p for p in (place / "c").rglob("*") if p.is_file()))),
    "an empty chunk": ("gsnr", lambda place: next(p for p in (place / "c").rglob("*") if p.is_file()).write_bytes(b"")),
}
OF_FILE: dict[str, Harm] = {
    "empty": text(""),
    "cut": halved,
    "cut at the end": lambda file: file.write_bytes(file.read_bytes()[:-1]),
    "of something else": text("years of work"),
    "of no beginning": lambda file: file.write_bytes(b"\0" * 512 + file.read_bytes()[512:]),
    "zeros": lambda file: file.write_bytes(bytes(len(file.read_bytes()))),
}
