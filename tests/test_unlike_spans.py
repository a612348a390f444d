"""Lines whose spans differ in everything: laps, fibres of their own, pieces with joints, attenuators."""

import math
import warnings

import numpy as np
import pytest
import scipy.linalg
from examples import at_most
from hypothesis import given
from hypothesis import strategies as st
from small_systems import small

import mcfiber as mcf
from mcfiber.descriptions.errors import DescriptionError
from mcfiber.kernels.mode_loss import growth
from mcfiber.line.closed_forms import ValidityWarning
from mcfiber.line.mode_loss import mode_dependent_loss

PLANCK = 6.62607015e-34
OTHER = {"attenuation_db_per_km": 0.17, "effective_area_um2": 110.0, "dispersion_ps_per_nm_km": 20.5}


def line(span, **rest) -> mcf.System:
    link = {"span": span, "power_control": "signal", **rest}  # noises of the spans add
    return small().replace({"link": link, "fibers": {"other": small(**OTHER).fiber, "smf": SINGLE}})


SINGLE = mcf.MulticoreFiber(layout={"kind": "hexagonal", "cores": 1}, attenuation_db_per_km=0.19)


def assert_same(first, second, rtol=1e-13):
    for name in first.data_vars:
        np.testing.assert_allclose(first[name], second[name], rtol=rtol, err_msg=name)


# ---------------------------------------------------------------------------------------------------------
# laps


@at_most(10)
@given(st.lists(st.floats(40.0, 110.0), min_size=1, max_size=4), st.integers(1, 4), st.booleans())
def test_laps__are_the_spans_written_out(lengths, laps, exchanged):
    spans = [{"length_km": length} for length in lengths]
    rest = {"core_permutation": [1, 2, 3, 4, 5, 0, 6]} if exchanged else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ValidityWarning)
        assert_same(line(spans, laps=laps, **rest).evaluate(), line(spans * laps, **rest).evaluate())


def test_laps__of_equal_spans_are_their_count():
    span = {"length_km": 62}
    once = line(span, span_count=6, laps=10)
    assert once.link.count == 60
    assert_same(once.evaluate(), line(span, span_count=60).evaluate())


@pytest.mark.parametrize("listed", [False, True])
def test_loop__its_equipment_counts_once_a_lap(listed):
    lengths = [60.0 + k for k in range(6)] if listed else [62.0] * 6
    loop = {"loss_db": 12, "first_amplifier_excess_db": 5, "amplifier": {"noise_figure_db": 6}}
    span = {"span": [{"length_km": length} for length in lengths]} if listed else {"span": {"length_km": 62}}
    rest = {} if listed else {"span_count": 6}
    found = small().replace({"link": {**span, **rest, "laps": 4, "loop": loop, "power_control": "signal"}}).evaluate()
    photon = PLANCK * found.frequency.values * 32e9
    added = 0.0
    for k, length in enumerate(lengths):
        excess = 10**0.5 if k == 5 else 1.0
        added += (10**0.5 * 10 ** (0.02 * length) * excess - 1.0) / excess
    added += 10**0.6 * 10**0.7 - 1.0  # the second amplifier makes up for 12 - 5 dB
    np.testing.assert_allclose(found.ase_power, 4 * added * photon, rtol=1e-12)
    assert float(found.distance) == pytest.approx(4 * 1e3 * sum(lengths))


def test_loop__of_one_span_counts_every_span():
    loop = {"loss_db": 12}
    every = small().replace({"link.loop": loop})
    assert_same(
        every.evaluate(), every.replace({"link": {"span": {"length_km": 80}, "laps": 2, "loop": loop}}).evaluate()
    )


def test_loop__multicore_amplifiers_disturb_once_a_lap():
    base = {"span": {"length_km": 80}, "span_count": 3, "laps": 5, "loop": {"loss_db": 10}}
    plain = small().replace({"link": base}).evaluate().crosstalk
    noisy = small().replace({"link": base | {"loop": {"loss_db": 10, "amplifier": {"crosstalk_db": -45}}}})
    np.testing.assert_allclose(noisy.evaluate().crosstalk - plain, 5 * 10**-4.5, rtol=1e-9)


