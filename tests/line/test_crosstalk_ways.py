"""Directions of the cores, cores exchanged between spans, and unequal launch powers, in the line's crosstalk."""

import math

import numpy as np
import pytest
import systems
import xarray as xr
from scipy.integrate import quad_vec
from scipy.linalg import expm

from mcfiber import Amplifier, DescriptionError, MulticoreFiber, System
from mcfiber.descriptions.line import Link
from mcfiber.descriptions.profile import StepCore
from mcfiber.descriptions.spectrum import Spectrum
from mcfiber.fiber.channels import channels
from mcfiber.fiber.medium import FiberMedium, medium
from mcfiber.line.crosstalk import crosstalk
from mcfiber.line.line import core_paths

GRID = channels(Spectrum(frequency_thz=[193.4, 193.5], symbol_rate_gbd=64))
DB_KM = math.log(10) / 1e4
LOSSES = np.array([0.17, 0.2, 0.25, 0.18, 0.22, 0.2, 0.19]) * DB_KM


def measured(kind, cores, **changes):
    return MulticoreFiber(
        layout={"kind": kind, "cores": cores, "pitch_um": 40},
        cladding_diameter_um=250,
        crosstalk={"crosstalk_db": -30, "length_km": 80, "definition": "pair"},
        **changes,
    )


def glass_of(coupling, losses, scattered=1e-9):
    coupling = np.asarray(coupling, dtype=float)
    return FiberMedium(
        attenuation=xr.Variable("core", np.asarray(losses)),
        group_velocity_dispersion=-21e-27,
        nonlinear_coefficient=1.3e-3,
        effective_area=80e-12,
        power_coupling=xr.Variable(("core_out", "core_in"), coupling),
        cores=len(coupling),
        coupled_cores=1,
        backscatter=scattered,
    )


def line(link, glass, **options):
    return crosstalk(*systems.stages(link, glass, GRID), **options).transpose("core", ...).values


def some_coupling(cores, seed=1, scale=1e-8):
    h = np.random.default_rng(seed).uniform(0, scale, (cores, cores))
    return (h + h.T) * (1 - np.eye(cores))


def walked(coupling, losses, lengths, launch, order, ways, scattered):
    """Crosstalk of every signal: light of each signal walked core by core through the line, one direction at a time."""
    cores, spans = len(coupling), len(lengths)
    moved = np.zeros((cores, cores))
    moved[order, np.arange(cores)] = 1.0
    generator = coupling - np.diag(coupling.sum(axis=0)) - np.diag(losses)
    place = [np.arange(cores)]  # core of each signal, span by span
    for _ in range(spans - 1):
        place.append(np.asarray(order)[place[-1]])
    result = np.zeros(cores)
    for way in (1, -1):
        light = np.zeros((cores, cores))  # (core, signal)
        for signal in range(cores):
            if ways[signal] == way:
                first = 0 if way > 0 else spans - 1
                light[place[first][signal], signal] = launch[place[first][signal]]
        steps = range(spans) if way > 0 else range(spans - 1, -1, -1)
        for step in steps:
            there = expm(generator * lengths[step])

            def both(u):
                going = expm(generator * u)
                return going * scattered @ going

            back = quad_vec(both, 0.0, lengths[step], epsrel=1e-11)[0]
            against = np.zeros((cores, cores))
            for signal in range(cores):
                if ways[signal] != way:
                    against[place[step][signal], signal] = launch[place[step][signal]]
            light = there @ light + back @ against
            following = step + way
            for signal in range(cores):
                here = place[step][signal]
                if ways[signal] != way:
                    light[here] = 0.0  # isolators of the other direction's amplifiers
                    continue
                target = place[following][signal] if 0 <= following < spans else here
                light[here] *= np.exp(losses[here] * lengths[step]) * launch[target] / launch[here]
            if 0 <= following < spans:
                light = (moved if way > 0 else moved.T) @ light
        last = place[-1] if way > 0 else place[0]
        for signal in range(cores):
            if ways[signal] == way:
                arrived = light[last[signal]]
                result[signal] = (arrived.sum() - arrived[signal]) / arrived[signal]
    return result


