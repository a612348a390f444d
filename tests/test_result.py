"""Results: what can be asked of them, and files."""

import json
import signal
import subprocess
import sys
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import systems
import xarray as xr
from damaged_stores import OF_FILE, OF_FOLDER

import mcfiber
from mcfiber import report, variables
from mcfiber.catalog import CatalogEntry
from mcfiber.descriptions.errors import DescriptionError
from mcfiber.files import beside
from mcfiber.line import budget
from mcfiber.line.budget import NOISES, Noise
from mcfiber.result import noted, open_result, write
from mcfiber.studies.launch import optimize_launch
from mcfiber.studies.outputs import evaluated

SAMPLES = xr.DataArray([-1.0, 0.0, 2.0], dims="sample")


@pytest.fixture(scope="module")
def weak():
    return systems.weak().evaluate()


@pytest.fixture(scope="module")
def sampled():
    return systems.random(transceiver__snr_db=SAMPLES + 16.0).evaluate()


# ---------------------------------------------------------------------------------------------------------
# the accessor


def test_provenance__holds_the_system_and_the_versions(weak):
    provenance = weak.mcf.provenance
    assert provenance["versions"]["mcfiber"]
    assert provenance["versions"]["numpy"] == np.__version__
    assert mcfiber.System(**weak.mcf.system) == systems.weak()


def test_provenance__notes_are_added_to_a_copy(weak):
    changed = noted(weak, entry="mine")
    assert changed.mcf.provenance["entry"] == "mine"
    assert "entry" not in weak.mcf.provenance


def test_provenance__brings_axes_back(sampled):
    np.testing.assert_array_equal(sampled.mcf.system["transceiver"]["snr_db"], SAMPLES + 16.0)


def test_to_db__powers_and_ratios(weak):
    decibels = weak.mcf.to_db()
    np.testing.assert_allclose(decibels.gsnr, 10 * np.log10(weak.gsnr), rtol=1e-14)
    np.testing.assert_allclose(decibels.signal_power, 10 * np.log10(weak.signal_power) + 30, rtol=1e-14)
    assert (decibels.gsnr.attrs["units"], decibels.ase_power.attrs["units"]) == ("dB", "dBm")
    assert decibels.crosstalk.attrs["units"] == "dB"
    for name in ("net_rate", "gmi", "ngmi", "distance"):
        xr.testing.assert_identical(decibels[name], weak[name])


def test_cores_and_total_rate(weak):
    assert weak.mcf.cores == 7
    assert weak.mcf.total_rate().identical(weak.total_net_rate)


def test_summary__of_one_system_and_of_samples(weak, sampled):
    lines = weak.mcf.summary().splitlines()
    assert lines[0] == "seven weakly coupled cores: 7 cores, 11 channels"
    assert lines[1].startswith("net rate ")
    assert "Tb/s over 320 km" in lines[1]
    assert lines[-1].startswith("limited by ")
    assert "amplifier noise 4" in lines[-1]
    assert "(5-95 %: " in sampled.mcf.summary()
    assert "over sample" in sampled.mcf.summary()


# ---------------------------------------------------------------------------------------------------------
# limits


@pytest.mark.parametrize("make", [systems.weak, systems.random, systems.single])
def test_limits__shares_add_up_to_one(make):
    limits = make().evaluate().mcf.limits()
    np.testing.assert_allclose(limits.noise_share.sum("limit"), 1, rtol=1e-12)
    assert (limits.noise_share >= 0).all()


def test_limits__rates_without_are_those_of_systems_without(weak):
    limits = weak.mcf.limits().total_net_rate_without
    silent = systems.weak(transceiver__snr_db=float("inf")).evaluate()
    assert float(limits.sel(limit="transceiver")) == pytest.approx(float(silent.total_net_rate), rel=1e-12)
    assert float(limits.sel(limit="mode_dependent_loss")) == pytest.approx(float(weak.total_net_rate), rel=1e-12)
    assert (limits >= float(weak.total_net_rate) * (1 - 1e-12)).all()


def test_limits__of_mode_dependent_loss():
    lossy, even = systems.random(), systems.random(link__mode_dependent_loss_rms_db=0.0)
    without = lossy.evaluate().mcf.limits().total_net_rate_without.sel(limit="mode_dependent_loss")
    assert float(without) == pytest.approx(float(even.evaluate().total_net_rate), rel=1e-12)
    shares = even.evaluate().mcf.limits().noise_share
    np.testing.assert_array_equal(shares.sel(limit="mode_dependent_loss"), 0)


