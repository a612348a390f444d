"""Results: labelled datasets, and what can be asked of them."""

import errno
import json
import math
import secrets
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache, lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

import numpy as np
import xarray as xr

from mcfiber import units
from mcfiber.arguments import PATH, arguments
from mcfiber.descriptions.errors import printable, refused
from mcfiber.descriptions.fiber import MulticoreFiber
from mcfiber.descriptions.groups import group_sizes
from mcfiber.descriptions.record import Description, numbers_alone, plain
from mcfiber.descriptions.spectrum import Spectrum
from mcfiber.descriptions.transceiver import Transceiver
from mcfiber.dimensions import Dims
from mcfiber.extras import attempt_import
from mcfiber.fiber.channels import Channels, channels
from mcfiber.figures.results import ResultPlots
from mcfiber.files import beside, unwritable, write_whole
from mcfiber.labelled import as_variable, combined, coordinates_of, from_tables, has, kept, reduced
from mcfiber.line.budget import Scene, received_ratio, rows_of
from mcfiber.receiver.decoder import loss_at_end
from mcfiber.receiver.penalty import grouped_penalty
from mcfiber.receiver.rates import achievable_rate, ladder_totals, rate_ladder
from mcfiber.receiver.receiver import Receiver, receiver
from mcfiber.receiver.requirement import margin_of
from mcfiber.status import FLAGS, OK
from mcfiber.typing import FloatArray, Quantity
from mcfiber.variables import lookup

PROVENANCE = "mcfiber"
"""Name of the attribute that holds versions and the system, as one JSON string."""

INDEXED = ("wavelength", "frequency")

INNER = ("core", "channel")

IN_DECIBELS = ("mdl_penalty", "noise_figure", "amplifier_gain")
"""Ratios that are told in decibels, beside those of signal to noise and crosstalk."""

NOISE_TBPS = 1e-9
"""Rate below which a printed number is rounding noise. [Tb/s]"""

MODE_LOSS = "mode_dependent_loss"
"""Name of the limit that multiplies the noise of the line, and so has no row in the table of noises."""


def with_totals(values: dict[str, Quantity], scene: Scene) -> dict[str, xr.Variable]:
    """Add the totals of an evaluation, and make labelled arrays of all.

    Parameters
    ----------
    values
        Variables of the table by name.
    scene
        Cores, channels and line.

    Returns
    -------
    dict
        By name, with :data:`~mcfiber.variables.total_net_rate` (bit/s), :data:`~mcfiber.variables.distance` (m),
        :data:`~mcfiber.variables.capacity_distance` (bit m/s) and :data:`~mcfiber.variables.spectral_efficiency` (1).

    Notes
    -----
    Sums over cores and channels of Eq. (5) of `mcfiber.kernels.information`; the spectral efficiency is over the sum of
    the symbol rates.
    """
    named = {name: as_variable(value) for name, value in values.items()}
    return named | _totals(scene, named["net_rate"])


def attributes_of(name: str) -> dict[str, Any]:
    """Attributes of a variable of the table; of `status` also what its values mean, by the CF conventions."""
    flags = {"flag_values": list(FLAGS), "flag_meanings": " ".join(FLAGS.values())} if name == "status" else {}
    return lookup(name).attributes() | flags


def pack(system: Description, channels: Channels, values: Mapping[str, xr.Variable], *, cores: int) -> xr.Dataset:
    """Put the variables of an evaluation into one dataset, stamped, with coordinates and provenance.

    Parameters
    ----------
    system
        The description that was evaluated.
    channels, cores
        Its channels, and their number of cores.
    values
        What `with_totals` returns.

    Returns
    -------
    xarray.Dataset
        What `mcfiber.evaluate.evaluate` returns; NaN where the `status` is not 0.

    Raises
    ------
    DescriptionError
        If two fields of the system hold axes of one name with different labels.

    References
    ----------
    .. [1] B. Eaton et al., "NetCDF Climate and Forecast (CF) Metadata Conventions," version 1.11, 2023 (units, long
       names and flags), https://cfconventions.org.
    """
    status = values["status"]
    marked = bool(np.any(status.data != OK))
    shown = {
        name: kept(value, status == OK) if marked and name != "status" else value for name, value in values.items()
    }
    frequency, bands = channels.frequency, channels.bands
    bits = np.ascontiguousarray(frequency.data).tobytes()
    layout = tuple((name, value.dims, value.shape) for name, value in shown.items())
    form = _form(layout, cores, bands, frequency.dims, frequency.shape, bits)
    dataset = form.copy(data={name: value.data for name, value in shown.items()})
    dataset.attrs[PROVENANCE] = provenance(system)
    for name, value in values.items():
        if value.attrs:  # what is said of this result alone
            dataset.variables[name].attrs.update(value.attrs)
    axes = {name: value for name, value in coordinates_of(system).items() if set(value.dims) <= set(dataset.dims)}
    return dataset.assign_coords(axes) if axes else dataset


