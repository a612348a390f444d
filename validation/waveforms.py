"""The judge against theory, closed forms and published numbers, over enough draws to tell: minutes, not a test.

Run as ``python validation/waveforms.py [part ...]``; results go to ``waveforms.json`` beside this file.
"""

import json
import math
import os
import platform
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numba
import numpy as np
import scipy
from scipy import fft

from mcfiber.line.line import Filters
from mcfiber.receiver.constellation import constellation
from mcfiber.receiver.decoder import loss_at_end
from mcfiber.receiver.information import bit_error_ratio, information
from mcfiber.receiver.penalty import mdl_penalty
from mcfiber.simulation.channels import CoupledLine, draw_channel, mode_gains
from mcfiber.simulation.equalizers import Equalized, Equalizer, equalized
from mcfiber.simulation.front_end import FrontEnd, ReceivedField
from mcfiber.simulation.least_squares import factored, solved_taps
from mcfiber.simulation.mixtures import mixtures
from mcfiber.simulation.phase import PhaseRecovery
from mcfiber.simulation.propagation import Effects, passed
from mcfiber.simulation.quality import SignalQuality, effective_snr, signal_quality
from mcfiber.simulation.readings import reading
from mcfiber.simulation.transmission_line import TransmissionLine, TransmissionSpan
from mcfiber.simulation.transmitter import (
    Draw,
    FrequencyGrid,
    WdmChannel,
    complex_normal,
    phase_walk,
    raised_cosine_root,
    random_symbols,
    smooth,
    transmitted,
)
from mcfiber.simulation.truth import Follower, Truth, truth_frequencies

RESULTS = Path(__file__).with_suffix(".json")
NP = 10.0 / math.log(10.0)  # decibels in a neper of power
PS_PER_SQRT_KM = 1e-12 / math.sqrt(1e3)
RATE, POWER, ROLL_OFF = 32e9, 1e-3 * 10**0.55, 0.1
BETA2, GAMMA, LOSS = -2.17e-26, 1.3e-3, 0.2e-3 / NP


def db(ratio: Any) -> Any:
    """Decibels of a ratio."""
    return 10.0 * np.log10(ratio)


def ratio(decibels: float) -> float:
    """Ratio of decibels."""
    return 10.0 ** (0.1 * decibels)


def mean_and_error(values: Sequence[float]) -> dict[str, float]:
    """Mean over draws, and its standard error."""
    every = np.asarray(values, float)
    error = float(every.std(ddof=1) / math.sqrt(every.size)) if every.size > 1 else math.inf
    return {"value": float(every.mean()), "standard_error": error, "draws": int(every.size)}


# ---------------------------------------------------------------------------------------------------------
# one realisation


def coupled(
    cores: int, spans: int, loss_db: float = 0.0, *, snr_ase_db: float = 14.0, power: float = POWER,
    dispersion: float = 3.0, length: float = 80e3, hold: str = "signal", beta2: float = BETA2, rate: float = RATE,
    repeat: str = "independent",
) -> TransmissionLine:  # fmt: skip
    """Equal spans of strongly coupled cores with a given ratio to amplifier noise."""
    each = np.ones(cores)
    noise = power / rate / ratio(snr_ase_db) / spans
    span = TransmissionSpan(
        length, beta2, 0.0, each * LOSS, each * (8 / 9 * GAMMA), np.array([dispersion * PS_PER_SQRT_KM]),
        np.array([loss_db / NP]), each * noise,
    )  # fmt: skip
    return TransmissionLine((span,), spans, (tuple(range(cores)),), each * power, hold, repeat)


def received(
    line: TransmissionLine, seed: int, *, effects: Effects, symbols: int = 8192, rate: float = RATE,
    front: FrontEnd | None = None, transmitter: float = 0.0, laser: float = 0.0, modulation: str = "16QAM",
    roll_off: float = ROLL_OFF, fine: bool = True, channels: Sequence[WdmChannel] = (),
) -> ReceivedField:  # fmt: skip
    """Samples of one realisation."""
    every = [WdmChannel(0, symbols, line.launch, modulation), *channels]
    reach = max(abs(one.center) + 0.5 * (1 + roll_off) * one.symbols for one in every)
    samples = smooth(max(2 * symbols, math.ceil(4 * reach) if effects.kerr else 0))
    grid, draw = FrequencyGrid(rate / symbols, samples), Draw(seed)
    sent = transmitted(every, grid, modes=line.modes, roll_off=roll_off, noise=transmitter, linewidth=laser, draw=draw)
    follower = Follower(
        line, rate, truth_frequencies(line, rate, symbols, roll_off, fine=fine), effects.noise, roll_off
    )
    centers = np.sort([one.center * grid.spacing for one in every])
    got = passed(
        sent.spectrum, grid, line, follower, bandwidth=2 * reach * grid.spacing, centers=centers, effects=effects,
        draw=draw,
    )  # fmt: skip
    end = front or FrontEnd()
    samples_out = end.sampled(got.spectrum, grid, sent, line.dispersion(), got.late, draw)
    return ReceivedField(
        samples_out, sent.symbols, sent.numbers, rate, roll_off, modulation, line.groups, got.truths, end.noise,
        tuple(range(line.cores)),
    )  # fmt: skip