def test_limits__keep_the_dimensions_of_axes(sampled):
    limits = sampled.mcf.limits()
    assert limits.total_net_rate_without.sizes == {"limit": 5, "sample": 3}
    np.testing.assert_allclose(limits.noise_share.sum("limit"), 1, rtol=1e-12)


def test_limits__of_a_dark_channel_and_without_any_noise(weak):
    names = ["signal_power", "snr_ase", "snr_nli", "snr_xt", "gsnr", "snr"]
    dark = weak.copy(deep=True)
    for name in names:
        dark[name] = dark[name].where(dark.channel != 3, 0.0)
    shares = dark.mcf.limits().noise_share
    assert not np.isnan(shares).any()
    assert np.isfinite(dark.mcf.limits().total_net_rate_without).all()
    quiet = weak.copy(deep=True)
    for name in (*names[1:], "snr_trx"):
        quiet[name] = xr.full_like(quiet[name], np.inf)
    limits = quiet.mcf.limits()
    assert not np.isnan(limits.noise_share).any()
    np.testing.assert_array_equal(limits.noise_share, 0)  # there is nothing to share
    assert np.isfinite(limits.total_net_rate_without).all()


def test_limits__of_points_that_cannot_be():
    pitch = xr.DataArray([42.0, 100.0], dims="pitch")
    ds = systems.weak().replace({"fiber.layout.pitch_um": pitch}).evaluate()
    limits = ds.mcf.limits()
    assert np.isfinite(limits.isel(pitch=0).noise_share).all()
    assert np.isnan(limits.isel(pitch=1).noise_share).all()
    assert np.isnan(limits.isel(pitch=1).total_net_rate_without).all()


# ---------------------------------------------------------------------------------------------------------
# the table of noises


def backscatter(follows):
    """A noise that nothing but its row knows: a fixed part of the signal."""
    return Noise(
        name="backscatter",
        power="backscatter_power",
        ratio="snr_backscatter",
        enters="line",
        label="backscattered light",
        colour="#F0E442",
        compute=lambda scene: {"backscatter_power": 1e-3 * scene.power.launch},
        follows=follows,
    )


@pytest.fixture
def with_row(monkeypatch):
    """Put one row into the table of noises, and its variables into theirs."""
    table = dict(variables._TABLE)
    table["backscatter_power"] = variables.Variable("backscatter_power", ("core", "channel"), "W", "made up")
    table["snr_backscatter"] = variables.Variable("snr_backscatter", ("core", "channel"), "1", "made up")
    monkeypatch.setattr(variables, "_TABLE", table)

    def put(follows="signal"):
        monkeypatch.setattr(budget, "NOISES", (*NOISES[:2], backscatter(follows), *NOISES[2:]))

    return put


def test_noises__a_row_is_all_that_a_new_one_needs(with_row):
    with_row()
    ds = systems.weak().evaluate()
    np.testing.assert_allclose(ds.snr_backscatter, 1e3, rtol=1e-12)
    inverse = 1 / ds.snr_ase + 1 / ds.snr_nli + 1 / ds.snr_xt + 1e-3
    np.testing.assert_allclose(1 / ds.gsnr, inverse.transpose(*ds.gsnr.dims), rtol=1e-12)
    limits = ds.mcf.limits()
    assert limits.limit.values.tolist() == [
        *("amplifier_noise", "nonlinear_interference", "backscatter", "crosstalk"),
        *("mode_dependent_loss", "transceiver"),
    ]
    np.testing.assert_allclose(limits.noise_share.sum("limit"), 1, rtol=1e-12)
    without = limits.total_net_rate_without.sel(limit="backscatter")
    assert float(without) > float(ds.total_net_rate)
    assert "backscatter" in ds.mcf.summary()
    assert set(evaluated(systems.weak(), ["snr_backscatter:min"])) == {"snr_backscatter:min", "status"}


def test_noises__the_rate_without_a_new_one_is_that_of_the_table_without_its_row(with_row, weak):
    with_row()
    without = systems.weak().evaluate().mcf.limits().total_net_rate_without.sel(limit="backscatter")
    assert float(without) == pytest.approx(float(weak.total_net_rate), rel=1e-12)


