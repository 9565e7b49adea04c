"""Many classes at full resolution fit into little memory: all of them never lie on the image's grid at once."""

import subprocess
import sys
from pathlib import Path

import pytest

LIBRARY = Path(__file__).resolve().parents[2]
CHILD = """
import resource, sys
import numpy as np, torch
from SpineGTRefineLib.models import soft
from SpineGTRefineLib.models.export import strongest_class, write_labels
from SpineGTRefineLib.models.resampling import resampling_axes

torch.set_num_threads(1)
CLASSES, SOURCE, TARGET = 60, (32, 160, 64), (64, 320, 130)
logits = torch.zeros((CLASSES, *SOURCE), dtype=torch.half)
for number in range(CLASSES):
    logits[number, :, number * SOURCE[1] // CLASSES :] = number / 8
axes = resampling_axes(SOURCE, TARGET, None)
labels, doubt = np.zeros(TARGET, dtype=np.uint8), np.zeros(TARGET, dtype=np.float32)

def run(logits, axes, labels, doubt):
    write_labels(logits, axes, strongest_class, np.arange(CLASSES, dtype=np.uint8), labels)
    soft.write_map(soft.entropy(logits, regions=False).numpy(), axes, doubt)

small = resampling_axes((4, 4, 4), (5, 5, 5), None)  # what the first calls load does not count
run(logits[:, :4, :4, :4], small, np.zeros((5,) * 3, np.uint8), np.zeros((5,) * 3, np.float32))
with open("/proc/self/statm") as file:
    used = int(file.read().split()[0]) * resource.getpagesize()
allowed = used + int(sys.argv[1]) * 2**20
resource.setrlimit(resource.RLIMIT_AS, (allowed, allowed))
run(logits, axes, labels, doubt)
assert len(np.unique(labels)) == CLASSES
print(labels.size * CLASSES * 2 // 2**20)
"""


def export_within(megabytes):
    return subprocess.run(
        [sys.executable, "-c", CHILD, str(megabytes)], cwd=LIBRARY, capture_output=True, text=True, check=False
    )


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="limits of memory are Linux's")
def test_sixty_classes_are_exported_in_a_fraction_of_the_memory_that_they_would_take(nnunet):
    done = export_within(150)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 300, "all classes in half precision would have fitted"
    assert export_within(5).returncode, "the limit does not hold: the test proves nothing"
