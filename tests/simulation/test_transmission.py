"""Waveforms: exact inverses and limits, equalisers against direct computations, and a system end to end."""

import math
import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from examples import at_most
from hypothesis import given
from hypothesis import strategies as st
from scipy import fft
from small_systems import small
from threadpoolctl import threadpool_limits

import mcfiber as mcf
from mcfiber.descriptions.errors import DescriptionError
from mcfiber.receiver.constellation import constellation
from mcfiber.receiver.information import bit_error_ratio, information
from mcfiber.simulation.equalizers import Equalizer, equalized
from mcfiber.simulation.front_end import FrontEnd, ReceivedField
from mcfiber.simulation.least_squares import covariance, factored, filter_output, tributaries
from mcfiber.simulation.mixtures import mixtures
from mcfiber.simulation.phase import PhaseRecovery, running_sum
from mcfiber.simulation.propagation import Effects, line_removed, passed
from mcfiber.simulation.quality import effective_snr, signal_quality
from mcfiber.simulation.readings import reading
from mcfiber.simulation.splitstep import CoupledFiber, SplitStepLine, propagated
from mcfiber.simulation.transceivers import ShortSimulationWarning
from mcfiber.simulation.transmission_line import TransmissionLine, TransmissionSpan
from mcfiber.simulation.transmitter import (
    Draw,
    FrequencyGrid,
    WdmChannel,
    complex_normal,
    phase_walk,
    raised_cosine_root,
    random_symbols,
    transmitted,
)
from mcfiber.simulation.truth import Follower, truth_frequencies
from mcfiber.typing import AnyArray

RATE, POWER, NP = 32e9, 1e-3 * 10**0.55, 10 / math.log(10)
LINEAR = Effects(kerr=False)


def line(cores: int = 2, spans: int = 3, **changes: Any) -> TransmissionLine:
    each = np.ones(cores)
    known: dict[str, Any] = {
        "length": 80e3,
        "beta2": -21.7e-27,
        "beta3": 1e-40,
        "attenuation": each * (0.2e-3 / NP),
        "kerr": each * (8 / 9 * 1.3e-3),
        "mode_dispersion": np.array([3e-12 / math.sqrt(1e3)]),
        "loss_rms": np.array([0.5 / NP]),
        "noise": each * (POWER / RATE / 10**1.4 / spans),
    }
    way = {key: changes.pop(key) for key in ("power_control", "repeat", "filters") if key in changes}
    span = TransmissionSpan(**known | changes)
    return TransmissionLine((span,), spans, (tuple(range(cores)),), each * POWER, **way)


def sent_through(
    way: TransmissionLine, effects: Effects, *, symbols: int = 2048, seed: int = 1, modulation: str = "16QAM", samples=2
) -> Any:
    grid, draw = FrequencyGrid(RATE / symbols, samples * symbols), Draw(seed)
    sent = transmitted([WdmChannel(0, symbols, way.launch, modulation)], grid, modes=way.modes, draw=draw)
    follower = Follower(way, RATE, truth_frequencies(way, RATE, symbols, 0.1, fine=True), effects.noise)
    band = {"bandwidth": 1.1 * RATE, "centers": np.zeros(1)}
    return sent, grid, draw, passed(sent.spectrum, grid, way, follower, **band, effects=effects, draw=draw)


def field_of(way: TransmissionLine, effects: Effects, front: FrontEnd | None = None, **options: Any) -> ReceivedField:
    sent, grid, draw, got = sent_through(way, effects, **options)
    end = front or FrontEnd()
    samples = end.sampled(got.spectrum, grid, sent, way.dispersion(), got.late, draw)
    modulation = options.get("modulation", "16QAM")
    shared = RATE, 0.1, modulation, way.groups, got.truths, end.noise
    return ReceivedField(samples, sent.symbols, sent.numbers, *shared, tuple(range(way.cores)))


def energy(spectrum: AnyArray) -> float:
    return float(np.sum(np.abs(spectrum) ** 2))


