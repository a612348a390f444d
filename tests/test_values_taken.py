"""What a report says of values that were given, and of those that are defaults."""

import json

import pytest
from small_systems import small
from typer.testing import CliRunner

import mcfiber as mcf
from mcfiber.cli import app
from mcfiber.report import values_taken


def test_values_taken__given_and_default():
    taken = values_taken(small())
    assert "fiber.crosstalk.crosstalk_db" in taken.given
    assert "link.span.length_km" in taken.given
    assert taken.defaults["link.amplifier.noise_figure_db"] == 5.0
    assert taken.defaults["fiber.dispersion_ps_per_nm_km"] == 17.0
    assert not set(taken.given) & set(taken.defaults)


def test_values_taken__what_the_profile_computes_is_no_default():
    core = {"kind": "step", "radius_um": 4.5, "delta_percent": 0.35}
    taken = values_taken(small(core=core))
    assert "fiber.effective_area_um2" not in taken.defaults
    assert "fiber.core.radius_um" in taken.given


@pytest.mark.parametrize(("loss", "notes"), [(0.0, 1), (0.3, 0), ({"fiber": 0.0}, 1), ({"fiber": 0.2}, 0)])
def test_values_taken__coupled_cores_without_mode_dependent_loss_are_noted(loss, notes):
    coupled = small(coupling="random", crosstalk=None).replace({"link.mode_dependent_loss_rms_db": loss})
    assert len(values_taken(coupled).notes) == notes


def test_values_taken__in_what_the_command_line_prints(tmp_path):
    path = tmp_path / "line.toml"
    path.write_text(small().to_toml(), encoding="utf-8")
    told = json.loads(CliRunner().invoke(app, ["run", str(path), "--json"]).stdout)
    assert told["defaults"]["link.amplifier.noise_figure_db"] == 5.0
    assert "link.span.length_km" in told["given"]
    text = " ".join(CliRunner().invoke(app, ["run", str(path)]).stdout.split())
    assert "link.amplifier.noise_figure_db = 5" in text
    assert f"{len(told['given'])} values were given" in text


def test_values_taken__of_every_entry():
    for name in ("nict-2025-1808km", "ofs-2011-7core"):
        taken = values_taken(mcf.load(name).system)
        assert len(taken.given) > 20