def measured(field: ReceivedField, found: Equalized) -> SignalQuality:
    """Quality of the symbols that the equaliser was not fitted to."""
    place = found.measured
    return signal_quality(found.symbols[:, place], field.symbols[:, place], field.numbers[:, place], field.modulation)


def snr_of(
    line: TransmissionLine, seed: int, equalizer: Equalizer, phase: PhaseRecovery | None = None, **options: Any
) -> float:
    """Effective ratio of one realisation. [dB]"""
    field = received(line, seed, fine=equalizer.kind == "known", **options)
    return float(db(effective_snr(measured(field, equalized(field, equalizer, phase=phase)).snr)))


KNOWN = Equalizer("known")
LINEAR, KERR = Effects(kerr=False), Effects(kerr=True)


# ---------------------------------------------------------------------------------------------------------
# limits


def back_to_back() -> dict[str, Any]:
    """Formats over white noise at the receiver: ratio, information and bit errors against theory."""
    found = {}
    for modulation, level in [("QPSK", 5), ("16QAM", 5), ("16QAM", 10), ("16QAM", 15), ("64QAM", 15), ("32QAM", 14)]:
        line = coupled(2, 1, dispersion=0.0)
        front = FrontEnd(1.0 / ratio(level))
        options = {"effects": replace(LINEAR, noise=False), "symbols": 32768, "modulation": modulation, "front": front}
        field = received(line, 11, **options)
        quality = measured(field, equalized(field, KNOWN))
        mutual, gmi = information(constellation(modulation), ratio(level))
        wrong = float(bit_error_ratio(modulation, ratio(level)))
        count = quality.snr.size

        def row(values: Any, errors: Any, theory: float, count: int = count) -> dict[str, float]:
            return {
                "value": float(np.mean(values)), "theory": theory,
                "standard_error": float(np.sqrt(np.mean(np.square(errors)) / count)),
            }  # fmt: skip

        found[f"{modulation}-{level}"] = {
            "snr": row(quality.snr, quality.snr_error, ratio(level)),
            "gmi": row(quality.gmi, quality.gmi_error, float(gmi)),
            "mutual_information": row(quality.mutual_information, quality.gmi_error, float(mutual)),
            "bit_error_ratio": row(quality.bit_error_ratio, quality.bit_error_error, wrong),
        }
    return found


# ---------------------------------------------------------------------------------------------------------
# the rule against the judge


def rule(modes: int, spans: int, loss_db: float, line_db: float, snr_trx: float, share: float) -> float:
    """``1/snr = penalty/gsnr + ...`` with the receiver's noise under its own penalty. [dB]"""
    loss = loss_db / NP * math.sqrt(spans)
    gsnr, own = ratio(line_db), snr_trx / share if share else math.inf
    together = 1.0 / (1.0 / gsnr + 1.0 / own)
    line = float(mdl_penalty(together, loss, modes=modes)) / gsnr
    end = float(mdl_penalty(together, float(loss_at_end(loss)), modes=modes)) / own
    return float(db(1.0 / (line + end + (1.0 - share) / snr_trx)))


INTERFERENCE_DB = {4: 16.905, 8: 19.293}
"""Signal over interference of the line of `end_to_end`, without mode-dependent loss and noise; measured below."""


def interference() -> dict[str, Any]:
    """Interference alone: no noise, no mode-dependent loss, known channel."""
    found = {}
    for cores, draws in ((2, 8), (4, 6)):
        line, effects = coupled(cores, 10), replace(KERR, noise=False)
        found[f"D{2 * cores}"] = mean_and_error([snr_of(line, 500 + k, KNOWN, effects=effects) for k in range(draws)])
    line, effects = coupled(2, 10, 1.0), replace(KERR, noise=False)
    power = [ratio(-snr_of(line, 700 + k, KNOWN, effects=effects)) for k in range(8)]
    still = ratio(-found["D4"]["value"])
    lossy = mean_and_error([one / still for one in power])
    found["rise with 1 dB a span"] = lossy
    return found


