"""Train small stand-ins for the weights of SPINEPS, on phantoms: its formats and networks, none of its knowledge.

    PYTHONPATH=. /path/to/the/environment/of/spineps/bin/python Testing/tools/make_spineps_stand_ins.py FOLDER

``FOLDER/semantic.zip`` and ``FOLDER/instance.zip`` then install as if they were the released ones (``models install
spineps_t2w_v1.0.9 --from FOLDER/semantic.zip``, in a folder of models of their own). They know
lumbar phantoms, coarsely.
"""

from __future__ import annotations

import argparse
import json
import logging
import shutil
from pathlib import Path

import numpy as np
import torch
from make_tool_stand_ins import SEEDS, SETTINGS, phantom_of
from spineps.architectures.pl_unet import PLNet

from SpineGTRefineLib.anatomy import LabelEntry, LabelScheme
from SpineGTRefineLib.anatomy.structures import structure
from SpineGTRefineLib.imaging import Geometry, LabelMap, reorient, resample_labels
from SpineGTRefineLib.learning.nnunet_planning import prepare
from SpineGTRefineLib.learning.nnunet_training import train
from SpineGTRefineLib.learning.nnunet_workspace import Workspace
from SpineGTRefineLib.learning.raw_dataset import TrainingCase, write_raw_dataset
from SpineGTRefineLib.phantoms import SpinePhantom

logger = logging.getLogger("stand_ins")

LOCATIONS = (41, 42, 43, 44, 45, 46, 47, 48, 49, 60, 61, 62, 100, 26)
"""SPINEPS' semantic values; the network's own are 1, 2, 3 ... in this order."""

VOXEL_MM = 3.0
CUTOUT = (48, 80, 24)
"""Voxels along P, I, R around one vertebral body: the one above, this one, and the one below fit in."""

STEPS = 90