def provenance(system: Description, **notes: object) -> str:
    """Versions, the system and notes, as the one JSON string that a result carries."""
    long: list[tuple[Any, ...]] = []
    tables = _without_long(plain(system), long)
    text = json.dumps({"versions": versions(), "system": tables} | notes, default=float, allow_nan=True)
    for number, values in enumerate(long):
        text = text.replace(f'"{_TOKEN}{number}."', _text_of(values), 1)
    return text


_TOKEN = f"{secrets.token_hex(8)}."
"""Stands for a long list of numbers while the others are written; no description holds it."""

LONG = 64
"""Numbers of a list from which on its text is kept: writing 2,000 takes longer than an evaluation."""


@lru_cache(maxsize=64)
def _text_of(values: tuple[Any, ...]) -> str:
    return json.dumps(values)


def _token(values: tuple[Any, ...], long: list[tuple[Any, ...]]) -> str:
    long.append(values)
    return f"{_TOKEN}{len(long) - 1}."


def _without_long(value: Any, long: list[tuple[Any, ...]]) -> Any:
    """Plain tables with a token for each long list or matrix of numbers, which goes into a list of its own."""
    if isinstance(value, dict):
        return {key: _without_long(item, long) for key, item in value.items()}
    if not isinstance(value, list) or not value:
        return value
    if len(value) > LONG and numbers_alone(value):
        return _token(tuple(value), long)
    if isinstance(value[0], list) and len(value) ** 2 > LONG and all(map(numbers_alone, value)):
        return _token(tuple(map(tuple, value)), long)
    return value if numbers_alone(value) else [_without_long(item, long) for item in value]


def noted(dataset: xr.Dataset, **notes: object) -> xr.Dataset:
    """Copy with more entries in the provenance."""
    known = json.loads(dataset.attrs[PROVENANCE]) | notes
    return dataset.assign_attrs({PROVENANCE: json.dumps(known, default=float, allow_nan=True)})


@arguments(path=PATH)
def open_result(path: str | Path) -> xr.Dataset:
    """Open a result, or the store of a sweep, with its indexes; values are read when they are asked for.

    Parameters
    ----------
    path
        A NetCDF file or a Zarr folder; what a sweep has not computed yet has the `status` 255.

    Raises
    ------
    FileNotFoundError
        If there is nothing at the path.
    DescriptionError
        If it is something else, or damaged: a variable, or numbers of it, are lost. Bytes that changed are found by
        their checksums when they are read.

    References
    ----------
    .. [1] B. Eaton et al., "NetCDF Climate and Forecast (CF) Metadata Conventions," version 1.11, 2023,
       https://cfconventions.org (names and units in the file).
    """
    path = Path(path)
    if not path.exists():
        msg = f"path: there is no result at {str(path)!r}"
        raise FileNotFoundError(msg)
    attempt_import("zarr" if path.is_dir() else "h5netcdf", "io")
    try:
        return indexed(_whole(_opened(path), path))
    except PermissionError:
        raise
    except UNREADABLE as error:
        reason = " ".join(str(error).split())
        msg = f"path: {str(path)!r} is damaged, or no result ({reason or type(error).__name__}); make it again"
        raise refused(msg) from error


def _opened(path: Path) -> xr.Dataset:
    """Open without chunks: the arrays are read when they are used, and no task graph stands between."""
    if not path.is_dir():
        return xr.open_dataset(path, engine="h5netcdf")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of folders that are no arrays: what is lost is told
        return xr.open_dataset(path, engine="zarr", consolidated=False)


