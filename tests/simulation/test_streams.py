"""Random streams: what is drawn with one seed is independent of all else that is drawn with it."""

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import mcfiber as mcf
from mcfiber.simulation.channels import draw_mode_gains
from mcfiber.simulation.penalties import draw_mdl_penalty
from mcfiber.simulation.streams import Stream

SEED = 11
SEVEN = {"layout": {"kind": "hexagonal", "cores": 7, "pitch_um": 40}, "cladding_diameter_um": 190}
MIXED = mcf.MulticoreFiber(**SEVEN, coupling="random")
APART = mcf.MulticoreFiber(**SEVEN, crosstalk={"crosstalk_db": -40, "length_km": 10, "definition": "pair"})

FOUR = mcf.load("nict-2021-4core").system.replace({"transceiver.format": "16QAM"})


def propagated() -> Any:
    signal = mcf.wdm_signal([0.0], 32e9, 1e-3, symbols=64, samples=256, modes=4, seed=SEED)
    line = mcf.SplitStepLine(mcf.CoupledFiber(1e3, 4.6e-5, -21.7e-27, 1.3e-3, cores=2, section=500.0), seed=SEED)
    return mcf.propagated(signal.spectrum, signal.sample_rate, line, steps=mcf.Steps("constant", count=2))


DRAWS: dict[str, Callable[[], Any]] = {
    "mode gains": lambda: draw_mode_gains(0.5, modes=4, draws=70, seed=SEED),
    "splices": lambda: mcf.draw_splice_loss(MIXED, draws=70, seed=SEED, offset_um=0.5),
    "channels": lambda: mcf.draw_channel(mcf.CoupledLine(modes=4, spans=3, loss_rms=0.1), draws=70, seed=SEED),
    "penalties": lambda: draw_mdl_penalty(10.0, 0.5, modes=4, draws=70, seed=SEED),
    "crosstalk": lambda: mcf.draw_crosstalk(APART, length_km=1, frequency_ghz=[0.0], draws=70, seed=SEED),
    "waveforms and split-step": propagated,
    "transmission": lambda: mcf.received_field(FOUR, symbols=256, kerr=False, laser_linewidth_khz=10.0, seed=SEED),
}


def sequences(draw: Callable[[], Any]) -> list[np.random.SeedSequence]:
    """Seeds of all generators that a function makes."""
    made, real = [], np.random.default_rng

    def noted(seed: Any = None) -> np.random.Generator:
        made.append(seed)
        return real(seed)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(np.random, "default_rng", noted)
        draw()
    return [one for one in made if isinstance(one, np.random.SeedSequence) and one.entropy == SEED]


def test_streams__mode_gains_and_splices_share_no_numbers() -> None:
    gains, splices = (sequences(DRAWS[name]) for name in ("mode gains", "splices"))
    assert len(gains) == len(splices) == 2  # 70 draws are two blocks
    count = 4000
    for one, other in itertools.product(gains, splices):
        first, second = (np.random.default_rng(seed).standard_normal(count) for seed in (one, other))
        assert abs(np.corrcoef(first, second)[0, 1]) < 4 / math.sqrt(count)


def test_streams__all_that_draws_has_its_own() -> None:
    found = {name: {tuple(one.spawn_key) for one in sequences(draw)} for name, draw in DRAWS.items()}
    assert all(found.values())
    for one, other in itertools.combinations(found, 2):
        assert not found[one] & found[other], (one, other)
    assert {key[0] for keys in found.values() for key in keys} == set(map(int, Stream))


def test_streams__numbers_are_unique() -> None:
    assert len(Stream.__members__) == len({int(stream) for stream in Stream.__members__.values()})
