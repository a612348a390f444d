"""Tables from files and other libraries: what they say, and what is told of bad ones."""

import numpy as np
import pandas as pd
import pytest
import scipy.io
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from small_systems import small

import mcfiber as mcf
from mcfiber.descriptions.errors import DescriptionError
from mcfiber.descriptions.values import ByCore, GainTable, PairMatrix, RateTable, WavelengthTable

WAVELENGTH, LOSS = [1530.0, 1550.0, 1565.0], [0.2, 0.19, 0.195]
EXPECTED = WavelengthTable(wavelength_nm=WAVELENGTH, value=LOSS)


def written(tmp_path, text, name="measured.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("mark", [",", ";", "\t", " ", ", "])
def test_csv__with_any_mark(tmp_path, mark):
    rows = [["wavelength_nm", "loss"], *([str(w), str(v)] for w, v in zip(WAVELENGTH, LOSS, strict=True))]
    text = "# measured in spring\n\n" + "\n".join(mark.join(row) for row in rows) + "\n"
    assert mcf.table(written(tmp_path, text)) == EXPECTED
    assert mcf.table(str(written(tmp_path, "\ufeff" + text))) == EXPECTED


def test_csv__unsorted_and_by_frequency(tmp_path):
    frequency = 299792.458 / np.array(WAVELENGTH)
    text = "loss,frequency_thz\n" + "\n".join(f"{v!r},{float(f)!r}" for v, f in zip(LOSS, frequency, strict=True))
    found = mcf.table(written(tmp_path, text))
    np.testing.assert_allclose(found.wavelength_nm, WAVELENGTH, rtol=1e-13)
    assert found.value == tuple(LOSS)


def test_csv__several_columns(tmp_path):
    path = written(tmp_path, "lambda,loss,ripple\n1530,0.2,0\n1560,0.19,1\n")
    names = {"wavelength_nm": "lambda"}
    assert mcf.table(path, columns=names, value="ripple").value == (0.0, 1.0)
    with pytest.raises(DescriptionError, match=r"measured\.csv: got the columns loss, ripple beside wavelength_nm"):
        mcf.table(path, columns=names)
    with pytest.raises(DescriptionError, match=r"value: there is no column 'los' in measured\.csv; did you mean loss"):
        mcf.table(path, columns=names, value="los")
    with pytest.raises(DescriptionError, match=r"columns\.wavelength: is no column of a table; allowed: wavelength_nm"):
        mcf.table(path, columns={"wavelength": "lambda"})


def test_csv__of_cores(tmp_path):
    path = written(tmp_path, "wavelength_nm,core_0,core_1\n1530,0.2,0.3\n1560,0.19,0.29\n")
    found = mcf.table(path)
    assert isinstance(found, ByCore)
    assert found.core[1].value == (0.3, 0.29)
    assert mcf.table(written(tmp_path, "core,loss\n1,0.3\n0,0.2\n")).core == (0.2, 0.3)


@pytest.mark.parametrize(
    ("head", "kind"), [("symbol_rate_gbd", RateTable), ("gain_db", GainTable)], ids=["symbol rate", "gain"]
)
def test_csv__against_other_things(tmp_path, head, kind):
    found = mcf.table(written(tmp_path, f"{head},snr\n30,22\n60,20\n"))
    assert isinstance(found, kind)
    assert found.points == (30.0, 60.0)


def test_csv__matrix_of_pairs(tmp_path):
    plain = written(tmp_path, "0,-40\n-41,0\n")
    named = written(tmp_path, "core_out,0,1\n0,,-40\n1,-41,\n".replace(",,", ",nan,").replace(",\n", ",nan\n"), "n.csv")
    expected = PairMatrix(core_out_core_in=[[0, -40], [-41, 0]])
    assert mcf.table(plain) == expected
    assert mcf.table(named) == expected


def test_csv__in_a_system(tmp_path):
    rows = "\n".join(f"{w},{0.2 + 1e-4 * (w - 1550)}" for w in range(1500, 1601))
    loss = mcf.table(written(tmp_path, f"wavelength_nm,loss\n{rows}\n"))
    found = small().replace({"fiber.attenuation_db_per_km": loss, "link.power_control": "signal"}).evaluate()
    expected = 80 * (0.2 + 1e-4 * (found.wavelength.values - 1550))
    photon = 6.62607015e-34 * found.frequency * 32e9
    np.testing.assert_allclose(found.ase_power, 2 * (10 ** ((5 + expected) / 10) - 1) * photon, rtol=1e-9)


@given(st.lists(st.floats(-60, -20), min_size=9, max_size=9))
def test_frames__and_arrays_say_what_files_say(values):
    matrix = np.array(values).reshape(3, 3)
    np.fill_diagonal(matrix, 0.0)
    labelled = xr.DataArray(matrix, dims=("core_out", "core_in"))
    frame = pd.DataFrame(matrix, index=pd.RangeIndex(3, name="core_out"), columns=pd.RangeIndex(3, name="core_in"))
    expected = PairMatrix(core_out_core_in=matrix)
    assert mcf.table(labelled) == mcf.table(frame) == mcf.table(matrix) == expected


def test_frames__against_wavelength():
    series = pd.Series(LOSS, index=pd.Index(WAVELENGTH, name="wavelength_nm"))
    frame = pd.DataFrame({"wavelength_nm": WAVELENGTH, "loss": LOSS})
    labelled = xr.DataArray(LOSS, dims="wavelength", coords={"wavelength": WAVELENGTH})
    assert mcf.table(series) == mcf.table(frame) == mcf.table(labelled) == EXPECTED
    cores = xr.DataArray([LOSS, LOSS], dims=("core", "wavelength"), coords={"wavelength": WAVELENGTH})
    assert mcf.table(cores) == ByCore(core=[EXPECTED, EXPECTED])


def test_matlab(tmp_path):
    scipy.io.savemat(tmp_path / "a.mat", {"lambda": WAVELENGTH, "loss": LOSS})
    assert mcf.table(tmp_path / "a.mat", columns={"wavelength_nm": "lambda"}) == EXPECTED
    scipy.io.savemat(tmp_path / "b.mat", {"crosstalk": [[0.0, -40.0], [-41.0, 0.0]]})
    assert mcf.table(tmp_path / "b.mat") == PairMatrix(core_out_core_in=[[0, -40], [-41, 0]])
    (tmp_path / "c.mat").write_bytes(b"no matlab")
    with pytest.raises(DescriptionError, match=r"c\.mat: cannot be read"):
        mcf.table(tmp_path / "c.mat")


TWO_PORTS = """! measured with a swept laser
# GHz S DB R 50
191000 -30 0 -1.5 10 -1.25 10 -30 0
193000 -30 0 -1.0 20 -1.75 10 -30 0
195000 -30 0 -2.0 30 -2.25 10 -30 0
"""
THREE_PORTS = """# Hz S RI R 50
191e12 0 0 0.1 0 0.2 0
  0.3 0.4 0 0 0.5 0
  0 0.6 0 0.7 0 0
193e12 0 0 0.1 0 0.2 0
  0.3 0.4 0 0 0.5 0
  0.8 0.6 0 0.7 0 0
"""


def test_touchstone__loss_of_two_ports(tmp_path):
    path = written(tmp_path, TWO_PORTS, "filter.S2P")
    found = mcf.table(path)
    np.testing.assert_allclose(found.wavelength_nm, 299792.458 / np.array([195.0, 193.0, 191.0]), rtol=1e-13)
    np.testing.assert_allclose(found.value, [2.0, 1.0, 1.5], rtol=1e-12)
    assert mcf.table(path, value="s21") == mcf.table(str(path), value="S21") == found
    np.testing.assert_allclose(mcf.table(path, value="s12").value, [2.25, 1.75, 1.25], rtol=1e-12)
    system = small().replace({"fiber.attenuation_db_per_km": found})
    assert system.fiber.attenuation_db_per_km == found


def test_touchstone__an_element_of_more_ports(tmp_path):
    path = written(tmp_path, THREE_PORTS, "switch.s3p")
    np.testing.assert_allclose(mcf.table(path, value="s21").value, -20 * np.log10([0.5, 0.5]), rtol=1e-12)
    np.testing.assert_allclose(mcf.table(path, value="s31").value, -20 * np.log10([1.0, 0.6]), atol=1e-12)
    np.testing.assert_allclose(mcf.table(path, value="s32").value, -20 * np.log10([0.7, 0.7]), rtol=1e-12)
    with pytest.raises(
        DescriptionError, match=r"value: switch\.s3p has 3 ports; name the element, as in value = 's21'"
    ):
        mcf.table(path)
    with pytest.raises(DescriptionError, match=r"value: got 's41'; allowed: s11, s12, s13, s21, \.\.\. of 3 ports"):
        mcf.table(path, value="s41")
    with pytest.raises(DescriptionError, match=r"source: switch\.s3p: got a gain of zero"):
        mcf.table(path, value="s11")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "source: bad.s2p: got no frequency"),
        ("# Hz S MA R 50\n1.9e14 1 0 x 0 1 0 1 0\n", "source: bad.s2p: cannot be read: could not convert"),
        ("# Hz S MA R 50\n1.9e14 1 0 1 0 1 0\n", "source: bad.s2p: cannot be read: "),
        (
            "# GHz S MA R 50\n1 1 0 1 0 1 0 1 0\n2 1 0 1 0 1 0 1 0\n",
            "source: bad.s2p: frequency_thz: got 0.001; allowed: 149.9 to 299.8 THz",
        ),
    ],
)
def test_touchstone__bad_files(tmp_path, text, told):
    with pytest.raises(DescriptionError) as caught:
        mcf.table(written(tmp_path, text, "bad.s2p"))
    assert told in str(caught.value)