def main() -> None:
    """Train both models and pack them as SPINEPS' releases are packed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    for name, make in (("instance", _instance), ("semantic", _semantic)):
        target = folder / name / f"{name}_stand_in"
        target.mkdir(parents=True, exist_ok=True)
        make(folder, target)
        shutil.make_archive(str(folder / name), "zip", folder / name)


def _config(**fields: object) -> str:
    common = {
        "acquisition": "sag",
        "model_expected_orientation": ["P", "I", "R"],
        "resolution_range": [VOXEL_MM] * 3,
        "inference_augmentation": False,
        "default_step_size": 0.5,
    }
    return json.dumps({**common, **fields}, indent=1)


def _semantic(folder: Path, target: Path) -> None:
    workspace, dataset = Workspace(folder / "work"), "Dataset953_StandInSemantic"
    labels = {str(location): number for number, location in enumerate(LOCATIONS, start=1)}
    if not (workspace.preprocessed / dataset / "nnUNetPlans_3d_fullres").is_dir():
        cases = map(_semantic_case, SEEDS)
        write_raw_dataset(workspace.raw, dataset, cases, channels=("MRI",), labels=labels)
        prepare(workspace, dataset, SETTINGS)
    results = train(workspace, dataset, SETTINGS, progress=lambda _part, text: logger.info(text))
    for file in ("plans.json", "dataset.json", "fold_0/checkpoint_final.pth"):
        (target / file).parent.mkdir(exist_ok=True)
        shutil.copyfile(results / file, target / file)
    config = _config(
        log_name="stand-in semantic", modality=["T2w"], modeltype="nnunet", available_folds=1,
        labels={str(number): str(location) for location, number in labels.items()},
    )  # fmt: skip
    (target / "inference_config.json").write_text(config)


def _semantic_case(seed: int) -> TrainingCase:
    phantom = phantom_of(seed)
    table = np.zeros(256, np.uint8)
    table[list(LOCATIONS)] = range(1, len(LOCATIONS) + 1)
    table[50] = table[49]
    labels = LabelMap(table[phantom.semantic.array], phantom.spine.geometry, _many(len(LOCATIONS)))
    return TrainingCase(f"phantom_{seed}", [reorient(phantom.image, "PIR")], reorient(labels, "PIR"))


def _many(count: int) -> LabelScheme:
    bone = structure("sacrum")
    return LabelScheme("network", tuple(LabelEntry(v, str(v), bone, (255, 255, 255)) for v in range(1, count + 1)))


def _instance(_folder: Path, target: Path) -> None:
    torch.manual_seed(0)
    draw = np.random.default_rng(0)
    model = PLNet()
    optimizer = torch.optim.AdamW(model.parameters(), 2e-3)
    pairs = [pair for seed in SEEDS for pair in _cutouts(phantom_of(seed))]
    model.train()
    for step in range(STEPS):
        parts, wanted = pairs[draw.integers(len(pairs))]
        answer = model(_one_hot(parts))
        weights = torch.tensor([0.3, 1.0, 1.0, 1.0])
        loss = torch.nn.functional.cross_entropy(answer, torch.from_numpy(wanted)[None], weights)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 10 == 0:
            right = (answer.argmax(1)[0].numpy() == wanted)[parts > 0].mean()
            logger.info("instance step %d of %d, loss %.3f, %.0f %% right", step, STEPS, loss.item(), 100 * right)
    checkpoint = {
        "state_dict": model.state_dict(),
        "hyper_parameters": dict(model.hparams),
        "pytorch-lightning_version": "2.0.0",
    }
    torch.save(checkpoint, target / "stand_in_weights.ckpt")
    config = _config(
        log_name="stand-in instance", modality=["SEG"], modeltype="unet", available_folds=1, expected_inputs=["seg"],
        cutout_size=list(CUTOUT), labels={"1": "1", "2": "2", "3": "3"}, corpus_size_cleaning=20,
        vert_size_threshold=20,
    )  # fmt: skip
    (target / "inference_config.json").write_text(config)


def _one_hot(parts: np.ndarray) -> torch.Tensor:
    return torch.nn.functional.one_hot(torch.from_numpy(parts), 10).permute(3, 0, 1, 2)[None].float()


def _cutouts(phantom: SpinePhantom) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return parts (as SPINEPS numbers them for this model) and wanted classes around each vertebral body."""
    levels, parts = (_coarse(labels) for labels in (phantom.spine, phantom.semantic))
    inputs = np.where((parts >= 41) & (parts <= 49), parts - 40, np.where(parts == 50, 9, 0)).astype(np.int64)
    spine = phantom.spine.scheme
    chain = [e.value for e in spine.of_kind("vertebra") if np.count_nonzero((levels == e.value) & (inputs == 9)) > 20]
    found = []
    for number, value in enumerate(chain):
        center = np.argwhere((levels == value) & (inputs == 9)).mean(axis=0).astype(int)
        wanted = np.zeros(levels.shape, np.int64)
        for kind, neighbor in ((1, number - 1), (2, number), (3, number + 1)):
            if 0 <= neighbor < len(chain):
                wanted[(levels == chain[neighbor]) & (inputs > 0)] = kind
        found.append((_around(inputs, center), _around(wanted, center)))
    return found


def _coarse(labels: LabelMap) -> np.ndarray:
    turned = reorient(labels, "PIR")
    shape = tuple(int(n * s / VOXEL_MM) for n, s in zip(turned.array.shape, turned.geometry.spacing, strict=True))
    affine = turned.geometry.affine.copy()
    affine[:3, :3] *= VOXEL_MM / np.array(turned.geometry.spacing)
    return resample_labels(turned, Geometry(shape, affine)).array.astype(np.int64)


def _around(array: np.ndarray, center: np.ndarray) -> np.ndarray:
    half = [size // 2 for size in CUTOUT]
    padded = np.pad(array, [(n, n) for n in half])
    return padded[tuple(slice(c, c + size) for c, size in zip(center, CUTOUT, strict=True))]


if __name__ == "__main__":
    main()
