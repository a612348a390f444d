import pickle
import threading
import tracemalloc
from functools import partial

import numpy as np
import pytest
import xarray as xr
from scipy.stats import qmc
from small_systems import small

import mcfiber as mcf
from mcfiber.status import CORES_OUTSIDE_CLADDING
from mcfiber.studies import axes, outputs, sweeps

PITCH, LAUNCH, LOSS = "fiber.layout.pitch_um", "link.launch_power_dbm", "fiber.attenuation_db_per_km"
XT = "fiber.crosstalk.crosstalk_db"
OUTPUTS = ("total_net_rate", "crosstalk:max", "snr:min")


def one_by_one(system, changes, name):
    result = system.replace(changes).evaluate()
    variable, _, reduction = name.partition(":")
    return float(getattr(result[variable], reduction)() if reduction else result[variable])


# ---------------------------------------------------------------------------------------------------------
# numbers


@pytest.mark.parametrize("points", [1, 4, 5, 4096])
def test_sweep__grid_equals_a_loop_whatever_the_blocks(monkeypatch, points):
    monkeypatch.setattr(sweeps, "LARGEST_BLOCK", points)
    over = {LAUNCH: [-3.0, 0.0, 2.0], LOSS: [0.16, 0.2], XT: [-60.0, -40.0]}
    result = mcf.sweep(small(), over, outputs=OUTPUTS, workers=1)
    assert result["total_net_rate"].dims == ("launch_power_dbm", "attenuation_db_per_km", "crosstalk_db")
    for name in OUTPUTS:
        for i, launch in enumerate(over[LAUNCH]):
            for j, loss in enumerate(over[LOSS]):
                for k, crosstalk in enumerate(over[XT]):
                    expected = one_by_one(small(), {LAUNCH: launch, LOSS: loss, XT: crosstalk}, name)
                    assert result[name.replace(":", "_")].values[i, j, k] == pytest.approx(expected, rel=1e-12)


def test_sweep__words_whole_numbers_truths_and_descriptions_are_looped_over():
    over = {
        "transceiver.format": ["QPSK", "16QAM"],
        "link.span_count": [2, 3],
        LAUNCH: [-1.0, 1.0],
        "transceiver.code": [{"kind": "ideal"}, {"kind": "adaptive", "ngmi_gap": 0.1}],
    }
    result = mcf.sweep(small(), over, workers=1)
    assert result["total_net_rate"].shape == (2, 2, 2, 2)
    assert result["format"].values.tolist() == ["QPSK", "16QAM"]
    assert result["span_count"].dtype.kind == "i"
    assert '"adaptive"' in result["code"].values[1]
    for index in np.ndindex(2, 2, 2, 2):
        changes = {path: values[position] for (path, values), position in zip(over.items(), index, strict=True)}
        expected = one_by_one(small(), changes, "total_net_rate")
        assert result["total_net_rate"].values[index] == pytest.approx(expected, rel=1e-12)


def test_sweep__truths_are_words_not_numbers():
    base = small().replace({"models.nonlinear_interference": "isrs_gn"})
    result = mcf.sweep(base, {"models.format_correction": [False, True]}, outputs=["snr_nli:min"], workers=1)
    assert result["format_correction"].dtype == bool
    assert result["snr_nli_min"].values[1] > result["snr_nli_min"].values[0]


def test_sweep__a_number_inside_a_description_that_is_swept_too():
    layouts = [mcf.HexagonalLayout(cores=7, pitch_um=40), mcf.RingLayout(cores=6, pitch_um=40)]
    result = mcf.sweep(small(), {"fiber.layout": layouts, PITCH: [38.0, 42.0]}, workers=1)
    assert result["status"].shape == (2, 2)
    assert (result["status"] == 0).all()
    ratio = result["total_net_rate"].values[0] / result["total_net_rate"].values[1]
    np.testing.assert_allclose(ratio, 7 / 6, rtol=0.01)


def test_sweep__paired_values_go_hand_in_hand():
    over = {LAUNCH: [-3.0, 0.0, 2.0], LOSS: [0.2, 0.18, 0.16]}
    result = mcf.sweep(small(), over, arrangement="paired", workers=1)
    assert result["total_net_rate"].dims == ("point",)
    assert result["launch_power_dbm"].dims == ("point",)
    for index, (launch, loss) in enumerate(zip(*over.values(), strict=True)):
        expected = one_by_one(small(), {LAUNCH: launch, LOSS: loss}, "total_net_rate")
        assert result["total_net_rate"].values[index] == pytest.approx(expected, rel=1e-12)


