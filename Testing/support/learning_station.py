"""The program with a worker whose trainings are pretended: ``python learning_station.py review DATASET ...``."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import SpineGTRefineLib.learning.training.worker as worker
from SpineGTRefineLib.cli.app import main

WORKER = Path(__file__).with_name("learning_worker.py")

if __name__ == "__main__":
    worker.find_python = lambda asked=None: Path(sys.executable)
    worker.worker_command = lambda python, handler: [str(python), str(WORKER)]
    main()