UNREADABLE = (OSError, KeyError, ValueError, TypeError, AttributeError, RuntimeError)
"""What Zarr and HDF5 raise where files are lost or hold something else."""

WRITTEN = "written"
"""Note in the provenance of a file: the variables that were written, so that lost ones are missed."""


def _whole(dataset: xr.Dataset, path: Path) -> xr.Dataset:
    """Give a dataset from a file as it was written; refuse it if a variable or a chunk of one is not there."""
    if PROVENANCE not in dataset.attrs:
        return dataset
    known = json.loads(dataset.attrs[PROVENANCE])
    written = known.pop(WRITTEN, ())
    lost = [name for name in written if name not in dataset.variables]
    if path.is_dir() and not lost:
        lost = _lost_chunks(dataset, path, written, known.get("sweep"))
    if lost:
        remedy = "; the same sweep makes it again" if "sweep" in known else ""
        msg = f"{', '.join(lost)} lost{remedy}"
        raise ValueError(msg)
    return dataset.assign_attrs({PROVENANCE: json.dumps(known, default=float, allow_nan=True)}) if written else dataset


def _lost_chunks(dataset: xr.Dataset, path: Path, written: Iterable[str], sweep: Mapping[str, Any] | None) -> list[str]:
    """Names of variables of a folder of which a chunk is not there; of a sweep those that are computed must be."""
    group = attempt_import("zarr", "io").open_group(str(path), mode="r")
    plain = [name for name in written if sweep is None or name in dataset.coords]
    lost = [name for name in plain if group[name].nchunks_initialized < group[name].nchunks]
    if sweep is None or "status" not in dataset or lost:
        return lost
    status, places = dataset["status"], path / "status" / "c"
    for file in places.rglob("*") if status.ndim else ():
        place = file.relative_to(places).parts
        if len(place) < status.ndim or not file.name.isdigit():  # a folder, or what another process is writing
            continue
        others = [name for name in dataset.data_vars if name != "status"]
        absent = [str(name) for name in others if not _chunk(dataset[name], path, place).exists()]
        if absent and bool((_block(status, place, sweep["block"]) == OK).any()):  # chunks of nothing are not written
            return absent
    return []


def _chunk(values: xr.DataArray, path: Path, place: tuple[str, ...]) -> Path:
    return path.joinpath(str(values.name), "c", *place, *["0"] * (values.ndim - len(place)))


def _block(status: xr.DataArray, place: tuple[str, ...], steps: Sequence[int]) -> xr.DataArray:
    starts = [int(index) * step for index, step in zip(place, steps, strict=True)]
    return status[tuple(slice(start, start + step) for start, step in zip(starts, steps, strict=True))]


def noted_as_written(dataset: xr.Dataset, *more: str) -> xr.Dataset:
    """Copy that notes the names of its variables, and of more to come, for who opens the file."""
    names = [*map(str, dataset.variables), *more]
    return noted(dataset, **{WRITTEN: names}) if PROVENANCE in dataset.attrs else dataset


def write(dataset: xr.Dataset, path: str | Path) -> None:
    """Write a result as NetCDF, or as Zarr if the name ends in ``.zarr``; beside first, then renamed.

    Parameters
    ----------
    dataset
        A result.
    path
        Where to; an existing file is replaced only once the new one is whole.

    Raises
    ------
    FileExistsError
        If there is a Zarr folder of that name.
    OSError
        If it cannot be written; nothing is left then, and an old file is as it was.
    ImportError
        If the extra `io` is not installed.

    References
    ----------
    .. [1] B. Eaton et al., "NetCDF Climate and Forecast (CF) Metadata Conventions," version 1.11, 2023,
       https://cfconventions.org (names and units in the file).
    """
    path = Path(path)
    plain = noted_as_written(dataset.drop_indexes([name for name in INDEXED if name in dataset.xindexes]))
    if path.suffix == ".zarr":
        _write_folder(plain, path)
    else:
        # Made in memory: on a full disk, the library that writes these files would end the process.
        attempt_import("h5netcdf", "io")
        sums = {
            name: {"fletcher32": True}
            for name, value in plain.variables.items()
            if value.ndim and value.dtype.kind in "iuf"
        }
        write_whole(path, plain.to_netcdf(engine="h5netcdf", encoding=sums))