# ---------------------------------------------------------------------------------------------------------
# transmitter


@pytest.mark.parametrize("roll_off", [0.0, 0.01, 0.1, 0.5, 1.0])
@pytest.mark.parametrize("symbols", [64, 65])
def test_pulse__aliases_sum_to_one(roll_off, symbols):
    offset = np.arange(-symbols, symbols)
    power = raised_cosine_root(offset, symbols, roll_off) ** 2
    folded = np.bincount(offset % symbols, power, symbols)
    np.testing.assert_allclose(folded, 1.0, atol=1e-12)


def test_transmitter__power_of_each_core_and_channel():
    grid, power = FrequencyGrid(RATE / 4096, 8 * 4096), np.array([1e-3, 2e-3])
    channels = [WdmChannel(0, 4096, power, "64QAM"), WdmChannel(9000, 2048, 3e-3, "gaussian")]
    sent = transmitted(channels, grid, modes=4, draw=Draw(3))
    place = np.arange(-2500, 2500)
    for center, expected in ((0, power), (9000, np.full(2, 3e-3))):
        inside = sent.spectrum[:, (center + place) % grid.samples]
        found = np.sum(np.abs(inside.reshape(2, -1)) ** 2, axis=1) / grid.samples**2
        np.testing.assert_allclose(found, expected, rtol=0.06)


@pytest.mark.parametrize(
    "modulation", ["QPSK", "8QAM", "64QAM", mcf.ShapedFormat(base="64QAM", entropy=4.5), "gaussian"]
)
def test_symbols__occur_as_often_as_the_format_says(modulation):
    symbols, numbers = random_symbols(modulation, np.random.default_rng(2), (4, 50_000))
    assert np.mean(np.abs(symbols) ** 2) == pytest.approx(1.0, abs=0.02)
    if modulation != "gaussian":
        known = constellation(modulation)
        often = np.bincount(numbers.ravel(), minlength=known.points.size) / numbers.size
        spread = np.sqrt(known.probabilities * (1 - known.probabilities) / numbers.size)
        assert np.all(np.abs(often - known.probabilities) < 5 * spread + 1e-9)


def test_laser__walks_as_far_as_its_line_width_says():
    grid = FrequencyGrid(1e6, 2**16)
    walks = np.array([phase_walk(np.random.default_rng(k), 1e5, grid) for k in range(16)])
    for lag in (1, 10, 100):
        found = np.mean((walks[:, lag:] - walks[:, :-lag]) ** 2)
        assert found == pytest.approx(2 * math.pi * 1e5 * lag / grid.sample_rate, rel=0.05)
    assert np.all(np.abs(walks[:, -1]) < 1e-9)  # ends where it begins


# ---------------------------------------------------------------------------------------------------------
# line


@pytest.mark.parametrize(
    "changes",
    [{}, {"coupling": np.array([[0, 1e-7], [1e-7, 0]]), "skew": 1e-13, "random_skew": 1e-13}],
    ids=["coupled", "weak"],
)
def test_line__linear_part_is_undone_exactly(changes):
    way = line(**changes)
    if changes:
        weak = replace(way.spans[0], mode_dispersion=np.array([1e-15, 2e-15]), loss_rms=np.zeros(2))
        way = replace(way, groups=((0,), (1,)), spans=(weak,))
    effects = replace(LINEAR, noise=False)
    sent, grid, draw, got = sent_through(way, effects)
    back = line_removed(got.spectrum, grid, way, got.sections, draw)
    back *= np.vdot(back, sent.spectrum) / np.vdot(back, back)  # the amplifiers' common gain
    assert np.abs(back - sent.spectrum).max() < 1e-12 * np.abs(sent.spectrum).max()


def test_line__without_loss_keeps_its_energy():
    way = line(loss_rms=np.zeros(1), attenuation=np.zeros(2), length=20e3)
    sent, _, _, got = sent_through(way, Effects(noise=False), symbols=512, samples=4)
    assert energy(got.spectrum) == pytest.approx(energy(sent.spectrum), rel=1e-10)
    assert not np.allclose(got.spectrum, sent.spectrum)


