"""The fast form and the integral over all islands in the path of an evaluation."""

import numpy as np
import pytest

import mcfiber as mcf
from mcfiber.descriptions.errors import DescriptionError
from mcfiber.descriptions.models import INTERFERENCE
from mcfiber.evaluate import records
from mcfiber.line.interference import KNOW_ALL_TERMS, kerr_integrals, nonlinear_interference


def scene(**changes):
    few = mcf.Spectrum(frequency_thz=list(193.0 + 0.05 * np.arange(11)), symbol_rate_gbd=49.0)
    return records(mcf.load("nict-2025-1808km").system.replace({"spectrum": few} | changes))[0]


def both(here, **options):
    line = here.line, here.medium, here.power, here.channels
    found, error = kerr_integrals(*line, accumulation="incoherent", **options)
    return np.asarray(nonlinear_interference(*line, model="kerr", **options)), np.asarray(found), np.asarray(error)


@pytest.mark.parametrize("raman", ["none", "silica"])
@pytest.mark.parametrize("terms", ["spm+xpm", "all"])
def test_fast__is_the_integral_for_coupled_cores(raman, terms):
    fast, slow, error = both(scene(**{"models.raman": raman}), terms=terms)
    assert 10 * np.log10(fast / slow) == pytest.approx(0.0, abs=0.1)
    assert np.all(error < 0.01 * slow)


def test_fast__short_spans_with_a_lumped_loss():
    uneven = {"link.span.length_km": 20.0, "link.span.lumped_losses": [{"position_km": 4.0, "loss_db": 1.0}]}
    fast, slow, _ = both(scene(**uneven), terms="all", mode_dispersion=False)
    assert 10 * np.log10(fast / slow) == pytest.approx(0.0, abs=0.1)


def test_models__all_terms_in_an_evaluation():
    few = mcf.Spectrum(frequency_thz=list(193.0 + 0.05 * np.arange(5)), symbol_rate_gbd=49.0)
    system = mcf.load("nict-2025-1808km").system.replace({"spectrum": few, "models.nonlinear_interference": "kerr"})
    own = system.evaluate().nli_power
    everything = system.replace({"models.terms": "all"}).evaluate().nli_power
    assert float((everything / own).min()) > 1.0
    assert everything.attrs["terms"] == "all"


def test_models__closed_forms_know_no_mixing():
    here = scene()
    with pytest.raises(DescriptionError, match="does not know"):
        nonlinear_interference(here.line, here.medium, here.power, here.channels, model="gn", terms="all")


def test_terms__of_line_and_descriptions_agree():
    assert {name for name, row in INTERFERENCE.items() if "all" in row.terms} == set(KNOW_ALL_TERMS)
