"""Slicer dies while a rater paints: the next start finds the strokes, at most the promised time old."""

import random
import subprocess
import sys
import time

import pytest
from busy_scene import strokes_in
from review_world import ReviewWorld

from SpineGTRefineLib.review.drafting import SNAPSHOT_EVERY_S
from SpineGTRefineLib.review.journal import INTERVAL_S

PROMISED_S = 60.0
KILLS = 5
SHORT_S = 0.2
"""Both intervals of this test, in place of the real ones."""

SLACK_S = 0.8
"""What a busy machine may add."""


def test_the_two_intervals_and_the_writing_fit_into_the_promise():
    assert SNAPSHOT_EVERY_S + INTERVAL_S <= PROMISED_S - 10


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="kills with a POSIX signal")
def test_killed_while_painting_a_rater_loses_no_more_than_promised(tmp_path, monkeypatch, repository):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    world = ReviewWorld(tmp_path / "data", cases=1, lab=())
    script = str(repository / "Testing" / "support" / "busy_scene.py")
    chance = random.Random(3)
    for _ in range(KILLS):
        rater = subprocess.Popen([sys.executable, script, str(world.root), str(SHORT_S)], stdout=-1, text=True)
        first = rater.stdout.readline().split()
        assert first, "the rater could not come back after the last crash"
        time.sleep(chance.uniform(0.2, 1.5))
        rater.kill()
        killed_at = time.monotonic()
        told = [first, *(line.split() for line in rater.stdout.read().splitlines())]
        rater.wait()
        made = {int(words[1]): float(words[2]) for words in told if len(words) == 3}
        session = world.session("AB", outlines=())
        session.open_first()
        found = strokes_in(session.bench.labels().array)
        session.end()
        assert min(made) <= found <= max(made) + 1
        lost = [at for number, at in made.items() if number > found]
        assert not lost or killed_at - min(lost) <= 2 * SHORT_S + SLACK_S
    assert found > 0
