"""The Serial collector that nobody asked for."""

import pytest

from analysis.hypotheses.gc.diagnoses.machine import serial_by_limits
from tests.gc_logs import made_log

GIBI = 2.0**30


def life(cpus, memory, *, collector="Serial", flags="", version=""):
    row = {"start": 0, "end": 9, "cpus": cpus, "memory_bytes": memory, "collector": collector, "flags": flags,
           "version": version}  # fmt: skip
    return made_log(lives=[{**row, "line": 3}])


@pytest.mark.parametrize("limits", [(1, 8 * GIBI), (4, GIBI), (1, float("nan")), (float("nan"), GIBI)])
def test_below_two_cpus_or_1792_mebibytes(limits):
    found = serial_by_limits(life(*limits))
    assert (found.file, found.line) == ("gc.log", 3)
    assert "below 2 CPUs or 1.75 GiB" in found.statement


@pytest.mark.parametrize("version", ["1.8.0_504-b01", "17.0.15+6", "26.0.1"])
def test_until_jdk_27_takes_g1_everywhere(version):
    found = serial_by_limits(life(1, GIBI, version=version))
    assert "If no flag asked for it, the limits of the container did" in found.statement


@pytest.mark.parametrize(
    "log",
    [
        life(2, 2 * GIBI), life(1, GIBI, collector="G1"), life(1, GIBI, flags="-Xmx512m -XX:+UseSerialGC"),
        life(float("nan"), float("nan")), life(1, GIBI, version="27+36"), life(1, GIBI, version="28-ea"),
    ],
)  # fmt: skip
def test_a_larger_machine_another_collector_or_a_flag(log):
    assert serial_by_limits(log) is None
