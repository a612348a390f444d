"""Optical signal-to-noise ratios in and out, and margins to the thresholds of codes."""

import json

import numpy as np
import pytest
from small_systems import small
from typer.testing import CliRunner

import mcfiber as mcf
from mcfiber.cli import app
from mcfiber.descriptions.errors import DescriptionError

FIXED = {"kind": "fixed_rate", "code_rate": 0.8, "ngmi_threshold": 0.85}


def test_osnr__of_a_chain_of_spans():
    """21 spans of 18 dB, noise figure 5 dB, 0 dBm: 21.7534 dB in 12.5 GHz at 193.4 THz."""
    link = {"span": {"length_km": 90}, "span_count": 21, "power_control": "signal"}
    system = small().replace({"link": link, "spectrum": {"frequency_thz": [193.4], "symbol_rate_gbd": 49.5}})
    found = system.evaluate()
    received = float(found.mcf.to_db().osnr.isel(core=0, channel=0))
    assert received == pytest.approx(21.7534, abs=2e-3)  # the frequency of the source is not told
    np.testing.assert_allclose(found.osnr, found.snr_ase * 49.5 / 12.5, rtol=1e-14)


@pytest.mark.parametrize(("control", "osnr_db"), [("signal", 21.0), ("channel", 21.0), ("channel", 8.0)])
def test_osnr__received_tells_the_noise_figure(control, osnr_db):
    base = (
        small()
        .replace({"link.power_control": control})
        .replace({"link.loop": {"loss_db": 10}, "link.amplifier.core_noise_figure_offset_db": [0.5] + [0] * 6})
    )
    figure = mcf.noise_figure_for_osnr(base, osnr_db)
    one = float(10 * np.log10(figure.isel(core=3, channel=2)))
    given = base.replace({"link.amplifier.noise_figure_db": one, "link.loop.amplifier.noise_figure_db": one})
    assert float(given.evaluate().mcf.to_db().osnr.isel(core=3, channel=2)) == pytest.approx(osnr_db, abs=1e-10)
    with pytest.raises(DescriptionError, match='power_control: got "band"'):
        mcf.noise_figure_for_osnr(base.replace({"link.power_control": "band"}), 21.0)


def test_transceiver_snr__of_what_it_would_have_measured():
    osnr = np.array([15.0, 20.0, 25.0, 35.0])
    snr = -10 * np.log10(10**-1.85 + 12.5 / 96 * 10 ** (-osnr / 10))
    assert mcf.transceiver_snr(osnr, snr, symbol_rate_gbd=96) == pytest.approx(18.5, abs=1e-12)
    with pytest.raises(ValueError, match="higher than osnr_db allows at symbol_rate_gbd"):
        mcf.transceiver_snr([10.0], [20.0], symbol_rate_gbd=96)
    with pytest.raises(ValueError, match="snr_db: got 2 values along point, and 1 of osnr_db"):
        mcf.transceiver_snr([10.0], [20.0, 3], symbol_rate_gbd=96)


def test_margins__are_over_what_the_code_needs():
    found = small().replace({"transceiver.code": FIXED}).evaluate()
    needed = mcf.required_snr(mcf.Transceiver(format="16QAM", code=FIXED))
    np.testing.assert_allclose(found.mcf.margins(), found.snr / needed, rtol=1e-12)
    assert "margin to the code's threshold" in found.mcf.summary()
    assert small().evaluate().mcf.margins() is None
    assert "margin" not in small().evaluate().mcf.summary()


def test_margins__of_codes_that_differ():
    codes = {"core": [FIXED] * 3 + [{"kind": "ideal"}] * 4}
    found = small().replace({"transceiver.code": codes}).evaluate()
    margins = found.mcf.margins().transpose("core", "channel")
    assert np.isfinite(margins[:3]).all()
    assert np.isnan(margins[3:]).all()
    part = found.isel(core=[1, 5]).mcf.margins().transpose("core", "channel")
    np.testing.assert_array_equal(part, margins[[1, 5]])


def test_margins__in_what_the_command_line_prints(tmp_path):
    path = tmp_path / "line.toml"
    path.write_text(small().replace({"transceiver.code": FIXED}).to_toml(), encoding="utf-8")
    told = json.loads(CliRunner().invoke(app, ["run", str(path), "--json"]).stdout)
    expected = small().replace({"transceiver.code": FIXED}).evaluate().mcf.margins()
    assert told["margin_db"]["worst"] == pytest.approx(float(10 * np.log10(expected.min())), abs=1e-9)
    assert "margin to the code" in CliRunner().invoke(app, ["run", str(path)]).stdout