def test_line__kerr_effect_is_that_of_the_split_step():
    """One core: no mixtures, so that both solvers see the same field."""
    way = line(1, 2, mode_dispersion=np.zeros(1), loss_rms=np.zeros(1))
    sent, grid, _, got = sent_through(way, Effects(noise=False), symbols=512, samples=4)
    fiber = CoupledFiber(80e3, 0.2e-3 / NP, -21.7e-27, 1.3e-3, 1e-40)
    same = propagated(sent.spectrum, grid.sample_rate, SplitStepLine(fiber, 2), bandwidth=1.1 * RATE)
    np.testing.assert_allclose(got.spectrum, same, atol=1e-12 * np.abs(same).max())


@pytest.mark.parametrize("held", ["signal", "total"])
def test_line__noise_is_that_of_the_budget(held):
    """Without mode-dependent loss; signal-to-noise ratio within three standard errors of that of the amplifiers."""
    way = line(2, 4, loss_rms=np.zeros(1), power_control=held)
    found = []
    for seed in range(6):
        field = field_of(way, LINEAR, seed=seed)
        out = equalized(field, Equalizer("known"))
        found.append(effective_snr(signal_quality(out.symbols, field.symbols, field.numbers, "16QAM").snr))
    added = 10**-1.4
    expected = 1 / added if held == "signal" else 1 / ((1 + added / 4) ** 4 - 1)
    error = np.std(found, ddof=1) / math.sqrt(6)
    assert abs(np.mean(found) - expected) < 3 * error
    assert error < 0.01 * expected


def test_line__laps_of_the_same_fibre_repeat_their_mixtures():
    way = line(2, 3, repeat="same")
    first, third = (mixtures(way, number, 4, Draw(1)) for number in (0, 2))
    np.testing.assert_array_equal(first.matrices, third.matrices)
    other = mixtures(replace(way, repeat="independent"), 2, 4, Draw(1))
    assert not np.allclose(first.matrices, other.matrices)
    unitary = first.matrices @ first.matrices.conj().transpose(0, 2, 1)
    np.testing.assert_allclose(unitary, np.broadcast_to(np.eye(4), unitary.shape), atol=1e-13)


def test_line__crosstalk_of_a_section_is_the_power_coupling_of_its_length():
    """Two weak cores: mean light of the other core over many sections is h dz."""
    coupling, still = 2e-8, np.zeros(2)
    pairs = np.array([[0.0, coupling], [coupling, 0.0]])
    way = replace(line(2, 1, coupling=pairs, loss_rms=still, mode_dispersion=still), groups=((0,), (1,)))
    drawn = mixtures(way, 0, 4000, Draw(2))
    pieces = [np.sum(np.abs(matrix[2:, :2]) ** 2) / 2 for matrix in drawn.matrices]
    assert np.mean(pieces) == pytest.approx(coupling * 20.0, rel=1e-6)
    np.testing.assert_allclose(drawn.own[:, 2:, :2], 0.0)


# ---------------------------------------------------------------------------------------------------------
# receiver


@pytest.mark.parametrize("taps", [6, 7])
def test_fit__is_least_squares_over_the_training_symbols(taps):
    generator = np.random.default_rng(5)
    samples = complex_normal(generator, (3, 128))
    pair, half = tributaries(samples, taps), taps // 2
    first, last = 3, 50
    windows = np.array(
        [[samples[mode, (2 * k + half - tap) % 128] for tap in range(taps) for mode in range(3)] for k in range(64)]
    )
    direct = windows[first:last].T @ windows[first:last].conj()
    np.testing.assert_allclose(np.triu(covariance(pair, first, last, taps)), np.triu(direct), atol=1e-12)
    weights = complex_normal(generator, (2, 3 * taps))
    np.testing.assert_allclose(filter_output(pair, weights), weights @ windows.T, atol=1e-12)


