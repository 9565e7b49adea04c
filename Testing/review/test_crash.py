"""The program is killed at any moment: what is found afterwards is whole, and at most the promised time old."""

import random
import subprocess
import sys
import time

import pytest
from bids_world import tree_state
from busy_rater import number_in
from review_world import SPINE

from SpineGTRefineLib.bids.pairs import read_pair
from SpineGTRefineLib.review.journal import INTERVAL_S
from SpineGTRefineLib.review.session import SessionState

PROMISED_S = 60.0
KILLS = 20
SHORT_S = 0.2
"""The journal's interval in this test, in place of :data:`INTERVAL_S`; the promise shrinks alike."""

SLACK_S = 0.6
"""What a busy machine may add between a change and the clock that tells it."""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="kills with a POSIX signal")
def test_killed_twenty_times_at_random_moments_a_rater_loses_no_more_than_promised(world, repository):
    chance = random.Random(7)
    before = tree_state(world.root)
    script = str(repository / "Testing" / "support" / "busy_rater.py")
    worst = 0.0
    for kill in range(KILLS):
        command = [sys.executable, script, str(world.root), str(SHORT_S), str(kill)]
        rater = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        first = rater.stdout.readline().split()
        assert first, "the rater could not come back after the last crash"
        time.sleep(chance.uniform(0.0, 2.0))
        rater.kill()
        killed_at = time.monotonic()
        told = [first, *(line.split() for line in rater.stdout.read().splitlines())]
        rater.wait()
        made = {int(words[1]): float(words[2]) for words in reversed(told) if len(words) == 3 and words[0] == "edit"}

        session = world.session("AB", outlines=())
        origin = session.open(session.worklist.items()[0])
        assert session.state is SessionState.EDITING, "the lease of the dead program does not keep its rater out"
        found = number_in(session.bench.labels().array)
        session.end()
        assert min(made) <= found <= max(made) + 1, f"{origin}: {found}, edits {min(made)} to {max(made)}"
        lost = [at for number, at in made.items() if number > found]
        if lost:
            worst = max(worst, killed_at - min(lost))
        mask = session.dataset.mask_path(session.dataset.cases()[0], SPINE)
        assert not mask.exists() or read_pair(mask).problem == "", "mask and sidecar belong together"
    assert worst <= PROMISED_S / INTERVAL_S * SHORT_S + SLACK_S
    assert tree_state(world.root) == before, "nothing but the output changed"