def test_sweep__samples_are_a_scrambled_sobol_sequence_whose_start_stays():
    over = {LAUNCH: (-4, 4), LOSS: (0.16, 0.22)}
    many, few = (mcf.sweep(small(), over, samples=n, seed=7, workers=1) for n in (20, 5))
    assert many["total_net_rate"].dims == ("sample",)
    xr.testing.assert_equal(many.isel(sample=slice(5)), few)
    points = np.stack([(many["launch_power_dbm"] + 4) / 8, (many["attenuation_db_per_km"] - 0.16) / 0.06], axis=1)
    assert ((points >= 0) & (points <= 1)).all()
    plain_random = np.mean([qmc.discrepancy(np.random.default_rng(k).random((16, 2))) for k in range(50)])
    assert qmc.discrepancy(points[:16]) < plain_random / 3
    other = mcf.sweep(small(), over, samples=5, seed=8, workers=1)
    assert not np.array_equal(other["launch_power_dbm"], few["launch_power_dbm"])


def test_sweep__outputs_keep_cores_and_channels_and_their_coordinates():
    result = mcf.sweep(small(), {LAUNCH: [-1.0, 1.0], XT: [-55.0, -35.0]}, outputs=["snr"], workers=1)
    assert result["snr"].dims == ("launch_power_dbm", "crosstalk_db", "core", "channel")
    alone = small().replace({LAUNCH: 1.0, XT: -35.0}).evaluate()
    there = result["snr"].sel(launch_power_dbm=1.0, crosstalk_db=-35.0)
    np.testing.assert_allclose(there, alone["snr"].transpose("core", "channel"), rtol=1e-12)
    assert float(result["snr"].sel(wavelength=1553, method="nearest").frequency) == float(
        alone["snr"].sel(wavelength=1553, method="nearest").frequency
    )


def test_sweep__draws_are_those_of_one_evaluation():
    system = mcf.load("nict-2025-1808km").system
    over = {LAUNCH: [-1.0, 1.0]}
    result = mcf.sweep(system, over, outputs=["total_net_rate", "snr:min"], draws=5, seed=3, workers=1)
    assert result["total_net_rate"].dims == ("launch_power_dbm", "draw")
    alone = system.replace({LAUNCH: 1.0}).evaluate(draws=5, seed=3)
    np.testing.assert_allclose(result["total_net_rate"].values[1], alone["total_net_rate"], rtol=1e-12)
    np.testing.assert_allclose(result["snr_min"].values[1], alone["snr"].min(["channel"]), rtol=1e-12)


def test_sweep__points_that_cannot_exist_are_marked_and_nothing_else_is_nan():
    result = mcf.sweep(small(), {PITCH: np.linspace(30, 100, 8), LAUNCH: [0.0, 1.0]}, outputs=OUTPUTS, workers=1)
    outside = result["pitch_um"] >= 75
    assert outside.any()
    assert not outside.all()
    assert ((result["status"] == CORES_OUTSIDE_CLADDING) == outside).all()
    for name in ("total_net_rate", "crosstalk_max", "snr_min"):
        assert (result[name].isnull() == outside).all()


# ---------------------------------------------------------------------------------------------------------
# names


def test_sweep__coordinates_know_path_and_unit():
    result = mcf.sweep(small(), {"link.span.length_km": [60, 80], "transceiver.format": ["QPSK"]}, workers=1)
    assert result["length_km"].attrs == {"path": "link.span.length_km", "units": "km"}
    assert result["length_km"].dtype == float
    assert result["format"].attrs == {"path": "transceiver.format"}
    assert result["total_net_rate"].attrs["units"] == "bit s-1"
    assert result.mcf.provenance["sweep"]["axes"].keys() == {"length_km", "format"}


