"""Recipes on volumes of the scene, from a script or the Python console: no dataset, no panel, no main window."""

from __future__ import annotations

import queue
import time
import weakref
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import slicer

from ..engine import Engine, Progress, State, Ticket, find_python, worker_command
from ..engine.image_job import ImageJob
from ..errors import CancelledError, RefineError
from ..models import ModelStore
from ..process import clean_environment
from ..recipes.definition import recipe
from ..recipes.guards import check_image
from ..recipes.model_choice import choose_model
from .context import Scene
from .found import volume_contrast, volume_image
from .labels import LabelSegmentation

POLL_S = 0.1
"""How often a waiting caller looks up, so that an interruption is heard and a program's windows are drawn."""

TIMER_MS = 50


class RecipeRun:
    """A recipe at work on a volume.

    Callbacks, and what changes the scene, happen on the thread that began it: while it waits in :meth:`wait`, and
    inside a program with an event loop also by themselves.

    Attributes
    ----------
    segmentation
        The ``vtkMRMLSegmentationNode`` once there is one.
    error
        Why there is none, once it is over.
    notes
        What the user should know before trusting the mask.
    progress
        How far it is.
    """

    def __init__(self, runs: RecipeRuns, volume: Any, job: ImageJob, on_progress: Any, on_end: Any) -> None:
        self._runs, self._volume, self._job = runs, volume, job
        self._on_progress, self._on_end = on_progress, on_end
        self.segmentation: Any = None
        self.error: RefineError | None = None
        self.notes: tuple[str, ...] = ()
        self.progress: Progress | None = None
        self.isOver = False
        self._ticket: Ticket | None = None

    def begin(self, engine: Engine) -> None:
        """Queue it."""
        self._ticket = engine.submit(self._job.job, on_progress=self._progressed, on_end=self._ended)

    def cancel(self) -> None:
        """End it: at once if it waits, within one tile if it runs."""
        if self._ticket is not None and not self.isOver:
            self._runs.engine_of_runs().cancel(self._ticket)

    def wait(self, timeout_s: float | None = None) -> Any:
        """Wait for the segmentation and return its node.

        Raises
        ------
        CancelledError
            It was cancelled, or the user interrupted the wait (which cancels it).
        RefineError
            It failed; the error says why.
        TimeoutError
            It takes longer than ``timeout_s``; it goes on.
        """
        end = None if timeout_s is None else time.monotonic() + timeout_s
        try:
            while not self.isOver:
                if end is not None and time.monotonic() > end:
                    raise TimeoutError(f"{self._job.recipe.name} is not done after {timeout_s} s; it goes on.")
                self._runs.deliver_waiting(POLL_S)
        except KeyboardInterrupt:
            self.cancel()
            raise CancelledError("The recipe was cancelled.") from None
        if self.error is not None:
            raise self.error
        return self.segmentation

    def _progressed(self, progress: Progress) -> None:
        self.progress = progress
        if self._on_progress is not None:
            self._on_progress(progress)

    def _ended(self, ticket: Ticket) -> None:
        try:
            self._take(ticket)
        except RefineError as error:
            self.error = error
        finally:
            self.isOver = True
            self._job.close()
            self._runs.forget(self)
        if self._on_end is not None:
            self._on_end(self)

    def _take(self, ticket: Ticket) -> None:
        if ticket.state is not State.DONE or ticket.result is None:
            raise ticket.error or RefineError("The recipe ended without a word.")
        self.notes = tuple(ticket.result.get("notes", ()))
        mrml = self._runs.scene.mrml
        if mrml.GetNodeByID(self._volume.GetID() or "") is not self._volume:
            raise CancelledError("The volume was removed from the scene meanwhile.")
        labels = self._job.labels(ticket.result)
        name = f"{self._volume.GetName()} {self._job.recipe.name}"
        made = LabelSegmentation.create(self._runs.scene, labels, name)
        made.node.SetReferenceImageGeometryParameterFromVolumeNode(self._volume)
        self.segmentation = made.node