@pytest.mark.parametrize("size", [7, 48, 131])
def test_factor__is_cholesky_s(size):
    inputs = complex_normal(np.random.default_rng(size), (size, 2 * size))
    summed = inputs @ inputs.conj().T
    found = np.tril(factored(np.triu(summed)))
    np.testing.assert_allclose(found @ found.conj().T, summed, atol=1e-7 * np.trace(summed).real / size)


@pytest.mark.parametrize("kind", ["mmse", "lms", "frequency_lms", "known"])
def test_equalisers__undo_a_line_without_noise(kind):
    way = line(2, 2, loss_rms=np.zeros(1))
    field = field_of(way, replace(LINEAR, noise=False), symbols=4096)
    step = {"lms": 0.3, "frequency_lms": 0.1}.get(kind, 0.1)
    out = equalized(field, Equalizer(kind, 30, step=step, rounds=6))  # whose blocks do not end with the period
    snr = signal_quality(*(one[:, out.measured] for one in (out.symbols, field.symbols, field.numbers)), "16QAM").snr
    assert 10 * math.log10(effective_snr(snr)) > {"mmse": 30, "lms": 22, "frequency_lms": 22, "known": 60}[kind]


@pytest.mark.parametrize(("modulation", "level"), [("QPSK", 5), ("16QAM", 10), ("32QAM", 14), ("64QAM", 15)])
def test_back_to_back__is_theory(modulation, level):
    way = line(1, 1, loss_rms=np.zeros(1), mode_dispersion=np.zeros(1), beta2=-1e-30, beta3=0.0)
    front = FrontEnd(10 ** (-level / 10))
    field = field_of(way, replace(LINEAR, noise=False), front, symbols=32768, modulation=modulation)
    out = equalized(field, Equalizer("known"))
    found = signal_quality(out.symbols, field.symbols, field.numbers, modulation)
    mutual, gmi = information(constellation(modulation), 10 ** (level / 10))
    both = math.sqrt(2.0)  # the mean of two streams
    assert abs(found.snr.mean() - 10 ** (level / 10)) < 3 * found.snr_error.mean() / both
    assert abs(found.gmi.mean() - gmi) < 3 * found.gmi_error.mean() / both
    assert abs(found.mutual_information.mean() - mutual) < 3 * found.gmi_error.mean() / both
    wrong = float(bit_error_ratio(modulation, 10 ** (level / 10)))
    assert abs(found.bit_error_ratio.mean() - wrong) < 3 * found.bit_error_error.mean() / both


def test_phase__window_of_known_symbols_by_law():
    """Noise of the window, and the walk within it."""
    generator, width, window, level = np.random.default_rng(3), 2e5, 32, 10**1.2
    grid = FrequencyGrid(RATE / 32768, 32768)
    walk = phase_walk(generator, width, grid)
    symbols, numbers = random_symbols("16QAM", generator, (8, 32768))
    noisy = (symbols + complex_normal(generator, symbols.shape) / math.sqrt(level)) * np.exp(1j * walk)
    field = ReceivedField(symbols, symbols, numbers, RATE, 0.1, "16QAM", ((0,),), ())
    turn = PhaseRecovery("data_aided", window).recovered(noisy, field)
    law = 1 / (2 * 8 * window * level) + 2 * math.pi * width / RATE * window / 12
    wrong = np.angle(np.exp(1j * (turn - walk)))
    assert np.mean(wrong**2) == pytest.approx(law, rel=0.1)
    blind = PhaseRecovery("blind", window).recovered(noisy, field)
    assert np.mean(np.angle(np.exp(1j * (blind - walk))) ** 2) < 8 * law
    pilots = PhaseRecovery("pilots", window).recovered(noisy, field)
    law = 2 * math.pi * width / RATE * window / 6 + 1 / (3 * 8 * level)
    assert np.mean(np.angle(np.exp(1j * (pilots - walk))) ** 2) == pytest.approx(law, rel=0.1)


