"""Constellations from files."""

import numpy as np
import pytest
import scipy.io

import mcfiber as mcf
from mcfiber.descriptions.errors import DescriptionError
from mcfiber.receiver.constellation import constellation
from mcfiber.receiver.information import information

POINTS = [(1.0, 0.1), (0.0, 1.0), (-1.2, 0.0), (0.0, -1.0), (0.3, 0.3)]
LABELS, PROBABILITIES = (4, 0, 1, 3, 2), (0.3, 0.2, 0.2, 0.2, 0.1)


def written(tmp_path, text):
    path = tmp_path / "points.csv"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("names", [("real", "imag"), ("i", "q"), ("I", "Q"), ("Real", "Imag")])
@pytest.mark.parametrize("mark", [",", ";", "\t", " "])
def test_csv__with_any_mark_and_name(tmp_path, names, mark):
    rows = [(*names, "label", "probability")]
    rows += [(*point, label, p) for point, label, p in zip(POINTS, LABELS, PROBABILITIES, strict=True)]
    path = written(tmp_path, "# lab\n" + "\n".join(mark.join(map(str, row)) for row in rows) + "\n")
    expected = mcf.PointFormat(points=POINTS, labels=LABELS, probabilities=PROBABILITIES)
    assert mcf.read_constellation(path) == mcf.read_constellation(str(path)) == expected


def test_csv__order_of_columns_and_what_may_be_left_out(tmp_path):
    text = "q,i\n" + "\n".join(f"{q},{i}" for i, q in POINTS)
    assert mcf.read_constellation(written(tmp_path, text)) == mcf.PointFormat(points=POINTS)


def test_csv__a_named_constellation_gives_its_information(tmp_path):
    known = constellation("16QAM")
    rows = [
        f"{7 * float(p.real)!r},{7 * float(p.imag)!r},{label}"
        for p, label in zip(known.points, known.labels, strict=True)
    ]
    found = mcf.read_constellation(written(tmp_path, "real,imag,label\n" + "\n".join(rows)))
    np.testing.assert_allclose(information(constellation(found), 10.0), information(known, 10.0), atol=1e-8)
    transceiver = mcf.Transceiver(format=found, code={"kind": "ideal"})
    assert float(mcf.achievable_rate(transceiver, 10.0, 1.0)["gmi"]) == pytest.approx(3.1636, abs=1e-4)


def test_matlab__columns_or_complex_points(tmp_path):
    expected = mcf.PointFormat(points=POINTS, labels=LABELS)
    real, imag = np.transpose(POINTS)
    scipy.io.savemat(tmp_path / "a.mat", {"real": real, "imag": imag, "label": np.array(LABELS)})
    assert mcf.read_constellation(tmp_path / "a.mat") == expected
    scipy.io.savemat(tmp_path / "b.mat", {"C": real + 1j * imag, "label": np.array(LABELS)})
    assert mcf.read_constellation(tmp_path / "b.mat") == expected
    scipy.io.savemat(tmp_path / "c.mat", {"C": real + 1j * imag, "label": [0.0, 1.0]})
    with pytest.raises(DescriptionError, match=r"c\.mat: got arrays of the shapes label \(2,\), real \(5,\), imag"):
        mcf.read_constellation(tmp_path / "c.mat")
    scipy.io.savemat(tmp_path / "d.mat", {"C": real + 1j * imag, "label": [0.0, 1.0, 2.5, 3.0, 4.0]})
    with pytest.raises(DescriptionError, match=r"d\.mat: row 3, column 'label': got 2\.5"):
        mcf.read_constellation(tmp_path / "d.mat")
    (tmp_path / "e.mat").write_bytes(b"no matlab")
    with pytest.raises(DescriptionError, match=r"path: e\.mat: cannot be read"):
        mcf.read_constellation(tmp_path / "e.mat")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "path: points.csv: is empty; the first line names the columns"),
        ("i,q\n1,0\n0,x\n", "path: points.csv: line 3, column 'q': got 'x', which is not a number"),
        ("i;q\n1;0,5\n", "line 2, column 'q': got '0,5', a comma in a number"),
        ("i,q\n1,0\n0\n", "line 3: got 1 values for 2 columns"),
        ("i,phase\n1,0\n", "got the column 'phase'; allowed: real and imag (or i and q)"),
        ("i,label\n1,0\n", "got the columns i, label, and none named imag; allowed: real and imag"),
        ("i,real,q\n1,1,0\n", "got the column 'real' besides; allowed: real and imag"),
        ("i,q,label\n1,0,0\n-1,0,0.5\n", "line 3, column 'label': got 0.5; allowed: whole numbers"),
        ("i,q,label\n1,0,0\n-1,0,nan\n", "line 3, column 'label': got nan; allowed: whole numbers"),
        ("i,q,label\n1,0,0\n-1,0,2\n", "points.csv: labels: got [0, 2]; give 2 different whole numbers, 0 to 1"),
        ("i,q,probability\n1,0,0.5\n-1,0,0.6\n", "points.csv: probabilities: give 2 values above 0 that sum to 1"),
        ("i,q\n1,0\n", "points.csv: points: got 1 different points of 1; allowed: 2 to 4096"),
        ("i,q\n1,0\ninf,0\n", "points.csv: points: got a value that is not finite"),
        ("1,0\n-1,0\n", "got the column '1'; allowed: real and imag"),
    ],
)
def test_bad_files__one_clear_sentence(tmp_path, text, told):
    with pytest.raises(DescriptionError) as caught:
        mcf.read_constellation(written(tmp_path, text))
    assert told in str(caught.value)


def test_bad_files__missing(tmp_path):
    with pytest.raises(DescriptionError, match=r"path: none\.csv: cannot be read"):
        mcf.read_constellation(tmp_path / "none.csv")