def end_to_end() -> dict[str, Any]:
    """10 x 80 km, 16QAM 32 GBd, three splits of the transceivers' noise: judge beside rule."""
    found = {}
    for cores, count in ((2, 16), (4, 10)):
        for loss in (0.0, 0.5, 1.0):
            for effects in (LINEAR, KERR):
                line, name = coupled(cores, 10, loss), "kerr" if effects.kerr else "linear"
                values = [snr_of(line, 100 + k, KNOWN, effects=effects) for k in range(count)]
                line_db = 14.0 if not effects.kerr else -float(db(ratio(-14.0) + ratio(-INTERFERENCE_DB[2 * cores])))
                row = mean_and_error(values) | {"rule": rule(2 * cores, 10, loss, line_db, math.inf, 0.0)}
                found[f"D{2 * cores}-{loss}-{name}"] = row
                print(f"D{2 * cores}-{loss}-{name}", row, flush=True)
    return found


def splits() -> dict[str, Any]:
    """The same with transceivers of 17 dB: all noise at the transmitter, half of it, all at the receiver."""
    found = {}
    trx = ratio(17.0)
    for cores, linear, kerr in ((2, 8, 4), (4, 6, 3)):
        for loss in (0.0, 0.5, 1.0):
            for share in (0.0, 0.5, 1.0):
                for effects, draws in ((LINEAR, linear), (KERR, kerr)):
                    options = {"front": FrontEnd(share / trx), "transmitter": (1.0 - share) / trx, "effects": effects}
                    line = coupled(cores, 10, loss)
                    values = [snr_of(line, 100 + k, KNOWN, **options) for k in range(draws)]
                    line_db = 14.0
                    if effects.kerr:
                        line_db = -float(db(ratio(-14.0) + ratio(-INTERFERENCE_DB[2 * cores])))
                    name = f"D{2 * cores}-{loss}-r{share}-{'kerr' if effects.kerr else 'linear'}"
                    found[name] = mean_and_error(values) | {"rule": rule(2 * cores, 10, loss, line_db, trx, share)}
                    print(name, found[name], flush=True)
    return found


def chain() -> dict[str, Any]:
    """Everything at once: noise of line and transceivers, lasers, a fit to half of the symbols, joint phase."""
    found = {}
    rows = {"A": (0.7, 18.0, 0.5, 1e6), "C": (1.0, 15.0, 1.0, 100e3)}
    recovery, fitted = PhaseRecovery("data_aided", 32), Equalizer("mmse", 48, training=7592)
    for name, (loss, trx_db, share, width) in rows.items():
        snr, gmi = [], []
        for seed in range(8):
            field = received(
                coupled(2, 10, loss, snr_ase_db=16.0, power=1e-3 * 10**0.3), 300 + seed, effects=KERR, symbols=15184,
                front=FrontEnd(share / ratio(trx_db), width), transmitter=(1 - share) / ratio(trx_db), laser=width,
                fine=False,
            )  # fmt: skip
            quality = measured(field, equalized(field, fitted, phase=recovery))
            snr.append(float(db(effective_snr(quality.snr))))
            gmi.append(float(quality.gmi.mean()))
        found[name] = {"snr_db": mean_and_error(snr), "gmi": mean_and_error(gmi)}
        print(name, found[name], flush=True)
    return found


# ---------------------------------------------------------------------------------------------------------
# equalisers


def still_channel(
    cores: int, seed: int, *, delay_symbols: float, sections: int, symbols: int, snr_db: float, roll_off: float = 0.1
) -> ReceivedField:
    """Unitary line of random sections with noise of the receiver."""
    line = coupled(cores, 1, dispersion=delay_symbols / RATE / math.sqrt(80e3) / PS_PER_SQRT_KM)
    effects = replace(LINEAR, noise=False, sections=sections)
    return received(
        line, seed, effects=effects, symbols=symbols, front=FrontEnd(1.0 / ratio(snr_db)), roll_off=roll_off, fine=False
    )


def error_of(field: ReceivedField, symbols: Any, place: Any) -> float:
    """Mean square error of some symbols."""
    return float(np.mean(np.abs(symbols[:, place] - field.symbols[:, place]) ** 2))