def link_of(lengths, **options):
    spans = [{"length_km": 1e-3 * length} for length in lengths]
    return Link(span=spans if len(set(lengths)) > 1 else spans[0], span_count=len(lengths), **options)


@pytest.mark.parametrize("lengths", [[80e3] * 5, [40e3, 100e3, 75e3]])
@pytest.mark.parametrize("losses", [LOSSES, np.full(7, 0.2 * DB_KM)])
def test_limits__same_direction_and_no_exchange_change_nothing(lengths, losses):
    glass = glass_of(some_coupling(7), losses)
    today = line(link_of(lengths), glass)
    for ways in ([1] * 7, [-1] * 7):
        np.testing.assert_array_equal(line(link_of(lengths, core_directions=ways), glass), today)
    np.testing.assert_allclose(line(link_of(lengths, core_permutation=list(range(7))), glass), today, rtol=1e-12)


BOTH = [1, -1, 1, -1, 1, -1, -1]
KEPT, EXCHANGED = [0, 1, 2, 3, 4, 5, 6], [3, 0, 6, 1, 2, 4, 5]


@pytest.mark.parametrize(("ways", "order"), [([1] * 7, EXCHANGED), (BOTH, KEPT), (BOTH, EXCHANGED)])
@pytest.mark.parametrize("lengths", [[60e3] * 4, [40e3, 100e3, 75e3]])
def test_walk__light_followed_core_by_core(ways, order, lengths):
    coupling, offsets = some_coupling(7), np.array([0.0, 3.0, -2.0, 1.0, 0.0, -1.0, 2.0])
    glass = glass_of(coupling, LOSSES, 3e-8)
    link = link_of(lengths, core_directions=ways, core_permutation=order, core_launch_offset_db=offsets)
    expected = walked(coupling, LOSSES, lengths, 10 ** (offsets / 10), order, ways, np.full(7, 3e-8))
    np.testing.assert_allclose(line(link, glass)[:, ...].reshape(7, -1)[:, 0], expected, rtol=1e-9)


def test_directions__vector_of_two_cores():
    # 80 km, 0.17 dB/km, Rayleigh part 0.14 dB/km of which 1.6e-3 is captured, h = 1e-9 1/m: to first order
    # h r [1 - (1 + 2 a L) e^(-2 a L)]/(2 a^2) e^(a L) = 3.80235e-7, 23.23 dB below the 8e-5 of equal directions.
    glass = glass_of(1e-9 * (1 - np.eye(2)), [0.17 * DB_KM] * 2, 1.6e-3 * 0.14 * DB_KM)
    found = line(Link(span={"length_km": 80}, core_directions=[1, -1]), glass)
    np.testing.assert_allclose(found, 3.80235e-7, rtol=2e-4)
    same = line(Link(span={"length_km": 80}), glass)
    assert 10 * np.log10(same / found) == pytest.approx(23.23, abs=0.01)


@pytest.mark.parametrize(
    ("kind", "ways"),
    [
        ("square", [1, -1, -1, 1]),
        ("square", [1, -1, 1, -1, 1, -1, 1, -1, 1]),
        ("hexagonal", [1, -1, -1, 1, -1, -1, 1]),
    ],
)
def test_directions__alternating_lowers_crosstalk(kind, ways):
    glass = medium(measured(kind, len(ways)), GRID)
    span = {"span": {"length_km": 80}, "span_count": 5}
    same = line(Link(**span), glass)
    both = line(Link(**span, core_directions=ways), glass).max(axis=-1)
    assert (both < same).all()
    if kind == "square":  # every neighbour goes the other way
        assert (both < 0.1 * same).all()
    mirrored = line(Link(**span, core_directions=[-way for way in ways]), glass)
    np.testing.assert_allclose(mirrored.max(axis=-1), both, rtol=1e-12)