def test_noises__figures_and_report_show_a_new_one(with_row):
    pytest.importorskip("matplotlib").use("Agg")
    with_row()
    entry = CatalogEntry(name="mine", system=systems.weak())
    ds = mcfiber.predict(entry)
    for name in ("budget", "spectrum", "launch"):
        legend = [text.get_text() for text in getattr(ds.mcf.plot, name)().get_legend().get_texts()]
        assert "backscattered light" in legend
    names = [row["name"] for row in report.numbers(ds, entry)["limits"]]
    assert sorted(names) == sorted(ds.mcf.limits().limit.values)


def test_noises__the_optimiser_counts_a_new_one_or_refuses_it(with_row):
    with_row()
    best = optimize_launch(systems.weak(), by="flat")
    assert best.value == pytest.approx(float(best.result.total_net_rate), rel=1e-9)
    rings = [[0], [1, 2, 3, 4, 5, 6]]
    ringed = optimize_launch(systems.weak(), by="flat", core_groups=rings)
    assert ringed.value == pytest.approx(float(ringed.result.total_net_rate), rel=1e-9)
    with_row("unknown")
    with pytest.raises(DescriptionError, match="how backscattered light follows the launch powers is not known"):
        optimize_launch(systems.weak(), by="flat")


def test_noises__every_row_is_complete():
    assert len({noise.name for noise in NOISES}) == len({noise.ratio for noise in NOISES}) == len(NOISES)
    for noise in NOISES:
        assert variables.lookup(noise.ratio).units == "1"
        assert not noise.power or variables.lookup(noise.power).units == "W"
        computed = (noise.compute is None) != (noise.of_sum is None)
        assert computed == (noise.enters == "line") == bool(noise.power)


# ---------------------------------------------------------------------------------------------------------
# files


@pytest.mark.parametrize("suffix", [".nc", ".zarr"])
@pytest.mark.parametrize("kind", ["weak", "sampled"])
def test_file__round_trip(kind, suffix, request, tmp_path):
    dataset = request.getfixturevalue(kind)
    path = tmp_path / f"result{suffix}"
    write(dataset, path)
    again = open_result(path)
    xr.testing.assert_allclose(again, dataset, rtol=0)
    assert again.mcf.provenance == dataset.mcf.provenance
    for name in ("gsnr", "total_net_rate", "wavelength"):
        assert again[name].attrs == dataset[name].attrs
    nearest = again.gsnr.sel(wavelength=1550, method="nearest")
    np.testing.assert_array_equal(nearest, dataset.gsnr.sel(wavelength=1550, method="nearest"))
    np.testing.assert_array_equal(again.snr.sel(frequency=193.2e12, method="nearest").channel, nearest.channel)
    np.testing.assert_allclose(again.mcf.limits().noise_share.sum("limit"), 1, rtol=1e-12)
    assert again.mcf.summary() == dataset.mcf.summary()
    again.close()
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("suffix", [".nc", ".zarr"])
def test_file__what_xarray_writes_opens_too(weak, suffix, tmp_path):
    path = tmp_path / f"result{suffix}"
    weak.to_netcdf(path, engine="h5netcdf") if suffix == ".nc" else weak.to_zarr(path, consolidated=False)
    with open_result(path) as again:
        xr.testing.assert_equal(
            again.snr.sel(wavelength=1550, method="nearest").load(), weak.snr.sel(wavelength=1550, method="nearest")
        )


def test_file__netcdf_is_replaced_zarr_is_not(weak, sampled, tmp_path):
    write(weak, tmp_path / "result.nc")
    write(sampled, tmp_path / "result.nc")
    with open_result(tmp_path / "result.nc") as again:
        assert "sample" in again.dims
    write(weak, tmp_path / "result.zarr")
    with pytest.raises(FileExistsError, match="remove it, or choose another name"):
        write(sampled, tmp_path / "result.zarr")