def test_dimension_names__one_name_each_and_none_of_the_result():
    system = small().replace({LAUNCH: {"C": 0.0}})
    paths = ["fiber.crosstalk.length_km", "link.span.length_km", "fiber.crosstalk", "link.span", f"{LAUNCH}.C"]
    assert axes.dimension_names(system.value_at, paths) == {
        "fiber.crosstalk.length_km": "fiber_crosstalk_length_km",
        "link.span.length_km": "link_span_length_km",
        "fiber.crosstalk": "fiber_crosstalk",  # crosstalk is a variable of the result
        "link.span": "link_span",  # span is a dimension of it
        f"{LAUNCH}.C": "launch_power_dbm_C",
    }


def test_sweep__two_fields_of_one_name_keep_their_coordinates():
    over = {"fiber.crosstalk.length_km": [80.0, 90.0], "link.span.length_km": [60.0, 70.0]}
    result = mcf.sweep(small(), over, arrangement="paired", workers=1)
    assert result["fiber_crosstalk_length_km"].values.tolist() == [80.0, 90.0]
    assert result["link_span_length_km"].values.tolist() == [60.0, 70.0]


# ---------------------------------------------------------------------------------------------------------
# mistakes


@pytest.mark.parametrize(
    ("over", "options", "told"),
    [
        ({}, {}, r"over: got \{\}; allowed: a table by path"),
        ({"fiber.layout.pich_um": [40.0]}, {}, "pich_um.*did you mean pitch_um"),
        ({PITCH: []}, {}, "an empty axis"),
        ({PITCH: 40.0}, {}, "an axis is a list"),
        ({PITCH: "40"}, {}, "an axis is a list"),
        ({PITCH: np.ones((2, 2))}, {}, "shape"),
        ({PITCH: ["wide"]}, {}, "'wide', which is not a number"),
        ({PITCH: [True]}, {}, "true, which is not a number"),
        ({PITCH: [40.0, -3.0]}, {}, "-3 um at position 1"),
        ({PITCH: [-3.0, 40.0]}, {}, "-3 um at position 0"),
        ({PITCH: [40.0, float("nan")]}, {}, "nan"),
        ({"link.span_count": [2.5, 3.5]}, {}, "2.5; allowed: a whole number"),
        ({"transceiver.format": ["17QAM"]}, {}, "17QAM"),
        ({PITCH: [40.0], "link.span_count": [-1]}, {}, "-1; allowed"),
        ({PITCH: [40.0, 41.0], LAUNCH: [0.0]}, {"arrangement": "paired"}, "one length"),
        ({PITCH: [40.0], "link.span_count": [2]}, {"arrangement": "paired"}, "link.span_count: takes no axis"),
        ({PITCH: [40.0]}, {"arrangement": "star"}, "allowed: 'grid', 'paired'"),
        ({PITCH: [40.0, 41.0, 42.0]}, {"samples": 4}, "the range"),
        ({PITCH: [42.0, 41.0]}, {"samples": 4}, "the range"),
        ({PITCH: [41.0, 42.0]}, {"samples": 0}, "samples: got 0"),
        ({PITCH: [40.0]}, {"outputs": []}, "outputs: is empty"),
        ({PITCH: [40.0]}, {"outputs": ["rate"]}, "no variable 'rate'; known: .*net_rate"),
        ({PITCH: [40.0]}, {"outputs": ["snr:median"]}, "the reduction 'median'; allowed: max"),
        ({"fiber.layout.cores": [7, 19], "fiber.cladding_diameter_um": [250.0]}, {"outputs": ["snr"]}, "write snr:max"),
        ({PITCH: [40.0]}, {"workers": 0}, "workers: got 0"),
        ({PITCH: [40.0]}, {"memory_mb": 0}, "memory_mb: got 0"),
        ({PITCH: [40.0]}, {"workers": 2, "client": type("Client", (), {})()}, "one of the two"),
    ],
)
def test_sweep__mistakes_are_told_before_anything_is_computed(over, options, told, tmp_path):
    with pytest.raises(mcf.DescriptionError, match=told):
        mcf.sweep(small(), over, store=tmp_path / "store.zarr", **options)
    assert not list(tmp_path.iterdir())


def test_sweep__a_system_with_an_axis_of_its_own_is_refused():
    system = small().replace({LOSS: xr.DataArray([0.16, 0.2], dims="fibre")})
    with pytest.raises(mcf.DescriptionError, match="an axis 'fibre' of its own"):
        mcf.sweep(system, {LAUNCH: [0.0, 1.0]})


# ---------------------------------------------------------------------------------------------------------
# execution