class RecipeRuns:
    """Runs recipes on the volumes of a scene with one worker, whose models stay warm from one run to the next.

    Parameters
    ----------
    scene
        Where the segmentations go.
    """

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self._waiting: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._engine: Engine | None = None
        self._python: object = None
        self._shutdown: Callable[[], object] | None = None
        self._under_way: list[RecipeRun] = []
        self._timer: Any = None

    def begin(
        self,
        volume: Any,
        name: str,
        *,
        model: str | None = None,
        device: str = "auto",
        contrast: str = "",
        python: str = "",
        on_progress: Callable[[Progress], None] | None = None,
        on_end: Callable[[RecipeRun], None] | None = None,
    ) -> RecipeRun:
        """Begin a recipe on a volume, as it is in the scene now.

        Parameters
        ----------
        volume
            ``vtkMRMLScalarVolumeNode``. Nothing is written beside its file, if it has one.
        name
            The recipe.
        model, device, contrast
            See :func:`~SpineGTRefineLib.engine.recipe_jobs.recipe_job`; the contrast as stated by the user.
        python
            A Python that can run models; "" to let one be found.
        on_progress, on_end
            Called on this thread; see :class:`RecipeRun`.

        Raises
        ------
        UsageError
            There is no such recipe.
        GeometryError, UnsupportedFileError
            The volume is moved by a transform, or no gray image.
        InputError
            The image is not one for this recipe.
        ModelNotInstalledError
            None of its models is installed.
        MissingDependencyError, WorkerError
            There is no Python here that can run models.
        """
        chosen = recipe(name)
        image = volume_image(volume)
        check_image(chosen, image)
        choose_model(chosen, ModelStore(), model)  # The worker would say so, too, but only when it has started.
        engine = self._engine_for(python)
        settings = {key: value for key, value in (("model", model), ("contrast", contrast)) if value}
        job = ImageJob.prepare(image, chosen, contrast=volume_contrast(volume), device=device, **settings)
        run = RecipeRun(self, volume, job, on_progress, on_end)
        self._under_way.append(run)
        self._start_timer()
        run.begin(engine)
        return run

    def engine_of_runs(self) -> Engine:
        """Return the engine that has the runs under way."""
        assert self._engine is not None, "no run without an engine"
        return self._engine

    def forget(self, run: RecipeRun) -> None:
        """Let go of a run that is over."""
        self._under_way.remove(run)
        if not self._under_way and self._timer is not None:
            self._timer.stop()
            self._timer.deleteLater()  # This may run inside the timer's own signal.
            self._timer = None

    def deliver_waiting(self, timeout_s: float = 0.0) -> None:
        """Run the callbacks that wait, or wait a moment for one."""
        with suppress(queue.Empty):
            self._waiting.get(timeout=timeout_s)() if timeout_s else self._waiting.get_nowait()()
            while True:
                self._waiting.get_nowait()()

    def stop(self) -> None:
        """End the worker; what is under way is cancelled."""
        if self._shutdown is not None:
            self._shutdown()
            self.deliver_waiting()
        self._engine = self._python = self._shutdown = None

    def _engine_for(self, python: str) -> Engine:
        found = find_python(python or None)
        if self._engine is None or found != self._python:
            self.stop()
            environment = clean_environment(_startup_environment())
            self._engine = Engine(worker_command(found), environment=environment, deliver=self._waiting.put)
            self._python = found
            # The worker goes with the last one who holds this, and with the program.
            self._shutdown = weakref.finalize(self, Engine.shutdown, self._engine)
        return self._engine

    def _start_timer(self) -> None:
        """Let the program's event loop, where there is one, run the callbacks."""
        if self._timer is None:
            try:
                import qt
            except ImportError:
                return
            self._timer = qt.QTimer()
            self._timer.setInterval(TIMER_MS)
            self._timer.connect("timeout()", self.deliver_waiting)
        self._timer.start()


def _startup_environment() -> dict[str, str] | None:
    """Return what Slicer was started with: its own settings would break another Python."""
    app = getattr(slicer, "app", None)
    return dict(slicer.util.startupEnvironment()) if hasattr(app, "startupEnvironment") else None