def test_file__missing(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no result at"):
        open_result(tmp_path / "none.nc")


@pytest.mark.parametrize("suffix", [".nc", ".zarr"])
def test_file__an_error_leaves_nothing_half_written(weak, suffix, tmp_path):
    old = tmp_path / f"old{suffix}"
    write(weak, old)
    unwritable = weak.assign(bad=("x", np.array([object()], dtype=object)))
    with pytest.raises(Exception, match=r"."):
        write(unwritable, tmp_path / f"result{suffix}")
    assert list(tmp_path.iterdir()) == [old]


KILLED = """
import os, signal
from pathlib import Path
import xarray as xr
from mcfiber import result

# The process dies after the file was written beside, before it is renamed.
Path.replace = lambda self, target: os.kill(os.getpid(), signal.SIGKILL)
result.write(xr.Dataset({{"snr": ("channel", [1.0, 2.0])}}), {path!r})
"""


@pytest.mark.parametrize("suffix", [".nc", ".zarr"])
def test_file__a_killed_process_leaves_the_old_file_and_no_half_one(weak, suffix, tmp_path):
    path = tmp_path / f"result{suffix}"
    if suffix == ".nc":
        write(weak, path)
    code = textwrap.dedent(KILLED.format(path=str(path)))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, cwd=Path(__file__).parents[1])
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    left = [found for found in tmp_path.iterdir() if found != path]
    assert [name.match(f".result{suffix}.*.partial") for name in left] == [True]
    assert path.exists() == (suffix == ".nc")
    if suffix == ".nc":
        with open_result(path) as old:
            assert old.sizes["core"] == 7
    write(systems.single().evaluate(), path)  # what was left does not stand in the way
    assert list(tmp_path.iterdir()) == [path]


def test_file__several_writers_of_one_name_all_leave_a_whole_one(weak, sampled, tmp_path):
    path, start = tmp_path / "result.nc", threading.Barrier(4)

    def writing(dataset):
        start.wait()
        for _ in range(3):
            write(dataset, path)

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(writing, one) for one in (weak, sampled, weak, sampled)]:
            done.result()
    assert list(tmp_path.iterdir()) == [path]
    with open_result(path) as again:
        assert again.mcf.summary() in (weak.mcf.summary(), sampled.mcf.summary())


def test_file__of_several_zarr_writers_one_wins_and_the_others_are_told(weak, tmp_path):
    path, start = tmp_path / "result.zarr", threading.Barrier(3)

    def writing(_):
        start.wait()
        try:
            write(weak, path)
        except FileExistsError as error:
            return str(error)
        return ""

    with ThreadPoolExecutor(3) as pool:
        told = sorted(pool.map(writing, range(3)))
    assert told[0] == ""
    assert all("exists already; remove it" in text for text in told[1:])
    assert list(tmp_path.iterdir()) == [path]


def test_file__of_a_writer_at_work_is_no_leftover_even_where_its_folder_is_made_anew(weak, tmp_path):
    """Zarr removes the folder that it is given, and makes another: whoever clears leftovers just then must wait."""
    path = tmp_path / "result.zarr"
    with beside(path, folder=True) as own:
        weak.to_zarr(own, mode="w", consolidated=False)
        with beside(path, folder=True):  # clears what killed writers left
            pass
        own.rename(path)
    assert list(tmp_path.iterdir()) == [path]
    with open_result(path) as again:
        assert again.mcf.summary() == weak.mcf.summary()


@pytest.mark.parametrize("suffix", [".nc", ".zarr"])
def test_file__nothing_is_written_through_links_beside_it(weak, suffix, tmp_path):
    other = tmp_path / "thesis.tex"
    other.write_text("years of work")
    (tmp_path / f".result{suffix}.partial").symlink_to(other)
    (tmp_path / f".result{suffix}.0123abcd.partial").symlink_to(other)
    write(weak, tmp_path / f"result{suffix}")
    assert other.read_text() == "years of work"
    assert not (tmp_path / f"result{suffix}").is_symlink()


LIMITED = """
import resource, sys
from mcfiber import cli, result

whole = result.write

def limited(*arguments):
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
    whole(*arguments)

result.write = limited
sys.argv = ["mcfiber", "run", "nict-2025-1808km", "--samples", "8", "--output", {path!r}]
cli.main()
"""


@pytest.mark.parametrize("suffix", [".nc", ".zarr"])
def test_file__a_disk_without_room_is_one_sentence_and_the_old_file_stays(weak, suffix, tmp_path):
    path = tmp_path / f"result{suffix}"
    if suffix == ".nc":
        path.write_bytes(b"old")
    code = textwrap.dedent(LIMITED.format(path=str(path)))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, cwd=Path(__file__).parents[1], text=True)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"mcfiber: {path}: File too large\n")
    assert [one.read_bytes() for one in tmp_path.iterdir()] == ([b"old"] if suffix == ".nc" else [])


def read(path):
    with open_result(path) as opened:
        return opened.load()


@pytest.mark.parametrize("damage", OF_FOLDER)
def test_file__a_damaged_folder_is_refused(weak, tmp_path, damage):
    place, harm = OF_FOLDER[damage]
    path = tmp_path / "result.zarr"
    write(weak, path)
    harm(path / place)
    if damage in ("a cut chunk", "a changed byte", "an empty chunk"):
        with pytest.raises((ValueError, OSError, RuntimeError)):
            read(path)
        return
    with pytest.raises(DescriptionError, match=r"result.zarr' is damaged, or no result \(.*\); make it again"):
        open_result(path)