def test_growth__of_laps_of_several_spans_is_that_of_random_matrices():
    modes, lap, laps, rms = 4, 3, 6, 0.05
    rng = np.random.default_rng(5)
    squares = []
    for _ in range(3000):
        total = np.eye(modes)
        for _ in range(lap):
            unitary, upper = np.linalg.qr(rng.normal(size=(modes, modes)) + 1j * rng.normal(size=(modes, modes)))
            unitary = unitary * (np.diag(upper) / np.abs(np.diag(upper)))
            gains = np.array([1.0, 1.0, -1.0, -1.0]) * rms
            total = np.diag(np.exp(gains / 2)) @ unitary @ total
        logs = 2.0 * np.log(np.linalg.svd(np.linalg.matrix_power(total, laps), compute_uv=False))
        squares.append(np.var(logs))
    expected = growth(lap * laps, modes, "same", lap) * rms**2
    error = np.std(squares) / math.sqrt(len(squares))
    assert abs(np.mean(squares) - expected) < 4 * error + 0.003 * expected  # third order in rms
    assert growth(lap * laps, modes, "same", lap) == pytest.approx(lap * growth(laps, modes, "same"))
    found = mode_dependent_loss(rms, modes=modes, spans=lap * laps, repeat="same", lap=lap)
    assert float(found.sum) == pytest.approx(math.sqrt(expected))


# ---------------------------------------------------------------------------------------------------------
# fibres of their own


@pytest.mark.parametrize("model", ["gn", "isrs_gn", "kerr"])
def test_fibers__powers_of_unlike_spans_add(model):
    spans = [{"length_km": 80}, {"length_km": 90, "fiber": "other"}, {"length_km": 80}]
    chosen = {"models.nonlinear_interference": model, "models.raman": "silica"}
    together = line(spans).replace(chosen).evaluate()
    alone = [line(span).replace(chosen) for span in spans]
    alone[1] = alone[1].replace({"fiber": alone[1].fibers["other"], "link.span.fiber": None})
    parts = [one.evaluate() for one in alone]
    for name in ("ase_power", "nli_power"):
        np.testing.assert_allclose(together[name], sum(part[name] for part in parts), rtol=1e-12, err_msg=name)
    assert together.sizes == parts[0].sizes


def test_fibers__of_the_same_glass_change_nothing():
    spans = [{"length_km": 80, "fiber": "twin"}, {"length_km": 80}]
    twin = small().replace({"fibers": {"twin": small().fiber}, "link": {"span": spans}})
    assert_same(twin.evaluate(), small().evaluate())


def test_fibers__crosstalk_multiplies_matrices():
    strong = small(crosstalk={"crosstalk_db": -20, "length_km": 80, "definition": "pair"}).fiber
    spans = [{"length_km": 70}, {"length_km": 100, "fiber": "strong"}]
    system = line({"length_km": 80}).replace({"fibers": {"strong": strong}, "link": {"span": spans, "laps": 3}})
    found = system.evaluate().crosstalk
    pairs = [_pair(-50.0, total=True), _pair(-20.0, total=False)]
    near = _neighbours()
    spans = [
        scipy.linalg.expm((near - np.diag(near.sum(axis=1))) * h * length)
        for h, length in zip(pairs, (70e3, 100e3), strict=True)
    ]
    total = np.linalg.matrix_power(spans[1] @ spans[0], 3)
    expected = total.sum(axis=1) / np.diag(total) - 1.0
    np.testing.assert_allclose(found, expected, rtol=1e-10)


def _neighbours():
    angle = np.arange(6) * np.pi / 3
    points = np.concatenate([[0.0], np.exp(1j * angle)])
    near = np.abs(np.abs(points[:, None] - points) - 1.0) < 1e-9
    return near.astype(float)


def _pair(level_db, *, total):
    """Coupling per metre that a core with six (or one) lit neighbours tells after 80 km."""
    count, ratio = 6 if total else 1, 10 ** (level_db / 10)
    return -math.log1p(-(count + 1) * ratio / (count * (1 + ratio))) / ((count + 1) * 80e3)


COUPLED = {"layout": {"kind": "square", "cores": 4, "pitch_um": 20}, "coupling": "random"}


def hybrid(model="gn", spans=None, **fiber) -> mcf.System:
    """Coupled cores, with separate fibres of one core each in the middle."""
    spans = [{"length_km": 80}, {"length_km": 90, "fiber": "smf"}, {"length_km": 80}] if spans is None else spans
    link = {"span": spans, "power_control": "signal"}
    parts = {"fiber": COUPLED | fiber, "fibers": {"smf": SINGLE}, "link": link}
    return small().replace(parts).replace({"models.nonlinear_interference": model})


