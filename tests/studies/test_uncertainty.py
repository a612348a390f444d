"""Predictions: samples of what is not known, and what becomes of words that are not known."""

import numpy as np
import pytest
import systems
import xarray as xr

from mcfiber import CatalogEntry, DescriptionError, load, predict, sweep
from mcfiber.studies import memory
from mcfiber.studies.uncertainty import interval


def entry_of(system, **known):
    provenance = {path: {"status": "assumed", "source": "test"} | what for path, what in known.items()}
    return CatalogEntry(name="test", system=system, provenance=provenance)


POWER = {"range": [-1.0, 2.0]}
REPEAT = {"choices": ["independent", "same"]}


def test_predict__equals_single_systems():
    entry = load("nict-2025-1808km")
    prediction = predict(entry, samples=5, seed=2)
    drawn = entry.sampled(5, 2)
    for sample in range(5):
        values = {path: values[sample].item() for path, values in drawn.items()}
        single = entry.system.replace(values).evaluate()
        for name in ("snr_ase", "snr_nli", "gsnr", "mdl_penalty", "snr", "net_rate", "total_net_rate"):
            found, expected = prediction[name], single[name]
            found = found.isel(sample=sample) if "sample" in found.dims else found
            np.testing.assert_allclose(found.transpose(*expected.dims), expected, rtol=1e-11, err_msg=name)


def test_predict__first_samples_of_more_are_the_same():
    entry = load("nict-2025-1808km")
    few, many = predict(entry, samples=6), predict(entry, samples=20)
    np.testing.assert_array_equal(few.sample, many.sample[:6])
    np.testing.assert_allclose(few.total_net_rate, many.total_net_rate[:6], rtol=1e-12)
    assert not np.allclose(few.total_net_rate, predict(entry, samples=6, seed=1).total_net_rate)


def test_predict__notes_what_it_did():
    entry = load("nict-2025-1808km")
    provenance = predict(entry, samples=4, seed=9).mcf.provenance
    assert (provenance["samples"], provenance["seed"], provenance["entry"]) == (4, 9, "nict-2025-1808km")
    assert provenance["reported"]["net_rate_tbps"] == 1020
    drawn = entry.sampled(4, 9)["transceiver.snr_db"]
    assert provenance["system"]["transceiver"]["snr_db"]["values"] == drawn.tolist()


def test_predict__of_what_is_known_is_one_evaluation():
    system = systems.single()
    prediction = predict(entry_of(system))
    assert "sample" not in prediction.dims
    xr.testing.assert_equal(prediction, system.evaluate())


@pytest.mark.parametrize("loss", [{}, {"link.mode_dependent_loss_rms_db": {"range": [0.5, 1.5]}}])
def test_predict__words_that_are_not_known(loss):
    # Where only words differ between samples, what depends on them alone differs too.
    system = systems.random()
    entry = entry_of(system, **({"link.repeat": REPEAT} | loss))
    prediction = predict(entry, samples=12)
    drawn = entry.sampled(12, 0)
    assert prediction.sizes["sample"] == 12
    assert set(drawn["link.repeat"]) == {"same", "independent"}
    for sample in range(12):
        values = {path: one[sample].item() for path, one in drawn.items()}
        single = system.replace(values).evaluate()
        for name in ("mode_dependent_loss_sum", "mdl_penalty", "snr", "total_net_rate"):
            found = prediction[name].sel(sample=sample)
            np.testing.assert_allclose(found, single[name], rtol=1e-12, err_msg=name)
    shares = prediction.mcf.limits().noise_share
    np.testing.assert_allclose(shares.sum("limit"), 1, rtol=1e-12)


def test_predict__one_sample_of_words():
    prediction = predict(entry_of(systems.random(), **{"link.repeat": REPEAT}), samples=1)
    assert prediction.sizes["sample"] == 1
    assert prediction.total_net_rate.dims == ("sample",)


