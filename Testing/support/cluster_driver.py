"""Run the recipe ``canal`` over a dataset on a cluster of this machine: DATASET OUTPUT COMMAND..."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from SpineGTRefineLib.bids import Dataset
from SpineGTRefineLib.engine.cluster import local_cluster, run_on_cluster
from SpineGTRefineLib.engine.recipe_jobs import recipe_job


def main(root, output, *command):
    dataset = Dataset.open(Path(root), Path(output))
    jobs = [recipe_job(dataset, case, "canal", model="threshold") for case in dataset.cases()]
    with local_cluster(2) as address:
        for _ in run_on_cluster(address, jobs, command=command):
            pass


if __name__ == "__main__":
    main(*sys.argv[1:])