def _write_folder(dataset: xr.Dataset, path: Path) -> None:
    attempt_import("zarr", "io")
    msg = f"{str(path)!r} exists already; remove it, or choose another name"
    if path.exists():
        raise FileExistsError(msg)
    try:
        with beside(path, folder=True) as own:
            write_folder(dataset, own)
            own.replace(path)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            raise FileExistsError(msg) from None
        raise unwritable(path, error) from error


def write_folder(dataset: xr.Dataset, path: Path, mode: Literal["w", "a"] = "w") -> None:
    """Write a Zarr folder with checksums and every chunk, also of zeros: one that is not there is then lost."""
    codecs = attempt_import("zarr.codecs", "io")
    sums = {name: {"compressors": codecs.ZstdCodec(level=0, checksum=True)} for name in dataset.variables}
    dataset.to_zarr(path, mode=mode, consolidated=False, zarr_format=3, encoding=sums, write_empty_chunks=True)


def _totals(scene: Scene, net_rate: xr.Variable) -> dict[str, xr.Variable]:
    channels, cores = scene.channels, float(scene.medium.cores)
    per_wavelength = reduced(np.sum, net_rate, "core") if has(net_rate, "core") else net_rate * cores
    total = (
        reduced(np.sum, per_wavelength, "channel")
        if has(net_rate, "channel")
        else per_wavelength * float(channels.count)
    )
    rate = as_variable(channels.symbol_rate)
    bandwidth = reduced(np.sum, rate, "channel") if has(rate, "channel") else rate * float(channels.count)
    distance = as_variable(scene.line.distance)
    return {
        "total_net_rate": total,
        "distance": distance,
        "capacity_distance": combined(np.multiply, total, distance),
        "spectral_efficiency": combined(np.divide, total, bandwidth),
    }


def coordinates(cores: int, channels: Channels) -> dict[str, xr.Variable]:
    """Coordinates of cores and channels."""
    return _coordinates(cores, channels.bands, channels.frequency)


def _coordinates(cores: int, bands: tuple[str, ...], frequency: xr.Variable) -> dict[str, xr.Variable]:
    values = {
        "channel": xr.Variable("channel", np.arange(len(bands))),
        "core": xr.Variable("core", np.arange(cores)),
        "frequency": frequency,
        "wavelength": units.wavelength(frequency) * 1e9,
        "band": xr.Variable("channel", np.array(bands, dtype=object)),
    }
    named = {name: {} if name in ("channel", "core") else lookup(name).attributes() for name in values}
    return {name: xr.Variable(value.dims, value.data, named[name]) for name, value in values.items()}


@lru_cache(maxsize=64)
def _form(
    layout: tuple[tuple[str, Dims, tuple[int, ...]], ...],
    cores: int,
    bands: tuple[str, ...],
    dims: Dims,
    shape: tuple[int, ...],
    bits: bytes,
) -> xr.Dataset:
    """Dataset of a layout without its numbers: stamps, coordinates and indexes cost more than an evaluation."""
    coords = _coordinates(cores, bands, xr.Variable(dims, np.frombuffer(bits).reshape(shape)))
    for value in coords.values():
        value.data.flags.writeable = False  # shared by results
    blank = {name: (of, np.broadcast_to(0.0, size), attributes_of(name)) for name, of, size in layout}
    return indexed(xr.Dataset(blank, coords=coords))


def indexed(dataset: xr.Dataset) -> xr.Dataset:
    """Make channels selectable by wavelength and frequency (indexes do not survive files)."""
    for name in INDEXED:
        if name in dataset.coords and dataset[name].dims == ("channel",) and name not in dataset.xindexes:
            dataset = dataset.set_xindex(name)
    return dataset