def test_predict__words_and_numbers_keep_what_does_not_differ():
    entry = entry_of(systems.random(), **{"link.repeat": REPEAT, "transceiver.snr_db": {"range": [15.0, 20.0]}})
    prediction = predict(entry, samples=10)
    assert "sample" not in prediction.ase_power.dims
    assert "sample" not in prediction.gsnr.dims
    assert prediction.snr.sizes["sample"] == 10


def test_predict__a_format_that_is_not_known():
    entry = entry_of(systems.single(), **{"transceiver.format": {"choices": ["64QAM", "16QAM"]}})
    prediction = predict(entry, samples=8)
    drawn = entry.sampled(8, 0)["transceiver.format"]
    for sample, word in enumerate(drawn):
        single = systems.single(transceiver__format=str(word)).evaluate()
        assert float(prediction.total_net_rate[sample]) == pytest.approx(float(single.total_net_rate), rel=1e-12)


def test_interval__quantiles():
    values = np.arange(101.0)
    assert interval(values) == (5.0, 50.0, 95.0)
    assert interval(xr.DataArray(3.0)) == (3.0, 3.0, 3.0)


def test_interval__leaves_out_points_that_cannot_be():
    assert interval(np.array([np.nan, 1.0, 1.0])) == (1.0, 1.0, 1.0)
    assert all(np.isnan(interval(np.array([np.nan, np.nan]))))


def test_interval__of_channels_without_signal():
    low, middle, high = interval(np.array([-np.inf, -np.inf, 10.0, 10.0]))
    assert low == -np.inf
    assert not np.isnan(middle)
    assert high == 10.0


@pytest.mark.parametrize("wrong", [0, -1, 2.5, True])
def test_predict__needs_whole_numbers(wrong):
    entry, count = load("nict-2025-1808km"), "a whole number of at least 1"
    with pytest.raises(DescriptionError, match=f"samples: got .*; allowed: {count}"):
        predict(entry, samples=wrong)
    with pytest.raises(DescriptionError, match=f"draws: got .*; allowed: {count}"):
        entry.system.evaluate(draws=wrong)
    with pytest.raises(DescriptionError, match=f"draws: got .*; allowed: {count}"):
        sweep(entry.system, {"link.launch_power_dbm": [0.0, 1.0]}, draws=wrong)
    for ask in (lambda seed: predict(entry, seed=seed), lambda seed: entry.system.evaluate(seed=seed)):
        with pytest.raises(DescriptionError, match=r"seed: got .*; allowed: a whole number of at least 0"):
            ask(-1 if wrong == 0 else wrong)


def test_predict__of_a_system_says_what_it_needs():
    with pytest.raises(DescriptionError, match=r"entry: got a System; allowed: a CatalogEntry.*system.evaluate\(\)"):
        predict(systems.weak())


def test_predict__more_samples_than_memory_holds_are_refused_with_numbers(monkeypatch):
    monkeypatch.setattr(memory, "free_bytes", lambda: 1e9)
    told = r"samples: 100,000 samples need about [\d.]+ GB of memory, and 1 GB are free; give at most [\d,]+$"
    with pytest.raises(DescriptionError, match=told):
        predict(load("nict-2025-1808km"), samples=100_000)
    monkeypatch.setattr(memory, "free_bytes", lambda: float("inf"))
    one = entry_of(systems.single(), **{"link.launch_power_dbm": POWER})
    assert predict(one, samples=5000).sizes["sample"] == 5000


def test_free_bytes__is_a_number_of_this_machine(monkeypatch, tmp_path):
    assert 0 < memory.free_bytes() < 1e15
    (tmp_path / "memory.max").write_text("3000")
    (tmp_path / "memory.current").write_text("1000")
    monkeypatch.setattr(memory, "_GROUP", tmp_path)
    assert memory.free_bytes() == 2000
    monkeypatch.setattr(memory, "_MACHINE", tmp_path / "none")
    (tmp_path / "memory.max").write_text("max")
    assert memory.free_bytes() == float("inf")