@pytest.mark.parametrize("model", ["gn", "isrs_gn", "kerr", "gn_integral"])
@pytest.mark.parametrize("dispersion", [None, 5.0])
def test_fibers__separate_ones_in_a_line_of_coupled_cores(model, dispersion):
    """Their interference is that of one core, in their spans alone, and modes have no delays there."""
    known = {"spatial_mode_dispersion_ps_per_sqrt_km": dispersion}
    raman = {"models.raman": "silica" if model == "isrs_gn" else "none"}
    together = hybrid(model, **known).replace(raman).evaluate()
    coupled = hybrid(model, [{"length_km": 80}], **known).replace(raman).evaluate()
    alone = small().replace({"fiber": SINGLE, "link": {"span": {"length_km": 90}, "power_control": "signal"}})
    single = alone.replace({"models.nonlinear_interference": model} | raman).evaluate()
    expected = 2 * coupled.nli_power + single.nli_power.isel(core=0, missing_dims="ignore")
    np.testing.assert_allclose(together.nli_power, expected, rtol=2e-3 if model == "gn_integral" else 1e-12)
    if dispersion is not None:
        window = hybrid(model, **known).replace({"transceiver.equalizer_window_ps": 200.0}).replace(raman).evaluate()
        rms = dispersion * math.sqrt(160)
        lost = math.erfc(200 / (2 * math.sqrt(2) * rms))
        np.testing.assert_allclose(window.snr, (1 - lost) / (1 / together.snr + lost), rtol=1e-9)


def test_fibers__separate_ones_are_refused_where_they_are_not_known():
    with pytest.raises(DescriptionError, match='"kerr_integral" does not know separate fibres'):
        hybrid("kerr_integral").evaluate()
    with pytest.raises(DescriptionError, match=r"link\.span: launch powers are optimised for lines of one fibre"):
        mcf.optimize_launch(hybrid("gn"))


def test_fibers__a_single_core_is_a_bundle_without_crosstalk():
    half = line([{"length_km": 80}, {"length_km": 80, "fiber": "smf"}]).evaluate()
    one = line({"length_km": 80}).evaluate()
    np.testing.assert_allclose(half.crosstalk, one.crosstalk, rtol=1e-9)
    assert half.sizes["core"] == 7
    assert_same(
        line({"length_km": 80, "fiber": "smf"}).evaluate().drop_vars(["crosstalk", "crosstalk_power", "snr_xt"]),
        line({"length_km": 80, "fiber": "smf"}).evaluate().drop_vars(["crosstalk", "crosstalk_power", "snr_xt"]),
    )


def test_fibers__skew_of_unlike_spans_adds():
    wide = small(skew_ps_per_km=30.0, random_skew_ps_per_sqrt_km=4.0).fiber
    spans = [{"length_km": 50, "fiber": "wide"}, {"length_km": 150}]
    base = line({"length_km": 80}).replace({"fibers": {"wide": wide}, "link": {"span": spans}})
    base = base.replace({"models.crosstalk_probability": 1e-3})
    mean = {"skew_ps_per_km": 7.5, "random_skew_ps_per_sqrt_km": 2.0}
    even = base.replace({"fibers": {"wide": small(**mean).fiber}, "fiber": small(**mean).fiber})
    np.testing.assert_allclose(base.evaluate().crosstalk, even.evaluate().crosstalk, rtol=1e-10)


# ---------------------------------------------------------------------------------------------------------
# pieces, and what stands before and behind a span


@pytest.mark.parametrize("raman", ["none", "silica"])
def test_pieces__of_one_fibre_are_the_whole_where_fields_add(raman):
    chosen = {
        "models.nonlinear_interference": "gn_integral",
        "models.accumulation": "coherent",
        "models.raman": raman,
    }
    whole = line({"length_km": 80}, span_count=2).replace(chosen).evaluate()
    cut = {"length_km": 30, "pieces": [{"length_km": 10}, {"length_km": 40}]}
    assert_same(whole, line(cut, span_count=2).replace(chosen).evaluate(), rtol=1e-8)  # nodes of other places


def test_pieces__behind_a_joint_start_with_less_power():
    span = {
        "length_km": 50,
        "pieces": [{"length_km": 40, "fiber": "other", "splice_loss_db": 1.5}],
        "fan_out_loss_db": 2,
    }
    with pytest.warns(ValidityWarning):
        found = line(span).evaluate()
    lost = 0.2 * 50 + 1.5 + 0.17 * 40 + 2.0
    photon = PLANCK * found.frequency.values * 32e9
    np.testing.assert_allclose(found.ase_power, (10 ** (0.5 + lost / 10) - 1) * photon, rtol=1e-12)
    other = line({"length_km": 40}, launch_power_dbm=-11.5).replace({"fiber": small(**OTHER).fiber})
    with pytest.warns(ValidityWarning):
        second = other.evaluate().nli_power * 10**1.15
    first = line({"length_km": 50}).evaluate().nli_power
    np.testing.assert_allclose(found.nli_power, first + second, rtol=1e-12)


