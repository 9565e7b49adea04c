"""``spine-gt-refine`` with a stand-in for the models of the station: python station_with_worker.py review DATASET."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from SpineGTRefineLib.cli.app import main
from SpineGTRefineLib.web import station

WORKER = Path(__file__).with_name("proposing_worker.py")

if __name__ == "__main__":
    station.find_python = lambda: Path(sys.executable)
    station.worker_command = lambda python: [str(python), str(WORKER)]
    main()