@cache
def versions() -> dict[str, str]:
    """Versions of the packages that the numbers come from."""
    found = {}
    for package in ("mcfiber", "numpy", "numba", "xarray"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:  # run from a checkout that is not installed
            found[package] = "unknown"
    return found


@xr.register_dataset_accessor("mcf")  # type: ignore[no-untyped-call]
class ResultAccessor:
    """What can be asked of a result: ``ds.mcf.summary()``, ``.to_db()``, ``.limits()``, ``.plot.budget()``."""

    def __init__(self, dataset: xr.Dataset) -> None:
        self._dataset = dataset

    @property
    def provenance(self) -> dict[str, Any]:
        """Versions, the system as plain tables, and what else was noted at evaluation."""
        if PROVENANCE not in self._dataset.attrs:
            msg = f"the result has lost its attribute {PROVENANCE!r}, which holds the system; keep attributes"
            raise ValueError(msg)
        provenance: dict[str, Any] = json.loads(self._dataset.attrs[PROVENANCE])
        return provenance

    @property
    def cores(self) -> int:
        """Number of cores at hand, of a selection as many as it holds."""
        return _left(self._dataset, "core")

    @property
    def channels(self) -> int:
        """Number of channels at hand, of a selection as many as it holds."""
        return _left(self._dataset, "channel")

    def total_rate(self) -> xr.DataArray:
        """Net rate of all cores and channels at hand, in bit/s, with the result's axes.

        Of the result of an evaluation it is `total_net_rate`; of a selection of cores or channels, also by ``where``,
        the rate of what was selected.

        Raises
        ------
        ValueError
            If cores or channels were selected in a result that was kept without `net_rate`.
        """
        if "net_rate" not in self._dataset:
            _check_whole(self._dataset, self.system)
            return self._dataset["total_net_rate"]
        ds = self._loaded("net_rate")
        total = _summed(ds, ds["net_rate"], "core", "channel")
        total.attrs = lookup("total_net_rate").attributes()
        return total.rename("total_net_rate")

    def rates(self) -> xr.Dataset:
        """Net rates of each core, of each wavelength, and of all that is at hand, in bit/s."""
        ds = self._loaded("net_rate")
        names = {"core_net_rate": ("channel",), "wavelength_net_rate": ("core",), "total_net_rate": ("core", "channel")}
        found = {name: _summed(ds, ds["net_rate"], *dims) for name, dims in names.items()}
        return xr.Dataset(
            {name: (rate.dims, rate.data, lookup(name).attributes()) for name, rate in found.items()}
        ).assign_coords({name: one for rate in found.values() for name, one in rate.coords.items()})

    def to_db(self) -> xr.Dataset:
        """The same result with ratios in dB and powers in dBm; totals are those of what is at hand."""
        dataset, changed = self._at_hand(), {}
        for name, array in dataset.data_vars.items():
            label = array.attrs.get("units")
            if label == "W":
                changed[name] = units.decibels(array) + 30.0
                changed[name].attrs = array.attrs | {"units": "dBm"}
            elif label == "1" and (str(name).startswith(("snr", "osnr", "gsnr", "crosstalk")) or name in IN_DECIBELS):
                changed[name] = units.decibels(array)
                changed[name].attrs = array.attrs | {"units": "dB"}
        return dataset.assign(changed)

    def limits(self) -> xr.Dataset:
        """What limits each channel: the share of every noise, and the rate without it.

        Returns
        -------
        xarray.Dataset
            With dimension `limit` (every row of `mcfiber.line.budget.NOISES`, with mode_dependent_loss between those
            of the line and of the receiver): `noise_share` of the whole noise in each channel (they sum to 1), and
            `total_net_rate_without`, the net rate of the cores and channels at hand if that one were absent.  The
            shares are 0 in a channel without signal or without noise.
        """
        on_line, at_end = (rows_of(where, self._dataset) for where in ("line", "receiver"))
        ratios = [row.ratio for row in (*on_line, *at_end)]
        ratios += ["receiver_penalty"] if "snr_receiver" in ratios else []
        ds = self._loaded(*ratios, "snr", "gsnr", "mdl_penalty", "mode_dependent_loss_effective", "symbol_rate")
        noise = {row.name: _inverse(ds[row.ratio]) for row in on_line}
        received = {row.name: _inverse(ds[row.ratio]) for row in at_end}
        everything = _inverse(ds["snr"])
        loss = (ds["mdl_penalty"] - 1.0) * _inverse(ds["gsnr"])
        own = noise | {MODE_LOSS: loss} | received
        shares = [xr.apply_ufunc(_share, value, everything, keep_attrs=False) for value in own.values()]
        rates = [self._rate_without(name, noise, received, ds) for name in own]
        names = xr.DataArray(list(own), dims="limit", name="limit")
        table = xr.Dataset(
            {
                "noise_share": _kept(ds, xr.concat(xr.broadcast(*shares), dim=names)),
                "total_net_rate_without": xr.concat(xr.broadcast(*rates), dim=names),
            }
        )
        return _where_possible(ds, table)

    def _rate_without(
        self, absent: str, noise: Mapping[str, xr.DataArray], received: Mapping[str, xr.DataArray], ds: xr.Dataset
    ) -> xr.DataArray:
        """Net rate of what is at hand if one limit were absent, given noise over signal by name."""
        transceiver = self._receiver()
        gsnr = _inverse(sum(value for name, value in noise.items() if name != absent))
        left = {name: value for name, value in received.items() if name != absent}
        own: Quantity = left["receiver"] / ds["receiver_penalty"] if "receiver" in left else 0.0
        penalty: Quantity = 1.0
        at_end: Quantity = 1.0
        if absent != MODE_LOSS:
            loss, sizes = ds["mode_dependent_loss_effective"], self._group_sizes()
            ratio = gsnr if "receiver" not in left else _inverse(_inverse(gsnr) + own)
            penalty = grouped_penalty(ratio, loss, sizes, receiver=transceiver.kind)
            if "receiver" in left:
                at_end = grouped_penalty(ratio, loss_at_end(loss), sizes, receiver=transceiver.kind)
        if "receiver" in left:
            left["receiver"] = own * at_end
        snr = received_ratio(gsnr, penalty, _inverse(sum(left.values())) if left else math.inf)
        return _summed(ds, achievable_rate(transceiver, snr, ds["symbol_rate"])["net_rate"], "core", "channel")

    def _where_possible(self, table: xr.Dataset) -> xr.Dataset:
        """Leave NaN at the points that cannot exist."""
        status = self._dataset["status"]
        return table.where(status == OK) if bool((status != OK).any()) else table

    def _group_sizes(self) -> tuple[int, ...]:
        """Number of cores received together with each core at hand."""
        sizes = group_sizes(MulticoreFiber(**self.system["fiber"]).core_groups)
        same = len(set(sizes)) == 1
        return sizes[:1] if same else tuple(sizes[core] for core in labels_at_hand(self._dataset, "core"))

    def ladder(self) -> xr.Dataset:
        """Where the bits went: the rate of what is at hand as one limit after the other is taken into account.

        Returns
        -------
        xarray.Dataset
            `ladder_total` and `ladder_loss` with the dimension rung: amplifier noise alone (Shannon), all noise of
            the line, mode-dependent loss, transceivers, mutual information of the format, its GMI, decoded.
        """
        ds = self._loaded("symbol_rate", "snr_ase", "gsnr", "snr", "mdl_penalty")
        rates = rate_ladder(
            self._receiver(),
            ds["symbol_rate"],
            snr_ase=ds["snr_ase"],
            gsnr=ds["gsnr"],
            snr=ds["snr"],
            mdl_penalty=ds["mdl_penalty"],
        )
        return _where_possible(ds, ladder_totals(_summed(ds, rates, "core", "channel"), cores=1, channels=1))

    def margins(self) -> xr.DataArray | None:
        """Signal-to-noise ratio of each channel over what its code needs, linear; None where no code has a threshold.

        Returns
        -------
        :data:`~mcfiber.variables.snr_margin`
            At least 1 where the code is error-free; NaN where the code of a channel has no threshold. [1]
        """
        entered = self._receiver()
        if not any(part.law.steps.size for part in entered.parts or (entered,)):
            return None
        ds = self._loaded("snr")
        return _where_possible(ds, margin_of(entered, _kept(ds, ds["snr"])).to_dataset())["snr_margin"]

    def _transceiver(self) -> Transceiver:
        return Transceiver(**self.system.get("transceiver", {}))

    def _receiver(self) -> Receiver:
        """Receiver of the channels and cores at hand."""
        transceiver = self._transceiver()
        if not transceiver.varies:
            return receiver(transceiver.model_copy(update={"snr_db": math.inf}))
        found = receiver(transceiver, channels(Spectrum(**self.system["spectrum"])))
        which = xr.DataArray(found.which)
        for dim in which.dims:
            labels = labels_at_hand(self._dataset, str(dim))
            which = which.isel({dim: labels if dim in self._dataset.dims else labels[0]})
        return replace(found, which=which)

    def _loaded(self, *names: str) -> xr.Dataset:
        """Variables by name, and `status`, in memory: what is asked of a result is asked of all of it at once."""
        if missing := [name for name in names if name not in self._dataset]:
            msg = (
                f"the result does not hold {', '.join(missing)}; keep it with the others (outputs of a sweep), "
                "or evaluate the system itself"
            )
            raise ValueError(msg)
        others = [name for name in self._dataset.data_vars if name not in (*names, "status")]
        return self._dataset.drop_vars(others).compute()

    def _at_hand(self) -> xr.Dataset:
        """The result in memory, with the totals of the cores and channels at hand."""
        ds = self._dataset.compute()
        if "net_rate" not in ds or "total_net_rate" not in ds:
            return ds
        totals = {"total_net_rate": self.total_rate()}
        if "distance" in ds:
            totals["distance"] = _without_channels(ds["distance"])
            totals["capacity_distance"] = totals["total_net_rate"] * totals["distance"]
        if "symbol_rate" in ds:
            bandwidth = _summed(ds, ds["symbol_rate"], "channel")
            totals["spectral_efficiency"] = totals["total_net_rate"] / _without_channels(bandwidth)
        known = {name: total.variable for name, total in totals.items() if name in ds}
        for name, total in known.items():
            total.attrs = ds[name].attrs
        return ds.drop_vars(list(known)).assign(known)

    def summary(self) -> str:
        """A few lines for a person: rate, distance, what limits."""
        ds = self._loaded("snr", "distance")
        total = self.total_rate()
        named = printable(self.provenance["system"].get("name") or "system")
        lines = [f"{named}: {_counted(self.cores, 'core')}, {_counted(self.channels, 'channel')}"]
        if over := list(total.dims):
            low, middle, high = (float(total.quantile(q)) / 1e12 for q in (0.05, 0.5, 0.95))
            spread = f"(5-95 %: {rounded(low)} to {rounded(high)}) over {printable(', '.join(map(str, over)))}"
            lines.append(f"net rate {rounded(middle)} Tb/s {spread}")
        else:
            lines.append(
                f"net rate {rounded(float(total) / 1e12)} Tb/s over {float(ds['distance'].max()) / 1e3:.5g} km"
            )
        snr = units.decibels(ds["snr"])
        lines.append(f"SNR {float(snr.min()):.2f} to {float(snr.max()):.2f} dB, median {float(snr.median()):.2f} dB")
        if (margin := self.margins()) is not None:
            worst, typical = (float(units.decibels(one)) for one in (margin.min(), margin.median()))
            lines.append(f"margin to the code's threshold {worst:.2f} dB at worst, median {typical:.2f} dB")
        limits = self.limits()["noise_share"]
        share = limits.median([dim for dim in limits.dims if dim != "limit"])
        ranked = sorted(zip(share["limit"].values, share.values, strict=True), key=lambda pair: -pair[1])
        lines.append(
            "limited by "
            + ", ".join(f"{str(name).replace('_', ' ')} {part:.0%}" for name, part in ranked if part > 0.005)
        )
        return "\n".join(lines)

    @property
    def plot(self) -> ResultPlots:
        """Figures: ``budget``, ``spectrum``, ``cross_section``, ``crosstalk_matrix`` and others."""
        return ResultPlots(_in_lines(self._at_hand()))

    @property
    def system(self) -> dict[str, Any]:
        """The system as plain tables; where it had an axis, the table holds the axis."""
        tables: dict[str, Any] = from_tables(self.provenance["system"])
        return tables


def rounded(value: float, digits: int = 4) -> str:
    """Show a rate in Tb/s; what is below a kilobit a second is rounding noise, and 0.

    Examples
    --------
    >>> rounded(1027.6), rounded(1.7e-13)
    ('1,028', '0')
    """
    return "0" if abs(value) < NOISE_TBPS else f"{value:,.{digits}g}"


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


# ---------------------------------------------------------------------------------------------------------
# selections: which cores and channels are at hand


def _count(ds: xr.Dataset, dim: str) -> int:
    """Number of cores or channels that a result, or a selection of it, holds."""
    if dim in ds.dims:
        return ds.sizes[dim]
    if dim in ds.coords:  # one was selected
        return 1
    msg = (
        f"the result no longer says which {dim} it holds (after a mean over them, or a selection with drop=True); "
        f"select with isel or sel alone, or reduce what the accessor gives"
    )
    raise ValueError(msg)


def labels_at_hand(ds: xr.Dataset, dim: str) -> list[int]:
    """Numbers, in the system, of the cores or channels that a result holds."""
    _count(ds, dim)
    if dim not in ds.coords:
        msg = f"the result has lost the numbers of its {dim}s; keep the coordinate {dim!r}"
        raise ValueError(msg)
    return [int(label) for label in np.atleast_1d(ds[dim].values)]


def _sizes(system: Mapping[str, Any]) -> dict[str, int]:
    """Cores and channels of the system that was evaluated."""
    return {"core": MulticoreFiber(**system["fiber"]).cores, "channel": Spectrum(**system["spectrum"]).count}


def _check_whole(ds: xr.Dataset, system: Mapping[str, Any]) -> None:
    """Refuse a selection of a result whose total cannot be computed again."""
    touched = [dim for dim in INNER if dim in ds.coords]
    narrowed = [dim for dim in touched if _count(ds, dim) != _sizes(system)[dim]]
    narrowed += [dim for dim in INNER if dim in ds["total_net_rate"].dims]  # by where
    if narrowed:
        msg = (
            f"the result was kept without net_rate, so the rate of a selection by {narrowed[0]} is not known; "
            "keep net_rate too, or ask before selecting"
        )
        raise ValueError(msg)


def _present(ds: xr.Dataset) -> xr.DataArray | None:
    """Which cores and channels ``where`` left; None where nothing was taken out."""
    status = ds.get("status")
    if status is None or not set(INNER) & set(status.dims):
        return None
    return status.notnull()


def _left(ds: xr.Dataset, dim: str) -> int:
    """Number of cores or channels at hand, without those that ``where`` took out."""
    present = _present(ds)
    if present is None or dim not in present.dims:
        return _count(ds, dim)
    return int(present.any([other for other in present.dims if other != dim]).sum())


def _kept(ds: xr.Dataset, values: xr.DataArray) -> xr.DataArray:
    present = _present(ds)
    return values if present is None else values.where(present)


def _summed(ds: xr.Dataset, values: xr.DataArray, *dims: str) -> xr.DataArray:
    """Sum over the cores and channels at hand; NaN where none is left, or where a point cannot exist."""
    present = _present(ds)
    if present is not None:
        values = values.where(present, 0.0)
    for dim in dims:
        values = values.sum(dim, skipna=False) if dim in values.dims else values * float(_count(ds, dim))
    if present is None:
        return values
    return values.where(present.any([dim for dim in dims if dim in present.dims]))


def _without_channels(values: xr.DataArray) -> xr.DataArray:
    """Take what belongs to the whole system out of the cores and channels that ``where`` spread it over."""
    return values.max([dim for dim in INNER if dim in values.dims], keep_attrs=True)


def _where_possible(ds: xr.Dataset, table: xr.Dataset) -> xr.Dataset:
    """Leave NaN at the points that cannot exist."""
    if "status" not in ds:
        return table
    status = _without_channels(ds["status"])
    return table.where(status == OK) if status.ndim else table


def _in_lines(ds: xr.Dataset) -> xr.Dataset:
    """Put a single core or channel back on its dimension, for figures."""
    for dim in INNER:
        if dim not in ds.dims and dim in ds.coords:
            beside = [name for name in (*INDEXED, "band") if dim == "channel" and name in ds.coords]
            ds = ds.reset_coords(beside).expand_dims(dim).set_coords(beside)
    return ds


def _share(own: FloatArray, everything: FloatArray) -> FloatArray:
    meant = (everything > 0.0) & (everything < math.inf)
    return np.where(meant, own, 0.0) / np.where(meant, everything, 1.0)


def _inverse(ratio: Quantity) -> Quantity:
    def inverse(values: FloatArray) -> FloatArray:
        with np.errstate(divide="ignore"):
            result: FloatArray = 1.0 / np.asarray(values)
        return result

    return units.mapped(inverse, ratio)
