"""A real worker process with a fake model: it does what each job's fields tell it, faults included."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from SpineGTRefineLib.engine.worker import serve
from SpineGTRefineLib.errors import LabelError


def fault(job, stage):
    """Do the harm that the job asks for at this stage, once if it names a marker file."""
    if job.get("at") != stage:
        return
    marker = job.get("once")
    if marker:
        if Path(marker).exists():
            return
        Path(marker).touch()
    match job["fault"]:
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "hang":
            time.sleep(job.get("seconds", 3600))
        case "memory":
            raise MemoryError("no room for the logits")
        case "refuse":
            raise LabelError("The mask holds the value 7.", "Convert it.")
        case "crash":
            raise ZeroDivisionError("unexpected")
        case "garbage":
            print("this is not a message")
            os.write(1, b"nor is this\n")
            subprocess.run(["echo", "nor that"], check=True)


def written(diary):
    path = Path(diary)
    return path.read_text().split() if path.exists() else []


class Fake:
    """Runs a job in ``tiles`` steps of ``tile_s`` seconds and notes it in the job's ``diary`` file.

    Like the real handler it looks first whether the output is there: a worker can die between writing and telling.
    """

    loaded = 0

    def prepare(self, job, context):
        fault(job, "prepare")
        return job

    def compute(self, job, prepared, context):
        Fake.loaded = 1
        tiles = job.get("tiles", 1)
        for tile in range(tiles):
            context.progress("predict", (tile + 1) / tiles, tile + 1, tiles)
            context.log(f"tile {tile + 1}")
            time.sleep(job.get("tile_s", 0.0))
            fault(job, "compute")
        return job

    def finish(self, job, computed, context):
        fault(job, "finish")
        if "diary" in job and job["name"] not in written(job["diary"]):
            with Path(job["diary"]).open("a") as stream:
                stream.write(f"{job['name']}\n")
        return {"name": job.get("name"), "pid": os.getpid(), "answer": job.get("number", 0) * 2}

    def unload(self):
        Fake.loaded = 0

    def status(self):
        return {"loaded": Fake.loaded}


if __name__ == "__main__":
    if "--other-version" in sys.argv:
        import SpineGTRefineLib.engine.worker as worker

        worker.library_fingerprint = lambda: "0" * 64
    if "--silent" in sys.argv:
        time.sleep(3600)
    if "--broken" in sys.argv:
        raise SystemExit("No module named torch")
    serve(Fake(), idle_unload_s=0.3)
