"""How long a rater at Slicer waits, beside what the session itself takes (bench_review.py): the scene is part of it.

The same masks: 49 levels on 320 x 320 x 60 voxels, read ahead. CPU seconds of the rater's thread; the promise is 0.3 s
for the switch. Needs slicer-core.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from bench_review import PROMISED_S, make_dataset, timed

from SpineGTRefineLib.bids import mask_type
from SpineGTRefineLib.imaging import LabelMap
from SpineGTRefineLib.review import operations
from SpineGTRefineLib.review.loading import LoadedCase
from SpineGTRefineLib.review.session import ReviewSession
from SpineGTRefineLib.scene import Scene, SceneCase, load_case
from SpineGTRefineLib.scene.editor import SceneEditor


class Front:
    """Shows the open mask in a scene, as the panel does."""

    def __init__(self) -> None:
        self.scene = Scene.headless()
        self.loaded: LoadedCase | None = None
        self.case: SceneCase | None = None

    def expect(self, loaded: LoadedCase) -> None:
        """Take what was read."""
        self.loaded = loaded

    def show(self, labels: LabelMap) -> SceneEditor:
        """Take the last case away and show the next."""
        if self.case is not None:
            self.case.close()
        self.case = load_case(self.scene, self.loaded.image, labels, self.loaded.item.case.key)
        return SceneEditor(self.case)


def main() -> None:
    """Switch, edit, undo, save."""
    spine, front = mask_type("spine"), Front()
    with tempfile.TemporaryDirectory() as folder:
        dataset = make_dataset(Path(folder))
        outlines = [spine, mask_type("canal")]
        session = ReviewSession(dataset, "bench", [spine], outlines=outlines, editor_factory=front.show)
        session.loaded.connect(front.expect)
        timed("scene: open the first case", session.open_first)
        time.sleep(2.0)  # a rater looks at it for longer
        switch = timed("scene: switch to a case that was read ahead", session.open_next)
        timed("scene: swap two levels", lambda: session.apply(operations.swap_levels("vertebra_L1", "vertebra_L2")))
        timed("scene: undo", session.undo)
        session.viewed()
        timed("scene: save", lambda: session.save(insist=True))
        session.end()
        print(f"switching in the scene takes {switch / PROMISED_S:.2f} of the promised {PROMISED_S} s")


if __name__ == "__main__":
    main()