def exact_filter(field: ReceivedField, taps: int, *, samples_per_symbol: int) -> tuple[float, Any]:
    """Error of the filter of least mean-square error of the channel as it is, with white noise: mean, and by stream."""
    truth, count, modes, q = field.truths[0], 4096, field.modes, samples_per_symbol
    offset = np.fft.fftfreq(q * count, 1.0 / (q * count)).astype(int)
    pulse = raised_cosine_root(offset, count, field.roll_off)
    channel, lit = np.zeros((offset.size, modes, modes), complex), pulse > 0.0
    channel[lit] = truth.at(offset[lit] * (field.symbol_rate / count))[0] * pulse[lit, None, None]
    response = []  # y[q k + r] = sum_m h_r[m] a[k - m]
    for r in range(q):
        folded = np.zeros((count, modes, modes), complex)
        np.add.at(folded, offset % count, channel * np.exp(2j * math.pi * offset * r / (q * count))[:, None, None])
        response.append(fft.ifft(folded, axis=0))
    columns = np.zeros((count, taps * modes, modes), complex)  # what the window holds of a[k - j]
    for tap in range(taps):
        lag, r = divmod(taps // 2 - tap, q)
        columns[:, tap * modes : (tap + 1) * modes] = np.roll(response[r], -lag, axis=0)
    matrix = columns.transpose(1, 0, 2).reshape(taps * modes, -1)
    summed = matrix @ matrix.conj().T + field.receiver_noise * q * np.eye(taps * modes)
    weights = solved_taps(factored(summed), columns[0].conj().T)
    errors = 1.0 - np.real(np.einsum("sp,ps->s", weights, columns[0]))
    return float(np.mean(errors)), errors


def truncation() -> dict[str, Any]:
    """Short equalisers: exact filters of drawn channels, the floor of one tap, against the Gaussian law."""
    found: dict[str, Any] = {}
    rows = [
        (8, 10.0, 1, 0.0, 51, 16.4),
        (8, 10.0, 2, 0.1, 102, 16.4),
        (8, 10.0, 2, 0.1, 102, 10.4),
        (8, 3.0, 2, 0.1, 24, 16.4),
    ]
    for modes, delay, q, roll_off, taps, level in rows:
        values = []
        for seed in range(8):
            field = still_channel(
                modes // 2, 40 + seed, delay_symbols=delay, sections=40, symbols=4096, snr_db=level, roll_off=roll_off
            )
            field = replace(field, truths=(fine_truth(modes // 2, 40 + seed, delay, 40, roll_off),))
            _, errors = exact_filter(field, taps, samples_per_symbol=q)
            values.append(float(db(effective_snr(1.0 / errors - 1.0))))
        found[f"D{modes}-{delay}-{q}-{taps}-{level}"] = mean_and_error(values)
        print(f"D{modes}-{delay}-{q}-{taps}-{level}", found[f"D{modes}-{delay}-{q}-{taps}-{level}"], flush=True)
    values = []
    for seed in range(8):
        truth = fine_truth(4, 60 + seed, 0.02, 40, 0.0)
        field = still_channel(4, 60 + seed, delay_symbols=0.02, sections=40, symbols=4096, snr_db=150.0, roll_off=0.0)
        _, errors = exact_filter(replace(field, truths=(truth,)), 1, samples_per_symbol=1)
        values.append(float(db(np.mean(1.0 / errors - 1.0))))
    found["flat"] = mean_and_error(values) | {"law": float(db(3.0 / (math.pi * 0.02) ** 2))}
    return found


def fine_truth(cores: int, seed: int, delay: float, sections: int, roll_off: float) -> Truth:
    """Channel of `still_channel`, followed finely enough to be interpolated."""
    line = coupled(cores, 1, dispersion=delay / RATE / math.sqrt(80e3) / PS_PER_SQRT_KM)
    frequency = truth_frequencies(line, RATE, 4096, max(roll_off, 0.02), fine=True)
    follower = Follower(line, RATE, frequency, noisy=False)
    follower.span(0, mixtures(line, 0, sections, Draw(seed)), np.ones(frequency.size))
    return follower.truths()[0]


def adaptation() -> dict[str, Any]:
    """Errors that adaptation adds to the least one, and those of finite training, against their laws."""
    found: dict[str, Any] = {}
    for step in (0.182, 0.333):
        ratios = []
        for seed in range(3):
            field = still_channel(4, 80 + seed, delay_symbols=3.0, sections=40, symbols=16384, snr_db=10.0)
            least = exact_filter(
                replace(field, truths=(fine_truth(4, 80 + seed, 3.0, 40, 0.1),)), 32, samples_per_symbol=2
            )[0]
            out = equalized(field, Equalizer("lms", 32, step=step, rounds=3))
            ratios.append(error_of(field, out.symbols, slice(None)) / least - 1.0)
        found[f"lms-{step}"] = mean_and_error(ratios) | {"law": step / (2.0 - step)}
        print(step, found[f"lms-{step}"], flush=True)
    for step in (0.02, 0.05):
        ratios = []
        for seed in range(3):
            field = still_channel(2, 80 + seed, delay_symbols=3.0, sections=40, symbols=16384, snr_db=10.0)
            least = exact_filter(
                replace(field, truths=(fine_truth(2, 80 + seed, 3.0, 40, 0.1),)), 32, samples_per_symbol=2
            )[0]
            out = equalized(field, Equalizer("frequency_lms", 32, step=step, rounds=4))
            ratios.append(error_of(field, out.symbols, slice(None)) / least - 1.0)
        found[f"fdlms-{step}"] = mean_and_error(ratios) | {"law": 2 * step / (1.0 - 2 * step)}
        print(step, found[f"fdlms-{step}"], flush=True)
    for modes, over in ((8, 4), (4, 16)):
        outside, inside = [], []
        for seed in range(4):
            count = modes * 32 * over
            field = still_channel(modes // 2, 90 + seed, delay_symbols=3.0, sections=40, symbols=4 * count, snr_db=10.0)
            truth = fine_truth(modes // 2, 90 + seed, 3.0, 40, 0.1)
            least = exact_filter(replace(field, truths=(truth,)), 32, samples_per_symbol=2)[0]
            out = equalized(field, Equalizer("mmse", 32, training=count))
            outside.append(error_of(field, out.symbols, out.measured) / least)
            inside.append(error_of(field, out.symbols, slice(0, count)) / least)
        found[f"train-D{modes}-{over}"] = {"outside": mean_and_error(outside), "inside": mean_and_error(inside)}
        print(found[f"train-D{modes}-{over}"], flush=True)
    return found


def blind_window() -> dict[str, Any]:
    """Four cores, 100 km, 101 taps (published; adapted by known symbols here): ratio behind the equaliser."""
    found = {}
    for level in (10, 15, 20, 25):
        values = []
        for seed in range(3):
            line = coupled(4, 1, dispersion=5.0, length=100e3)
            effects = replace(LINEAR, noise=False, sections=100)
            field = received(
                line, 20 + seed, effects=effects, symbols=16384, front=FrontEnd(1.0 / ratio(level)), fine=False
            )
            out = equalized(field, Equalizer("lms", 101, step=2 * 0.132 / 1.132, rounds=4))
            values.append(float(db(np.mean(measured(field, out).snr))))
        adaptation_only = mean_and_error(values)
        floor = 29.6
        with_floor = -db(ratio(-adaptation_only["value"]) + ratio(-floor))
        found[str(level)] = adaptation_only | {"with the floor of 29.6 dB": float(with_floor)}
        print(level, found[str(level)], flush=True)
    return found


# ---------------------------------------------------------------------------------------------------------
# phases


def enhanced_phase_noise() -> dict[str, Any]:
    """Noise that dispersion compensation makes of the phase of the local oscillator, behind phase recovery."""
    rows = [
        (49e9, 19.0, 8610e3, 0.0),
        (49e9, 19.0, 8610e3, 0.1),
        (140e9, 20.0, 7000e3, 0.0),
        (140e9, 20.0, 1016e3, 0.0),
    ]
    found = {}
    for rate, dispersion, length, roll_off in rows:
        beta2 = -dispersion * 1e-6 * 1550e-9**2 / (2 * math.pi * 299792458.0)
        spread = 2 * math.pi * abs(beta2) * length * rate
        symbols = 1 << math.ceil(math.log2(max(40 * spread * rate, 65536)))
        phase_only, delay_too = [], []
        for seed in range(8):
            line = coupled(1, 1, dispersion=0.0, length=length, beta2=beta2, rate=rate)
            field = received(
                line, 40 + seed, effects=replace(LINEAR, noise=False), symbols=symbols, rate=rate,
                front=FrontEnd(0.0, 100e3), roll_off=roll_off,
            )  # fmt: skip
            flat = matched(field)
            turn = PhaseRecovery("data_aided", 64).known(flat, field.symbols)
            still = flat * np.exp(-1j * turn)
            phase_only.append(np.mean(np.abs(still - field.symbols) ** 2))
            delay_too.append(without_delay(field, flat))
        law = math.pi * 100e3 * spread / 3 * (1 - 0.72 * roll_off)
        slope = 2 * math.pi * 100e3 * spread / 15

        def level(noise: list[Any], law: float) -> dict[str, float]:
            mean, error = float(np.mean(noise)), float(np.std(noise, ddof=1) / math.sqrt(len(noise)))
            return {"value": float(-db(mean)), "standard_error": NP * error / mean, "law": float(-db(law))}

        found[f"{rate / 1e9:g}-{length / 1e3:g}-{roll_off}"] = {
            "phase": level(phase_only, law),
            "delay": level(delay_too, slope),
        }
        print(rate, length, roll_off, found[f"{rate / 1e9:g}-{length / 1e3:g}-{roll_off}"], flush=True)
    return found


def matched(field: ReceivedField) -> Any:
    """Symbols behind the matched filter, nothing else."""
    count = field.symbols.shape[1]
    offset = np.fft.fftfreq(2 * count, 0.5 / count).astype(int)
    spectrum = fft.fft(field.samples, axis=-1) * (0.5 * raised_cosine_root(offset, count, field.roll_off))
    folded = spectrum[:, :count].copy()
    folded += spectrum[:, count:]
    return fft.ifft(folded, axis=-1)


def without_delay(field: ReceivedField, outputs: Any, window: int = 128) -> float:
    """Error that is left where phase and delay are recovered over blocks of known symbols."""
    count = field.symbols.shape[1] // window * window
    sent = field.symbols
    slope = fft.ifft(fft.fft(sent, axis=-1) * (2j * math.pi * np.fft.fftfreq(sent.shape[1])), axis=-1)
    blocks = [
        one[:, :count].reshape(len(sent), -1, window).transpose(1, 0, 2).reshape(-1, len(sent) * window)
        for one in (outputs, sent, slope)
    ]
    got, known, steep = blocks
    turn = np.exp(-1j * np.angle(np.sum(got * known.conj(), axis=1, keepdims=True)))
    error = got * turn - known
    late = np.real(np.sum(error * steep.conj(), axis=1)) / np.sum(np.abs(steep) ** 2, axis=1)
    rest = error - late[:, None] * steep
    return float(np.mean(np.abs(rest) ** 2) / (1.0 - 1.0 / window))


def phase_recovery() -> dict[str, Any]:
    """Variance of recovered phases against their laws: windows, pilots, a skew between cores."""
    found = {}
    level, product = ratio(12.0), 6.25e-6
    rows = {"phase-8-32": (8, 32, "data_aided"), "phase-2-64": (2, 64, "data_aided"), "pilot-8-64": (8, 64, "pilots")}
    for name, (streams, window, kind) in rows.items():
        values = []
        for seed in range(16):
            draw = np.random.default_rng(np.random.SeedSequence(7, spawn_key=(seed,)))
            grid = FrequencyGrid(1.0 / 16384, 16384)
            walk = phase_walk(draw, product, grid)
            symbols, numbers = random_symbols("16QAM", draw, (streams, 16384))
            noisy = symbols + complex_normal(draw, symbols.shape) / math.sqrt(level)
            field = ReceivedField(symbols, symbols, numbers, 1.0, 0.1, "16QAM", ((0,),), ())
            turn = PhaseRecovery(kind, window).recovered(noisy * np.exp(1j * walk), field)
            wrong = np.angle(np.exp(1j * (turn - walk)))[64:-64]
            values.append(float(np.mean(wrong**2)))
        found[name] = mean_and_error(values)
    for skew in (1e-9, 1e-8):
        rate, width = 32e9, 100e3
        grid = FrequencyGrid(rate / 2**20, 2**20)
        values = []
        for seed in range(4):
            walk = phase_walk(np.random.default_rng(seed), width, grid)
            values.append(float(np.mean(np.abs(np.exp(1j * (walk - np.roll(walk, round(skew * rate)))) - 1) ** 2)))
        found[f"skew-{skew:g}"] = {"value": float(-db(np.mean(values))), "law": float(-db(2 * math.pi * width * skew))}
    return found


# ---------------------------------------------------------------------------------------------------------
# matrices of drawn lines


def receiver_noise() -> dict[str, Any]:
    """Noise of the receiver behind a line with mode-dependent loss: drawn matrices against the rule."""
    rows = [
        (8, 0.45, 14, 17, 0.5),
        (8, 0.9, 14, 17, 0.5),
        (8, 0.9, 14, 17, 1.0),
        (8, 1.35, 14, 17, 0.5),
        (38, 0.9, 10, 17, 0.5),
        (4, 0.9, 18, 20, 1.0),
    ]
    found = {}
    for modes, loss, line_db, trx_db, share in rows:
        draws = {4: 2048, 8: 1024, 38: 96}[modes]
        drawn = draw_channel(CoupledLine(modes=modes, spans=20, loss_rms=loss / NP, noise="even"), draws=draws, seed=5)
        channel, noise = drawn["channel"].data[:, 0], drawn["noise_covariance"].data[:, 0]
        trx = ratio(trx_db)
        total = noise / ratio(line_db) + np.eye(modes) * (share / trx)
        total = total + (1 - share) / trx * (channel @ channel.conj().transpose(0, 2, 1))
        gram = channel.conj().transpose(0, 2, 1) @ np.linalg.solve(total, channel)
        inner = np.linalg.inv(np.eye(modes) + gram)
        snr = 1.0 / np.einsum("dii->di", inner).real - 1.0
        each = np.array([np.mean(np.log1p(one)) for one in snr])
        mean = math.expm1(each.mean())
        error = each.std(ddof=1) / math.sqrt(draws) * (1 + mean) / mean * NP
        law = rule(modes, 20, loss, line_db, trx, share)
        found[f"D{modes}-{loss}-{line_db}-{trx_db}-{share}"] = {
            "value": float(db(mean)),
            "standard_error": float(error),
            "rule": law,
        }
    return found


def droop_and_loss() -> dict[str, Any]:
    """Amplifiers that hold the total power, with mode-dependent loss: followed matrices."""
    found = {}
    for modes, loss, level, draws in ((8, 0.3, 5.0, 400), (38, 0.4, 6.0, 16)):
        line = coupled(modes // 2, 60, loss, snr_ase_db=level, dispersion=0.0, hold="total")
        logs = []
        for seed in range(draws):
            follower = Follower(line, RATE, np.zeros(1))
            for number in range(60):
                follower.span(number, mixtures(line, number, 1, Draw(900, seed)), np.ones(1))
            truth = follower.truths()[0]
            gram = truth.channel[0].conj().T @ np.linalg.solve(truth.noise[0], truth.channel[0])
            logs.append(np.mean(-np.log(np.einsum("ii->i", np.linalg.inv(np.eye(modes) + gram)).real)))
        mean = math.expm1(float(np.mean(logs)))
        error = float(np.std(logs, ddof=1) / math.sqrt(draws)) * (1 + mean) / mean * NP
        gsnr = 1.0 / ((1.0 + ratio(-level) / 60) ** 60 - 1.0)
        law = gsnr / float(mdl_penalty(gsnr, loss / NP * math.sqrt(60), modes=modes))
        found[f"D{modes}-60-{level}"] = {"value": float(db(mean)), "standard_error": error, "rule": float(db(law))}
    return found


def polarization_loss() -> dict[str, Any]:
    """Polarisation-dependent loss of one core: drawn penalties against the table of two modes."""
    found = {}
    for loss, spans, level in ((0.2, 120, 7), (0.2, 100, 10), (0.4, 30, 13), (0.5, 60, 12)):
        line = CoupledLine(modes=2, spans=spans, loss_rms=loss / 2 / NP)
        drawn = draw_channel(line, draws=4096, seed=6)
        channel, noise = drawn["channel"].data[:, 0], drawn["noise_covariance"].data[:, 0]
        gram = channel.conj().transpose(0, 2, 1) @ np.linalg.solve(noise / ratio(level), channel)
        snr = 1.0 / np.einsum("dii->di", np.linalg.inv(np.eye(2) + gram)).real - 1.0
        logs = np.log1p(snr).mean(axis=1)
        mean = math.expm1(logs.mean())
        error = float(logs.std(ddof=1) / 64 * (1 + mean) / mean * NP)
        table = float(db(mdl_penalty(ratio(level), loss / 2 / NP * math.sqrt(spans), modes=2)))
        peak = float(np.ptp(mode_gains(drawn).data, axis=-1).mean() * NP)
        found[f"{loss}-{spans}-{level}"] = {
            "penalty": level - float(db(mean)), "standard_error": error, "table": table, "mean": peak,
            "law of the mean": loss * math.sqrt(8 * spans / (3 * math.pi)),
        }  # fmt: skip
    return found


def loops() -> dict[str, Any]:
    """Laps of the same fibre: rms mode-dependent loss against laps (published: linear in laps)."""
    found = {}
    for laps in (1, 3, 6, 9, 12):
        line = CoupledLine(modes=8, spans=laps, loss_rms=0.52 / NP, repeat="same")
        gains = mode_gains(draw_channel(line, draws=512, seed=8)).data[:, 0] * NP
        found[str(laps)] = mean_and_error(gains.std(axis=-1))
    return found


def readings() -> dict[str, Any]:
    """Mode-dependent loss read from taps: noise of the receiver, and of the line."""
    found: dict[str, Any] = {}
    for loss in (0.6, 0.9):
        columns: dict[str, list[float]] = {name: [] for name in ("true", "taps_r", "fixed_r", "taps_l", "fixed_l")}
        for seed in range(6):
            for kind in ("r", "l"):
                line = coupled(4, 20, loss, snr_ase_db=12.0, dispersion=0.3)
                effects = replace(LINEAR, noise=kind == "l")
                front = FrontEnd(ratio(-12.0) if kind == "r" else 0.0)
                field = received(line, 60 + seed, effects=effects, symbols=16384, front=front, fine=False)
                out = equalized(field, Equalizer("mmse", 16, training=16384))
                seen = reading(field, out.taps[0], ratio(12.0))
                columns[f"taps_{kind}"].append(seen.loss_rms * NP)
                columns[f"fixed_{kind}"].append(seen.loss_rms_corrected * NP)
                if kind == "r":
                    columns["true"].append(field.truths[0].loss_rms * NP)
        found[str(loss)] = {name: mean_and_error(values) for name, values in columns.items()}
        print(loss, found[str(loss)], flush=True)
    return found


# ---------------------------------------------------------------------------------------------------------
# crosstalk and filters


def row_of_cores(spans: int, power: float, snr_ase_db: float, coupling: float = 2e-8) -> TransmissionLine:
    """Three cores in a row, each received by itself."""
    each = np.ones(3)
    pairs = np.zeros((3, 3))
    pairs[0, 1] = pairs[1, 0] = pairs[1, 2] = pairs[2, 1] = coupling
    noise = power / RATE / ratio(snr_ase_db) / spans
    span = TransmissionSpan(
        80e3, BETA2, 0.0, each * LOSS, each * (8 / 9 * GAMMA), np.zeros(3), np.zeros(3), each * noise, pairs, 5e-13
    )
    return TransmissionLine((span,), spans, ((0,), (1,), (2,)), each * power)


def crosstalk() -> dict[str, Any]:
    """The middle of three cores in a row: crosstalk alone, and with everything else."""
    found = {}
    for name, spans, power, effects, draws in (
        ("alone", 1, 1e-3, replace(LINEAR, noise=False, sections=80), 24),
        ("all", 5, 2e-3, KERR, 8),
    ):
        values = []
        for seed in range(draws):
            field = received(row_of_cores(spans, power, 16.0), 40 + seed, effects=effects, symbols=16384, fine=False)
            quality = measured(field, equalized(field, Equalizer("mmse", 24, training=12288)))
            values.append(float(np.mean(1.0 / quality.snr[2:4])))
        found[name] = mean_and_error(values)
        print(name, found[name], flush=True)
    return found


def filters() -> dict[str, Any]:
    """Cascades of filters, 64 taps, against the integral over the band."""
    from mcfiber.kernels.filtering import filtered_ratio

    found = {}
    for rate, band, order, count, level in (
        (32e9, 40e9, 3.5, 10, 14),
        (64e9, 68e9, 4.0, 8, 16),
        (64e9, 68e9, 4.0, 30, 16),
    ):
        values = []
        for seed in range(4):
            line = coupled(1, count, snr_ase_db=level, dispersion=0.0, rate=rate)
            line = replace(line, filters=Filters(band, order, ROLL_OFF, count))._with_filters()
            values.append(
                snr_of(line, seed, Equalizer("mmse", 64, training=16384), effects=LINEAR, symbols=32768, rate=rate)
            )
        law = float(db(filtered_ratio(ratio(level), rate, ROLL_OFF, band, order, float(count))))
        found[f"{rate / 1e9:g}-{band / 1e9:g}-{count}"] = mean_and_error(values) | {"law": law}
        print(found, flush=True)
    return found


def long_coupled() -> dict[str, Any]:
    """Nineteen cores over 63.5 km, 81 taps at half symbols (published): the window, and what it and training cost."""
    line = coupled(19, 1, 0.0, snr_ase_db=100.0, dispersion=10.8, length=63.5e3, rate=24.5e9)
    sigma = float(line.delay_rms()[0])
    window = 81 / (2 * 24.5e9)
    options = {"effects": replace(LINEAR, noise=False), "symbols": 32768, "rate": 24.5e9, "modulation": "64QAM"}
    value = snr_of(line, 3, Equalizer("mmse", 81, training=24576), front=FrontEnd(ratio(-16.4)), **options)
    unknowns = 38 * 81
    return {
        "half window over the rms delay": window / 2 / sigma, "snr_db": value,
        "expected of the fit alone": 16.4 - float(db(24576 / (24576 - unknowns))),
    }  # fmt: skip


def pulse_of_loop() -> dict[str, Any]:
    """Delay spread of laps of the same 15 km: independent mixing, or the same every lap."""
    found = {}
    for repeat in ("independent", "same"):
        line = coupled(4, 12, 0.0, dispersion=10.8, length=15e3, repeat=repeat)
        frequency = truth_frequencies(line, RATE, 4096, ROLL_OFF, fine=False)
        values = []
        for seed in range(8):
            follower = Follower(line, RATE, frequency, noisy=False)
            for number in range(12):
                follower.span(number, mixtures(line, number, 8, Draw(seed)), np.ones(frequency.size))
            values.append(follower.truths()[0].delay_rms * 1e9)
        found[repeat] = mean_and_error(values)
    return found


PARTS: dict[str, Callable[[], dict[str, Any]]] = {
    "back_to_back": back_to_back,
    "phase_recovery": phase_recovery,
    "receiver_noise": receiver_noise,
    "droop_and_loss": droop_and_loss,
    "polarization_loss": polarization_loss,
    "loops": loops,
    "truncation": truncation,
    "adaptation": adaptation,
    "blind_window": blind_window,
    "readings": readings,
    "filters": filters,
    "crosstalk": crosstalk,
    "enhanced_phase_noise": enhanced_phase_noise,
    "long_coupled": long_coupled,
    "pulse_of_loop": pulse_of_loop,
    "interference": interference,
    "end_to_end": end_to_end,
    "chain": chain,
    "splits": splits,
}


def main(names: Sequence[str]) -> None:
    """Run some parts, or all, and write the record."""
    known = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for name in names or PARTS:
        started = time.perf_counter()
        rows = PARTS[name]()
        known[name] = {"rows": rows, "seconds": round(time.perf_counter() - started, 1)}
        known["about"] = {
            "command": "python validation/waveforms.py", "python": platform.python_version(), "numpy": np.__version__,
            "scipy": scipy.__version__, "numba": numba.__version__, "cores": os.cpu_count(),
        }  # fmt: skip
        RESULTS.write_text(json.dumps(known, indent=1) + "\n")
        print(name, known[name]["seconds"], "s", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
