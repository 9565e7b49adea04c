"""Run the program as a user does, inside this process."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from SpineGTRefineLib.bids import Dataset, load_mask, mask_type, save_mask
from SpineGTRefineLib.cli.app import main
from SpineGTRefineLib.fileops import sha256_of_file
from SpineGTRefineLib.imaging import read_image, write_image, write_labels
from SpineGTRefineLib.phantoms import SpinePhantom, canal_like, make_spine, spineps_like, totalspineseg_like


@dataclass(frozen=True)
class Outcome:
    """How a run ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed, which must be one JSON document and nothing else."""
        return json.loads(self.out)

    @property
    def error_lines(self) -> list[str]:
        return [line for line in self.err.splitlines() if line.strip()]


Program = Callable[..., Outcome]


@pytest.fixture
def program(capsys: pytest.CaptureFixture[str]) -> Program:
    """``program("check", folder, "--json")`` runs the command and tells how it ended."""

    def run(*arguments: object) -> Outcome:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        code = ended.value.code
        out, err = capsys.readouterr()
        return Outcome(0 if code is None else int(code), out, err)

    return run


@pytest.fixture(scope="session")
def phantom() -> SpinePhantom:
    """A small lumbar spine."""
    return make_spine(3, region="lumbar", spacing=4.0, rootlets=False)


@pytest.fixture(scope="session")
def _dataset_template(phantom: SpinePhantom, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("template") / "dataset"
    for subject in ("01", "02"):
        anat = root / f"sub-{subject}" / "anat"
        labels = root / "derivatives" / "labels" / f"sub-{subject}" / "anat"
        anat.mkdir(parents=True)
        labels.mkdir(parents=True)
        write_image(anat / f"sub-{subject}_T2w.nii.gz", phantom.image)
        write_labels(labels / f"sub-{subject}_T2w_label-spine_dseg.nii.gz", phantom.spine)
    (root / "dataset_description.json").write_text('{"Name": "test", "BIDSVersion": "1.9.0"}', encoding="utf-8")
    return root


@pytest.fixture
def dataset(_dataset_template: Path, tmp_path: Path) -> Path:
    """A dataset of two subjects, each with an image and a mask of the lab."""
    return Path(shutil.copytree(_dataset_template, tmp_path / "dataset"))


@pytest.fixture
def save(dataset: Path, phantom: SpinePhantom) -> Callable[..., Path]:
    """``save("sub-01_T2w", status="corrected", without="vertebra_L3")`` saves a refined mask and returns its file."""

    def saved(case: str, *, status: str = "corrected", without: str = "", rater: str = "ab") -> Path:
        opened, kind = Dataset.open(dataset), mask_type("spine")
        chosen = opened.case(case)
        present = load_mask(opened, chosen, kind)
        assert present is not None
        array = phantom.spine.array.copy()
        if without:
            array[array == phantom.spine.scheme.value_of(without)] = 0
        labels, image = present.with_array(array), read_image(chosen.image)
        return save_mask(opened, chosen, kind, labels, image=image, rater=rater, status=status).path

    return saved


@pytest.fixture
def state() -> Callable[[Path], dict[str, str]]:
    """``state(folder)`` tells every file in a folder and its content, to prove that nothing changed."""

    def files(folder: Path) -> dict[str, str]:
        found = sorted(path for path in folder.rglob("*") if path.is_file())
        return {path.relative_to(folder).as_posix(): sha256_of_file(path) for path in found}

    return files


@pytest.fixture(scope="session")
def _outputs_template(phantom: SpinePhantom, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("outputs")
    spineps, totalspineseg, canal = spineps_like(phantom), totalspineseg_like(phantom), canal_like(phantom)
    for subject in ("01", "02"):
        write_labels(root / "spineps" / f"sub-{subject}_mod-T2w_seg-vert_msk.nii.gz", spineps.vert)
        write_labels(root / "totalspineseg" / f"sub-{subject}_T2w.nii.gz", totalspineseg)
        write_labels(root / "canal" / f"sub-{subject}_T2w_label-canal_seg.nii.gz", canal)
    return root


@pytest.fixture
def outputs(_outputs_template: Path, tmp_path: Path) -> Path:
    """Folders ``spineps``, ``totalspineseg`` and ``canal`` with what these tools would say about the dataset."""
    return Path(shutil.copytree(_outputs_template, tmp_path / "outputs"))