@pytest.mark.parametrize("damage", OF_FILE)
def test_file__a_damaged_file_is_refused(weak, tmp_path, damage):
    path = tmp_path / "result.nc"
    write(weak, path)
    OF_FILE[damage](path)
    with pytest.raises(DescriptionError, match=r"result.nc' is damaged, or no result \(.*\); make it again"):
        open_result(path)


@pytest.mark.parametrize("name", ["snr", "net_rate", "wavelength"])
def test_file__changed_numbers_are_found_when_they_are_read(weak, tmp_path, name):
    path = tmp_path / "result.nc"
    write(weak, path)
    content, numbers = path.read_bytes(), weak[name].values.tobytes()
    assert content.count(numbers) == 1
    place = content.index(numbers) + len(numbers) // 2
    path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
    with pytest.raises((OSError, DescriptionError), match="read data"):  # the checksum does not fit
        read(path)


def test_provenance__is_one_json_string(weak):
    assert json.loads(weak.attrs["mcfiber"])["system"]["name"] == "seven weakly coupled cores"


# ---------------------------------------------------------------------------------------------------------
# selections

SELECTIONS = {
    "three cores": (lambda ds: ds.isel(core=slice(0, 3)), slice(0, 3), slice(None)),
    "one core": (lambda ds: ds.isel(core=4), slice(4, 5), slice(None)),
    "cores out of order": (lambda ds: ds.isel(core=[5, 1]), [5, 1], slice(None)),
    "one channel": (lambda ds: ds.isel(channel=2), slice(None), slice(2, 3)),
    "a wavelength": (lambda ds: ds.sel(wavelength=ds.wavelength[7].item()), slice(None), slice(7, 8)),
    "cores and channels": (lambda ds: ds.isel(core=[0, 3], channel=slice(2, 9)), [0, 3], slice(2, 9)),
    "where, cores": (lambda ds: ds.where(ds.core < 3), slice(0, 3), slice(None)),
    "where, dropped": (lambda ds: ds.where(ds.core < 3, drop=True), slice(0, 3), slice(None)),
    "where, channels": (lambda ds: ds.where(ds.channel >= 6), slice(None), slice(6, 11)),
    "chunked": (lambda ds: ds.chunk(core=2, channel=3), slice(None), slice(None)),
    "chunked, one core": (lambda ds: ds.chunk().isel(core=4), slice(4, 5), slice(None)),
}


@pytest.fixture(scope="module")
def grouped():
    return systems.groups().evaluate()


@pytest.mark.parametrize("name", ["weak", "grouped"])
@pytest.mark.parametrize("selection", SELECTIONS)
def test_selection__totals_are_those_of_what_is_at_hand(name, selection, request):
    ds = request.getfixturevalue(name)
    select, cores, channels = SELECTIONS[selection]
    rate = ds.net_rate.transpose("core", "channel").values[cores][:, channels]
    part = select(ds)
    total = rate.sum()
    assert float(part.mcf.total_rate()) == pytest.approx(total, rel=1e-12)
    assert (part.mcf.cores, part.mcf.channels) == rate.shape
    rates = part.mcf.rates()
    assert float(rates.total_net_rate) == pytest.approx(total, rel=1e-12)
    found = np.atleast_1d(rates.core_net_rate)
    np.testing.assert_allclose(found[np.isfinite(found)], rate.sum(axis=1), rtol=1e-12)
    assert float(part.mcf.ladder().ladder_total.sel(rung="decoded")) == pytest.approx(total, rel=1e-12)
    lines = part.mcf.summary().splitlines()
    told = [
        f"{count} {what}{'' if count == 1 else 's'}"
        for count, what in zip(rate.shape, ("core", "channel"), strict=True)
    ]
    assert lines[0].endswith(": " + ", ".join(told))
    assert lines[1].startswith(f"net rate {total / 1e12:,.4g} Tb/s over 320 km")
    decibels = part.mcf.to_db()
    assert float(decibels.total_net_rate) == pytest.approx(total, rel=1e-12)
    assert float(decibels.capacity_distance) == pytest.approx(total * float(ds.distance), rel=1e-12)
    bandwidth = np.broadcast_to(ds.symbol_rate, (11,))[channels].sum()
    assert float(decibels.spectral_efficiency) == pytest.approx(total / bandwidth, rel=1e-12)


