"""The record that `validation/million_designs.py` writes says what it should."""

import json
from pathlib import Path

import pytest

RECORD = Path(__file__).parents[2] / "validation" / "million_designs.json"
pytestmark = pytest.mark.skipif(not RECORD.exists(), reason="the record is not made yet")


@pytest.fixture(scope="module")
def record():
    return json.loads(RECORD.read_text())


def test_record__a_million_designs_take_no_more_memory_than_ten_thousand(record):
    peaks = {
        (run["fiber"], run["designs"]): run["peak_memory_mb"] for run in record["runs"] if run["arrangement"] == "grid"
    }
    for fiber in ("profile", "measured"):
        # Beside the blocks, outputs of a million designs take some tens of megabytes.
        assert peaks[fiber, 1_000_000] < 1.25 * peaks[fiber, 10_000] + 50
        assert peaks[fiber, 100_000] < 1.25 * peaks[fiber, 10_000] + 50


def test_record__grids_run_at_five_thousand_designs_a_second_and_more(record):
    for run in record["runs"]:
        assert run["nan"] == 0
        if run["arrangement"] == "grid" and run["designs"] == 1_000_000:
            assert run["designs_per_second"] >= 5000


def test_record__python_adds_little_to_the_kernels(record):
    assert {one["fiber"]: one["ratio"] <= 1.4 for one in record["overhead"]} == {"profile": True, "measured": True}


def test_record__two_processes_give_the_same_bits_in_less_time(record):
    assert record["cluster"]["same_bits"]
    assert record["cluster"]["seconds_a_block"] >= 0.5
    assert record["cluster"]["speed_up"] >= 1.7