def test_running_sum__is_periodic():
    values = np.arange(8.0)
    found = running_sum(values, 3).real
    np.testing.assert_allclose(found, values + np.roll(values, 1) + np.roll(values, -1), atol=1e-12)


def test_reading__correction_is_exact_for_noise_of_the_receiver():
    """Taps w = h/(h^2 + nu) of known gains."""
    generator, nu = np.random.default_rng(4), 10**-1.2
    logs = generator.normal(size=4) * 0.4
    logs -= logs.mean()
    gains = np.exp(0.5 * logs)
    left, right = (np.linalg.qr(complex_normal(generator, (4, 4)))[0] for _ in range(2))
    taps = np.zeros((4, 8, 4), complex)
    taps[:, 4] = left @ np.diag(gains / (gains**2 + nu)) @ right
    field = ReceivedField(taps[0], taps[0], np.zeros((1, 1), int), RATE, 0.1, "16QAM", ((0, 1),), ())
    found = reading(field, taps, 1 / nu)
    assert found.loss_rms < np.std(logs)  # the receiver hides some
    assert found.loss_rms_corrected == pytest.approx(np.std(logs), rel=1e-9)


@given(st.integers(0, 10_000), st.sampled_from([0.0, 0.3, 1.0]))
@at_most(8)
def test_truth__channel_has_mean_gain_one_and_noise_is_hermitian(seed, loss_db):
    way = line(2, 3, loss_rms=np.array([loss_db / NP]))
    follower = Follower(way, RATE, np.linspace(-17e9, 17e9, 33))
    for number in range(3):
        follower.span(number, mixtures(way, number, 4, Draw(seed)), np.ones(33))
    truth = follower.truths()[0]
    gram = truth.channel @ truth.channel.conj().transpose(0, 2, 1)
    mean = follower.weights @ np.mean(np.einsum("fii->fi", gram).real, axis=1)
    assert mean == pytest.approx(1.0, rel=1e-12)
    np.testing.assert_allclose(truth.noise, truth.noise.conj().transpose(0, 2, 1), atol=1e-12)
    assert np.all(np.linalg.eigvalsh(truth.noise) > 0.0)
    assert truth.loss_rms == pytest.approx(0.0, abs=1e-9) if loss_db == 0.0 else truth.loss_rms > 0.0


# ---------------------------------------------------------------------------------------------------------
# a system


def system(**changes: Any) -> mcf.System:
    fiber = {
        "layout": {"kind": "ring", "cores": 2, "pitch_um": 20},
        "coupling": "random",
        "spatial_mode_dispersion_ps_per_sqrt_km": 3.0,
    }
    base = small().replace({"fiber": fiber, "link.span_count": 4, "link.power_control": "signal"})
    return base.replace(changes)


def simulated(one: mcf.System, **options: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ShortSimulationWarning)
        return mcf.simulate_transmission(one, **options)


def test_system__linear_judge_agrees_with_the_budget():
    found = simulated(system(), symbols=4096, draws=4, kerr=False, equalizer=Equalizer("known"), seed=2)
    predicted = float(np.max(found.predicted_snr))
    assert abs(float(found.simulated_snr) - predicted) < 3 * float(found.simulated_snr_error) + 0.005 * predicted
    assert set(found.waveform_snr.dims) == {"draw", "core", "polarization"}
    assert not any(bool(np.isnan(one).any()) for one in found.data_vars.values())


def test_system__the_same_bits_for_any_number_of_threads():
    options = {"symbols": 1024, "seed": 5, "equalizer": Equalizer(taps=16), "kerr": False}
    every = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            every.append(simulated(system(), **options))
    for name in every[0].data_vars:
        np.testing.assert_array_equal(every[0][name], every[1][name], err_msg=str(name))


