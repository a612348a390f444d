"""A short version of what `validation/hostile.py` does with thousands: hostile files, and random systems."""

import json

import hostile
import pytest
from hostile_files import answered, case, faults

from mcfiber.descriptions.formats import UNIFORM_FORMATS
from mcfiber.descriptions.models import INTERFERENCE

FILES, SYSTEMS = 100, 60


@pytest.fixture(scope="module")
def some_systems():
    told = []
    return hostile.systems(SYSTEMS, seed=300_000, told=told.append), told


def test_systems__are_sound(some_systems):
    counts, told = some_systems
    assert told == []
    assert counts["count"] == counts["comparisons"]["noise figure"] == SYSTEMS
    assert counts["comparisons"]["cores"] > SYSTEMS // 2


def test_files__are_answered_in_a_sentence(some_systems, tmp_path):  # kernels are loaded by then
    told, statuses = [], []
    for seed in range(400_000, 400_000 + FILES):
        folder = tmp_path / str(seed)
        folder.mkdir()
        one = case(seed)
        answer = answered(one, folder)
        statuses.append(answer.status)
        told += [(seed, one.harms, one.arguments, found) for found in faults(one, answer)]
    assert told == []
    assert statuses.count(0) >= FILES // 20
    assert statuses.count(2) >= FILES // 2


def test_record__nothing_is_wrong_and_everything_that_there_is_turned_up():
    """What is chosen by name today is in the record, which is made again when a name is added."""
    record = json.loads(hostile.RECORD.read_text())
    files, kinds = record["files"], record["systems"]["kinds"]
    assert record["seed"] == hostile.SEED
    assert files["wrong"] == record["systems"]["wrong"] == 0
    assert set(files["exit_status"]) == {"0", "2"}
    assert sum(files["exit_status"].values()) == files["count"] == hostile.FILES
    assert record["systems"]["comparisons"]["noise figure"] == record["systems"]["count"] == hostile.SYSTEMS
    assert {f"interference {name}" for name in INTERFERENCE} <= set(kinds)
    assert {f"coupling {name}" for name in ("weak", "random", "groups")} <= set(kinds)
    assert {f"format {name}" for name in UNIFORM_FORMATS if name != "512QAM"} <= set(kinds)
