"""What a process frees is there for its next need: no page is cleared twice for the tiles of a network."""

import platform
import subprocess
import sys
from pathlib import Path

import pytest

LIBRARY = Path(__file__).resolve().parents[2]
CHILD = """
import resource, sys, threading
import numpy as np
from SpineGTRefineLib.process.memory import give_back_freed_memory, reuse_freed_memory

def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()

def tiles():
    np.ones(2**23)
    before = faults()
    for _ in range(4):
        np.ones(2**23)
    print(faults() - before)

if sys.argv[1] == "reuse":
    reuse_freed_memory()
thread = threading.Thread(target=tiles)  # the worker computes on one
thread.start()
thread.join()
kept = resident()
give_back_freed_memory()
print(kept - resident())
"""


def faults_and_bytes_given_back(way):
    command = [sys.executable, "-c", CHILD, way]
    done = subprocess.run(command, cwd=LIBRARY, capture_output=True, text=True, check=True)
    return [int(line) for line in done.stdout.split()]


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc needs to be told, and can be")
def test_the_memory_of_a_tile_is_there_for_the_next_and_goes_back_when_it_is_asked_for():
    plain, _ = faults_and_bytes_given_back("plain")
    reused, given_back = faults_and_bytes_given_back("reuse")
    assert plain > 0, "the system did not have to clear anything: the test proves nothing"
    assert reused < plain / 4
    assert given_back > 2**25