def test_system__received_field_is_that_of_the_simulation():
    one = system()
    field = mcf.received_field(one, symbols=2048, kerr=False, seed=3)
    out = mcf.equalized(field, Equalizer(taps=24, training=1024))
    place = out.measured
    quality = mcf.signal_quality(
        out.symbols[:, place], field.symbols[:, place], field.numbers[:, place], field.modulation
    )
    same = simulated(one, symbols=2048, kerr=False, seed=3, equalizer=Equalizer(taps=24, training=1024))
    np.testing.assert_array_equal(same.waveform_snr.data.ravel(), quality.snr)


def test_system__receiver_noise_costs_more_under_mode_dependent_loss():
    lossy = {"link.mode_dependent_loss_rms_db": 1.0, "transceiver.snr_db": 14.0}
    levels = []
    for share in (0.0, 1.0):
        one = system(**lossy, **{"transceiver.receiver_noise_share": share})
        levels.append(simulated(one, symbols=2048, draws=3, kerr=False, seed=4, equalizer=Equalizer("known")))
    assert float(levels[1].simulated_snr) < float(levels[0].simulated_snr)
    assert float(levels[1].predicted_snr.max()) < float(levels[0].predicted_snr.max())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"samples": 4096}, "samples: got 4096; allowed: an even number of at least 4506, twice the band"),
        ({"equalizer": Equalizer(taps=48, training=100)}, "training: got 100 symbols for 192 unknowns"),
        ({"equalizer": Equalizer(taps=8192)}, "symbols: got 2048; allowed: more than 4096"),
        ({"equalizer": Equalizer("frequency_lms", 32, step=0.6)}, "step: got 0.6; allowed: above 0 and below 0.5"),
        ({"equalizer": Equalizer("frequency_lms", 31, step=0.1)}, "taps: got 31; allowed: an even number"),
        ({"channel": 99}, "channel: got 99; allowed: 0 to"),
        ({"cores": [0]}, r"cores: got \[0\]; allowed: whole groups"),
        ({"modulation": "17QAM"}, "modulation: got '17QAM'"),
    ],
)
def test_system__refuses_what_is_too_little(options, message):
    with pytest.raises((ValueError, DescriptionError), match=message):
        mcf.simulate_transmission(system(), **{"symbols": 2048, "seed": 1} | options)


def test_equaliser__refuses_a_step_that_diverges():
    with pytest.raises(DescriptionError, match=r"step: got 2\.5; allowed: a number, above 0 and below 2"):
        Equalizer("lms", 32, step=2.5)


def test_system__warns_of_short_windows_and_few_symbols():
    with pytest.warns(ShortSimulationWarning, match=r"more than 1 % of the energy lies outside; \d+ taps are needed"):
        mcf.simulate_transmission(system(), symbols=4096, kerr=False, seed=1, equalizer=Equalizer(taps=4))
    with pytest.warns(ShortSimulationWarning, match=r"1024 symbols for 192 unknowns of a stream cost 0.9 dB"):
        mcf.simulate_transmission(
            system(), symbols=2048, kerr=False, seed=1, equalizer=Equalizer(taps=48, training=1024)
        )


def test_system__weak_cores_are_received_by_themselves():
    one = mcf.load("nict-2021-4core").system
    found = simulated(one, symbols=2048, kerr=False, modulation="16QAM", seed=1, cores=[0, 1])
    assert found.sizes["core"] == 2
    assert found.sizes["group"] == 2
    plain = float(found.predicted_snr.max())
    assert 0.5 * plain < float(found.simulated_snr) < 1.1 * plain


def test_system__line_is_the_transform_of_its_samples():
    """Energy of two samples a symbol is that of one symbol."""
    field = mcf.received_field(system(), symbols=1024, kerr=False, noise=False, seed=1)
    assert np.mean(np.abs(field.samples) ** 2) == pytest.approx(1.0, abs=0.03)
    assert np.abs(fft.fft(field.samples, axis=-1)[:, 1024]).max() < 1e-9  # nothing beyond the pulses