def test_directions__devices_count_neighbours_of_the_same_way():
    glass = medium(measured("ring", 4), GRID)
    span = {"length_km": 80, "fan_in_crosstalk_db": -40, "fan_out_crosstalk_db": -40}
    for ways, share in (([1, -1, 1, -1], 0.0), ([1, 1, -1, -1], 0.5)):
        bare = line(Link(span={"length_km": 80}, span_count=3, core_directions=ways), glass)
        equipped = line(Link(span=span, span_count=3, core_directions=ways), glass)
        np.testing.assert_allclose(equipped - bare, share * 6e-4, rtol=1e-9, atol=1e-15)


def test_exchange__devices_follow_the_powers_of_the_cores():
    glass = glass_of(1e-20 * (1 - np.eye(2)), LOSSES[:2])
    span = {"length_km": 1, "fan_in_crosstalk_db": -40}
    unequal = {"core_launch_offset_db": [3.0, 0.0]}
    kept = line(Link(span=span, span_count=4, **unequal), glass)
    assert kept.ravel() == pytest.approx(4e-4 * np.array([10**-0.3, 10**0.3]))
    exchanged = line(Link(span=span, span_count=4, core_permutation=[1, 0], **unequal), glass)
    np.testing.assert_allclose(exchanged, 2e-4 * (10**-0.3 + 10**0.3), rtol=1e-9)


def system(**link):
    return System(
        spectrum={"frequency_thz": [193.4, 193.5], "symbol_rate_gbd": 64},
        fiber={
            "layout": {"kind": "ring", "cores": 3, "pitch_um": 40},
            "attenuation_db_per_km": [0.18, 0.2, 0.24],
            "crosstalk": {"crosstalk_db": -40, "length_km": 80, "definition": "pair"},
        },
        link={"span": {"length_km": 80}, "span_count": 3, "launch_power_dbm": 1.0, "power_control": "signal"} | link,
    )


@pytest.mark.parametrize("spans", [{}, {"span": [{"length_km": 60}, {"length_km": 80}, {"length_km": 70}]}])
@pytest.mark.parametrize("model", ["gn", "isrs_gn"])
def test_exchange__noise_is_that_of_the_cores_on_the_way(spans, model):
    offsets = {"core_launch_offset_db": [0.0, 1.0, -2.0]}
    models = {"models.nonlinear_interference": model}
    exchanged = system(**spans, **offsets, core_permutation=[1, 2, 0]).replace(models).evaluate()
    paths = core_paths((1, 2, 0), 3, 3)
    lengths = [one["length_km"] for one in spans.get("span", [{"length_km": 80}] * 3)]
    single = [
        system(span={"length_km": length}, span_count=1, **offsets).replace(models).evaluate() for length in lengths
    ]
    for name in ("snr_ase", "snr_nli"):
        of_span = [1.0 / one[name].transpose("core", "channel").values for one in single]
        expected = sum(of_span[span][paths[span]] for span in range(3))
        np.testing.assert_allclose(1.0 / exchanged[name].transpose("core", "channel"), expected, rtol=1e-10)


def test_exchange__a_full_round_makes_equal_spans_equal():
    kept = system().evaluate()
    exchanged = system(core_permutation=[1, 2, 0]).evaluate()
    assert float(kept["gsnr"].max() / kept["gsnr"].min()) > 1.2
    np.testing.assert_allclose(exchanged["gsnr"].max("core"), exchanged["gsnr"].min("core"), rtol=1e-3)
    with pytest.raises(DescriptionError, match="core_permutation"):
        system(core_permutation=[1, 2, 0]).replace({"models.nonlinear_interference": "gn_integral"}).evaluate()


def test_launch__neighbours_power_weighs_and_a_dark_one_is_silent():
    glass = glass_of(1e-9 * (1 - np.eye(2)), [0.2 * DB_KM] * 2)
    found = line(Link(span={"length_km": 80}, core_launch_offset_db=[3.0, 0.0]), glass).ravel()
    np.testing.assert_allclose(found, math.tanh(8e-5) * np.array([10**-0.3, 10**0.3]), rtol=1e-9)
    dark = line(Link(span={"length_km": 80}, core_launch_offset_db=[0.0, -100.0]), glass).ravel()
    assert dark[0] == pytest.approx(8e-15, rel=1e-3)