def test_pieces__joints_disturb_as_devices_do():
    piece = {"length_km": 40}
    quiet = line({"length_km": 40, "pieces": [piece]}, span_count=3).evaluate().crosstalk
    loud = line({"length_km": 40, "pieces": [piece | {"splice_crosstalk_db": -40}]}, span_count=3).evaluate().crosstalk
    np.testing.assert_allclose(loud - quiet, 3e-4, rtol=1e-9)


def test_pieces__mode_dependent_loss_is_that_of_the_span():
    base = {"coupling": "random", "crosstalk": None, "spatial_mode_dispersion_ps_per_sqrt_km": 5.0}
    system = small(**base).replace({"link.mode_dependent_loss_rms_db": 0.5})
    cut = system.replace({"link.span": {"length_km": 40, "pieces": [{"length_km": 40}]}})
    first, second = system.evaluate(), cut.evaluate()
    for name in ("mode_dependent_loss_sum", "mode_dependent_loss_rms"):
        np.testing.assert_allclose(first[name], second[name], rtol=1e-12)


def test_devices__an_attenuator_before_the_span_is_a_fan_in():
    one = line({"length_km": 80, "fan_in_loss_db": 1.25, "fan_out_loss_db": 3})
    other = line({"length_km": 80, "fan_in_loss_db": 1, "loss_before_db": 0.25, "loss_after_db": 3})
    assert_same(one.evaluate(), other.evaluate())


def test_devices__a_loss_by_core_and_wavelength_is_made_up_in_each():
    shape = {"wavelength_nm": [1500, 1600], "value": [0.0, 10.0]}
    found = line({"length_km": 80, "loss_after_db": {"core": [shape] + [2.0] * 6}}).evaluate()
    loss = np.full((4, 7), 2.0)
    loss[:, 0] = (found.wavelength - 1500) / 10
    photon = PLANCK * found.frequency.values * 32e9
    expected = (10 ** ((5 + 16 + loss) / 10) - 1) * photon[:, None]
    np.testing.assert_allclose(found.ase_power.transpose("channel", "core"), expected, rtol=1e-12)


def test_devices__an_attenuated_core_suffers_more_crosstalk():
    even = line({"length_km": 80}).evaluate().crosstalk
    found = line({"length_km": 80, "loss_before_db": {"core": [3.0] + [0.0] * 6}}).evaluate().crosstalk
    assert float(found.sel(core=0)) == pytest.approx(float(even.sel(core=0)) * 10**0.3, rel=1e-4)
    assert float(found.sel(core=1)) < float(even.sel(core=1))


@pytest.mark.parametrize(
    ("change", "start"),
    [
        ({"link.span.fiber": "smof"}, "link.span.fiber: there is no fibre 'smof' in fibers (known: other, smf)"),
        (
            {"link.span": [{"length_km": 8}, {"length_km": 8, "pieces": [{"length_km": 8, "fiber": "x"}]}]},
            "link.span.1.pieces.0.fiber: there is no fibre 'x'",
        ),
        (
            {
                "link.span": {
                    "length_km": 8,
                    "pieces": [{"length_km": 1}],
                    "lumped_losses": [{"position_km": 1, "loss_db": 1}],
                }
            },
            "link.span.lumped_losses: are not known in a span of several pieces",
        ),
        ({"link.span.loss_after_db": {"core": [1, 2]}}, "link.span.loss_after_db: got 2 values for 7 cores"),
        ({"link.span.loss_after_db": {"channel": [1, 2]}}, "link.span.loss_after_db: got 2 values for 4 channels"),
        ({"link.span.loss_after_db": {"L": 1.0}}, "link.span.loss_after_db: has no value for the band C"),
        ({"link.span.loss_after_db": [1, 2]}, "link.span.loss_after_db: got a list, and the value may differ by"),
        ({"link.laps": 0}, "link.laps: got 0"),
    ],
)
def test_unlike_spans__refuse(change, start):
    with pytest.raises(DescriptionError) as caught:
        line({"length_km": 80}).replace(change)
    assert str(caught.value).startswith(start)


def test_unlike_spans__refuse_fibres_that_are_received_otherwise():
    pair = mcf.MulticoreFiber(layout={"kind": "ring", "cores": 2, "pitch_um": 40}, coupling="random")
    system = line({"length_km": 80}).replace({"fibers": {"pair": pair}, "link.span.fiber": "pair"})
    with pytest.raises(
        DescriptionError, match=r"fibers\.pair: its cores are not received as those of fiber; give it the"
    ):
        system.evaluate()


def test_unlike_spans__refuse_a_table_that_is_too_short():
    table = {"wavelength_nm": [1500, 1510], "value": [1, 2]}
    with pytest.raises(DescriptionError, match=r"link\.span\.loss_after_db: the table covers 1500 to 1510 nm"):
        line({"length_km": 80, "loss_after_db": table}).evaluate()