def test_sweep__same_bits_for_any_number_of_workers_and_any_blocks(monkeypatch):
    over = {LAUNCH: (-4, 4), LOSS: (0.16, 0.22), XT: (-60, -40)}
    whole = mcf.sweep(small(), over, samples=200, outputs=OUTPUTS, workers=1)
    for points, workers in ((64, 1), (64, 2), (16, 3)):
        monkeypatch.setattr(sweeps, "LARGEST_BLOCK", points)
        parts = mcf.sweep(small(), over, samples=200, outputs=OUTPUTS, workers=workers)
        for name in whole.data_vars:
            np.testing.assert_array_equal(parts[name], whole[name])


def test_sweep__progress_counts_blocks(monkeypatch):
    monkeypatch.setattr(sweeps, "LARGEST_BLOCK", 4)
    told = []
    mcf.sweep(small(), {LAUNCH: np.linspace(-1, 1, 10)}, progress=lambda *numbers: told.append(numbers))
    assert told == [(0, 3), (1, 3), (2, 3), (3, 3)]


def test_sweep__an_error_in_a_block_is_raised_and_stops_the_rest(monkeypatch):
    monkeypatch.setattr(sweeps, "LARGEST_BLOCK", 1)
    whole, calls = outputs.quantities, []

    def fails_later(*arguments, **options):
        calls.append(threading.get_ident())
        if len(calls) == 6:
            raise ZeroDivisionError("in a block")
        return whole(*arguments, **options)

    monkeypatch.setattr(outputs, "quantities", fails_later)
    with pytest.raises(ZeroDivisionError, match="in a block"):
        mcf.sweep(small(), {LAUNCH: np.linspace(-1, 1, 50)}, workers=2)
    assert len(calls) < 15


def test_probe__a_block_keeps_to_its_memory():
    over = {LAUNCH: (-4, 4), LOSS: (0.16, 0.22), XT: (-60, -40)}
    for system in (small(16), small(16).replace({"fiber.crosstalk.slope_db_per_nm": 0.1})):
        plan = axes.sampled(system, over, 2048, 0)
        texts = outputs.checked(OUTPUTS)
        _, points = sweeps.probe(plan, partial(outputs.evaluated, texts=texts), memory_mb=8.0)
        part = next(plan.blocks(plan.block_shape(points)))
        evaluation = partial(outputs.evaluated, plan.put(part), texts)
        tracemalloc.start()
        try:
            evaluation()
            used = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert 1e6 < used < 10e6  # at least an eighth is made use of; a power of two of points is taken


def test_block_shape__fills_from_the_last_dimension_and_keeps_to_the_points():
    plan = axes.grid_or_paired(
        small(), {LAUNCH: np.linspace(0, 1, 7), "link.span_count": [2, 3], LOSS: np.linspace(0.1, 0.2, 5)}
    )
    assert plan.block_shape(4) == (1, 1, 4)
    assert plan.block_shape(5) == (1, 1, 5)
    assert plan.block_shape(19) == (3, 1, 5)
    assert plan.block_shape(1000) == (7, 1, 5)
    seen = np.zeros(plan.shape, int)
    for block in plan.blocks((3, 1, 4)):
        seen[block] += 1
    assert (seen == 1).all()


def test_put__a_block_travels_to_another_process():
    plan = axes.grid_or_paired(small(), {LAUNCH: np.linspace(0, 1, 7), "transceiver.format": ["QPSK", "16QAM"]})
    system = plan.put((slice(2, 5), slice(1, 2)))
    assert pickle.loads(pickle.dumps(system)) == system
    assert system.transceiver.format == "16QAM"
    assert system.link.launch_power_dbm.size == 3


def test_sweep__a_number_that_a_structure_needs():
    over = {"fiber.layout.cores": [7, 19], "fiber.cladding_diameter_um": [250.0, 260.0], LAUNCH: [0.0]}
    result = mcf.sweep(small(), over, outputs=["total_net_rate", "snr:mean"], workers=1)
    assert (result["status"] == 0).all()
    for index, cores in enumerate(over["fiber.layout.cores"]):
        expected = one_by_one(small(), {"fiber.layout.cores": cores, "fiber.cladding_diameter_um": 250.0}, "snr:mean")
        assert result["snr_mean"].values[index, 0, 0] == pytest.approx(expected, rel=1e-12)
