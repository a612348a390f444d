"""A short version of what `validation/hostile.py` does with thousands: hostile files, and random systems."""

import json

import hostile
import pytest
from hostile_files import answered, case, faults

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


def test_record__is_of_the_script_and_nothing_is_wrong():
    record = json.loads(hostile.RECORD.read_text())
    assert record["seed"] == hostile.SEED
    assert (record["files"]["count"], record["systems"]["count"]) == (hostile.FILES, hostile.SYSTEMS)
    assert record["files"]["wrong"] == record["systems"]["wrong"] == 0
    assert set(record["files"]["exit_status"]) == {"0", "2"}