def test_touchstone__missing_file_and_columns(tmp_path):
    with pytest.raises(DescriptionError, match=r"none\.s2p: cannot be read"):
        mcf.table(tmp_path / "none.s2p")
    with pytest.raises(DescriptionError, match=r"columns: a\.s2p has no columns; name the element instead"):
        mcf.table(written(tmp_path, TWO_PORTS, "a.s2p"), columns={"wavelength_nm": "f"})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "measured.csv: is empty; the first line names the columns"),
        ("wavelength_nm,loss\n1530,0.2\n1540,abc\n", "line 3, column 'loss': got 'abc', which is not a number"),
        ("# x\nwavelength_nm;loss\n1530;0,2\n", "line 3, column 'loss': got '0,2', a comma in a number"),
        ("wavelength_nm,loss\n1530\n", "line 2: got 1 values for 2 columns"),
        ("wave,loss\n1530,1\n", "got the columns wave, loss; allowed: one of wavelength_nm, frequency_thz"),
        ("wavelength_nm,wavelength_nm\n1530,1\n", "line 1: the column 'wavelength_nm' is there twice"),
        ("wavelength_nm,gain_db,x\n1530,1,2\n", "got wavelength_nm and gain_db"),
        ("wavelength_nm\n1530\n1540\n", "got no column of values beside wavelength_nm"),
        ("wavelength_nm,x\n1530,1\n", "wavelength_nm: give at least two wavelengths"),
        ("wavelength_nm,x\n1.53,1\n1.54,2\n", "wavelength_nm.0: got 1.53 nm; allowed: 1000 to 2000 nm"),
        ("0,-40,3\n-41,0\n", "line 1: got 3 values in a matrix of 2 rows"),
        ("3,-40\n-41,0\n", "core_out_core_in: got 3.0 for core 0 and itself"),
        ("core,x\n1,1\n2,2\n", "got the numbers 1, 2 of core; number them from 0"),
        ("wavelength_nm,core_0,core_2\n1530,1,2\n1540,1,2\n", "got columns of the cores [0, 2]"),
    ],
)
def test_bad_files__one_clear_sentence(tmp_path, text, told):
    with pytest.raises(DescriptionError) as caught:
        mcf.table(written(tmp_path, text))
    assert told in str(caught.value)


def test_bad_files__missing_and_other_things(tmp_path):
    with pytest.raises(DescriptionError, match=r"none\.csv: cannot be read"):
        mcf.table(tmp_path / "none.csv")
    with pytest.raises(DescriptionError, match=r"source: got 3\.0; allowed: .*; give the path of a CSV"):
        mcf.table(3.0)