def test_launch__offset_of_the_line_equals_that_of_its_amplifiers():
    offsets = [0.0, 1.0, -2.0]
    asked = system(core_launch_offset_db=offsets).evaluate()
    delivered = system(amplifier=Amplifier(core_output_offset_db=offsets)).evaluate()
    for name in ("signal_power", "crosstalk", "gsnr", "net_rate"):
        np.testing.assert_allclose(asked[name], delivered[name], rtol=1e-12)


def test_launch__dark_core_has_no_rate():
    result = system(core_launch_offset_db=[0.0, 0.0, -100.0]).evaluate()
    assert float(result["net_rate"].sel(core=2).max()) < 1e-3 * float(result["net_rate"].sel(core=0).min())


def test_rayleigh__falls_with_the_fourth_power_and_comes_from_the_glass():
    glass = medium(measured("ring", 3), GRID)
    wavelength = 299792458.0 / GRID.frequency.values
    captured = 3 * (wavelength / 1.4445) ** 2 / (8 * math.pi * 80e-12)
    np.testing.assert_allclose(glass.backscatter, 0.14 * DB_KM * (1.55e-6 / wavelength) ** 4 * captured, rtol=1e-12)
    core = StepCore(radius_um=4.1, delta_percent=0.36)
    fiber = measured("ring", 3, core=core, effective_area_um2=80.0)
    expected = fiber.glass_loss.rayleigh_db_um4_per_km * 1e-24 * DB_KM / wavelength**4 * captured
    np.testing.assert_allclose(medium(fiber, GRID).backscatter, expected, rtol=1e-12)
    given = medium(fiber.replace({"rayleigh_db_per_km": 0.14}), GRID).backscatter
    np.testing.assert_allclose(given, glass.backscatter, rtol=1e-12)


@pytest.mark.parametrize(
    ("link", "words"),
    [
        ({"core_directions": [1, -1]}, r"core_directions: got 2 values for 3 cores"),
        ({"core_permutation": [1, 0]}, r"core_permutation: got 2 values for 3 cores"),
        ({"core_launch_offset_db": [1.0]}, r"core_launch_offset_db: got 1 values for 3 cores"),
        ({"core_directions": [1, 0, 1]}, r"core_directions.1: got 0; allowed: \+1 or -1"),
        ({"core_directions": [1, True, 1]}, r"core_directions.1: got True"),
        ({"core_directions": "both"}, r"core_directions: .*allowed: a list"),
        ({"core_permutation": [1, 1, 0]}, r"core_permutation: got \[1, 1, 0\], which does not have each core"),
        ({"core_directions": [1, -1, 1], "loop": {"loss_db": 10}}, r"core_directions: with both directions"),
        (
            {
                "core_directions": [1, -1, 1],
                "span": {"length_km": 80, "lumped_losses": [{"position_km": 10, "loss_db": 1}]},
            },
            r"core_directions: with both directions",
        ),
    ],
)
def test_refused(link, words):
    with pytest.raises(DescriptionError, match=words):
        system(**link)


@pytest.mark.parametrize(
    "link",
    [
        {"core_directions": [1, -1, 1, 1, 1, 1, 1]},
        {"core_permutation": [1, 0, 2, 3, 4, 5, 6]},
        {"core_launch_offset_db": [0.0] * 7},
    ],
)
def test_refused__cores_that_share_their_light(link):
    with pytest.raises(DescriptionError, match="randomly coupled cores share their light"):
        System(
            spectrum={"frequency_thz": [193.4], "symbol_rate_gbd": 64},
            fiber={"layout": {"kind": "hexagonal", "cores": 7, "pitch_um": 18}, "coupling": "random"},
            link={"span": {"length_km": 80}} | link,
        )


def test_toml__fields_survive():
    first = system(core_permutation=[1, 2, 0], core_directions=[1, -1, 1], core_launch_offset_db=[0.0, 1.0, 2.0])
    assert System(**first.to_dict()) == first