@pytest.mark.parametrize("name", ["weak", "grouped"])
@pytest.mark.parametrize("selection", SELECTIONS)
def test_selection__limits_without_one_add_up_over_cores(name, selection, request):
    """The rate of a selection without a limit is the sum over its cores and channels, each evaluated alone."""
    ds = request.getfixturevalue(name)
    select, cores, channels = SELECTIONS[selection]
    limits = select(ds).mcf.limits()
    alone = [
        ds.isel(core=core, channel=channel).mcf.limits().total_net_rate_without
        for core in np.arange(7)[cores] for channel in np.arange(11)[channels][:2]
    ]  # fmt: skip
    few = select(ds).where(ds.channel.isin(np.arange(11)[channels][:2])) if "channel" in select(ds).dims else select(ds)
    np.testing.assert_allclose(few.mcf.limits().total_net_rate_without, sum(alone), rtol=1e-12)
    assert (limits.total_net_rate_without >= float(select(ds).mcf.total_rate()) * (1 - 1e-9)).all()


def test_selection__of_equal_cores_and_of_samples(sampled):
    assert "core" not in sampled.net_rate.dims
    half = sampled.isel(core=slice(0, 2))
    np.testing.assert_allclose(half.mcf.total_rate(), sampled.total_net_rate * 2 / 19, rtol=1e-12)
    one = sampled.isel(sample=1, core=3)
    assert float(one.mcf.total_rate()) == pytest.approx(float(sampled.total_net_rate[1]) / 19, rel=1e-12)
    assert "19 cores" in sampled.isel(sample=1).mcf.summary()
    kept = sampled.where(sampled.sample > 0) if "sample" in sampled.coords else sampled
    assert kept.mcf.limits().sizes["limit"] == 5


def test_selection__what_cannot_be_told_is_refused(weak):
    for gone in (weak.mean("core", keep_attrs=True), weak.isel(core=0, drop=True)):
        for ask in ("total_rate", "rates", "ladder", "summary"):
            with pytest.raises(ValueError, match="no longer says which core it holds"):
                getattr(gone.mcf, ask)()
    totals = weak[["total_net_rate", "snr"]]
    assert float(totals.mcf.total_rate()) == float(weak.total_net_rate)
    for part in (totals.isel(core=[0, 1]), totals.isel(channel=3), totals.where(totals.core < 2)):
        with pytest.raises(ValueError, match=r"kept without net_rate, so the rate of a selection by \w+ is not known"):
            part.mcf.total_rate()
    with pytest.raises(ValueError, match=r"does not hold .*snr_ase.*keep it with the others"):
        totals.mcf.limits()
    with pytest.raises(ValueError, match="has lost its attribute 'mcfiber'"):
        weak.drop_attrs().mcf.summary()


@pytest.mark.parametrize("suffix", [".nc", ".zarr"])
def test_selection__of_a_result_that_is_opened_again(weak, suffix, tmp_path):
    write(weak, tmp_path / f"result{suffix}")
    with open_result(tmp_path / f"result{suffix}") as again:
        for part, whole in ((again.isel(core=0), weak.isel(core=0)), (again.chunk(), weak)):
            assert float(part.mcf.total_rate()) == float(whole.mcf.total_rate())
            assert part.mcf.summary() == whole.mcf.summary()
            xr.testing.assert_equal(part.mcf.limits(), whole.mcf.limits())


@pytest.mark.parametrize(
    "figure", ["budget", "spectrum", "launch", "ladder", "cross_section", "crosstalk", "crosstalk_matrix"]
)
def test_selection__figures_are_drawn_of_it(weak, figure):
    pyplot = pytest.importorskip("matplotlib.pyplot")
    for name in ("cores and channels", "one core", "a wavelength", "where, cores"):
        select, cores, _ = SELECTIONS[name]
        if figure == "crosstalk_matrix" and name == "one core":
            with pytest.raises(ValueError, match="needs at least two of them"):
                select(weak).mcf.plot.crosstalk_matrix()
            continue
        ax = getattr(select(weak).mcf.plot, figure)()
        ax.figure.canvas.draw()
        if figure == "cross_section" and "core" in select(weak).dims and select(weak).status.dtype.kind == "u":
            assert len(ax.collections[0].get_offsets()) == np.arange(7)[cores].size
        pyplot.close(ax.figure)
