"""How well our runs of the demo models agree with nnU-Net's own predictor, on phantoms that none trained on."""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from SpineGTRefineLib.imaging import Image, LabelMap, crop, reorient
from SpineGTRefineLib.learning.demos import lumbosacral, mouse, single_mask, spine
from SpineGTRefineLib.models import LoadedModel, ModelStore, load_model, predict
from SpineGTRefineLib.phantoms import make_spine
from SpineGTRefineLib.phantoms.mouse import make_mouse
from SpineGTRefineLib.recipes.cord_crop import box_around, centerline_of, cut_image, cut_labels
from SpineGTRefineLib.refine.matter import labeled_slices

TESTS = {
    "canal": single_mask.TESTS,
    "cord": single_mask.TESTS,
    "spine": spine.TESTS,
    "lumbosacral": lumbosacral.TESTS,
    "mouse": mouse.TESTS,
    "mouse_2d": mouse.TESTS,
}
"""Phantoms of each demo model."""


@dataclass(frozen=True)
class Agreement:
    """One label of one phantom.

    ``voxels`` is the size that nnU-Net gives the label, ``dice`` compares ours with that, ``to_truth`` is by how much
    the Dice to the phantom's truth grows with ours. ``how`` names what computed the network.
    """

    model: str
    phantom: str
    mode: str
    how: str
    label: str
    voxels: int
    differing: int
    dice: float
    to_truth: float

    @property
    def exact(self) -> bool:
        """Whether this is what exact mode promises: Dice of 0.999, or 5 voxels of a small label."""
        return self.dice >= 0.999 or (self.voxels < 5000 and self.differing <= 5)


def measure(name: str, phantoms, modes=("exact", "fast")) -> list[Agreement]:
    """Compare some phantoms of a demo model, in each mode."""
    loaded = load_demo(name)
    nnunet, rows = nnunets_own(loaded), []
    for phantom in phantoms:
        image, truth = make_phantom(name, TESTS[name][phantom])
        orientation = loaded.orientation or image.geometry.axcodes
        image, truth = reorient(image, orientation), reorient(truth, orientation)
        expected = loaded.table[nnunet(image)]
        for mode in modes:
            said = predict([image], loaded, device="cpu", mode=mode)
            how = f"{said.provenance['backend']} {said.provenance['precision']}"
            rows += [Agreement(name, phantom, mode, how, *row) for row in _compared(truth, expected, said.labels)]
    return rows


def load_demo(name: str) -> LoadedModel:
    """Load a demo model without what is done after the network: that is no part of nnU-Net's predictor."""
    loaded = load_model(ModelStore().find(f"demo_{name}"))
    return replace(loaded, entry=replace(loaded.entry, postprocessing=()))


def nnunets_own(model: LoadedModel) -> Callable[[Image], np.ndarray]:
    """Return nnU-Net's predictor with the one network of a loaded model: labels in the voxel order of the image."""
    import torch
    from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor

    (network,) = model.networks.values()
    predictor = nnUNetPredictor(use_mirroring=False, device=torch.device("cpu"), allow_tqdm=False)
    settings = (model.plans, model.configuration, [network.state_dict()], dict(model.folder.dataset))
    # A copy: our runs change how the weights lie in memory.
    predictor.manual_initialization(copy.deepcopy(network), *settings, "nnUNetTrainer", None)

    def run(image: Image) -> np.ndarray:
        data = np.asarray(image.array, dtype=np.float32).transpose(2, 1, 0)[None]
        properties = {"spacing": [float(length) for length in image.geometry.spacing][::-1]}
        return predictor.predict_single_npy_array(data, properties, None, None, False).transpose(2, 1, 0)

    return run


def make_phantom(name: str, arguments) -> tuple[Image, LabelMap]:
    """Return the image that a demo model is meant for, and the truth on its grid."""
    if name in ("mouse", "mouse_2d"):
        cord = make_mouse(**arguments)
        if name == "mouse":
            return cord.image, cord.gmwm
        slices = labeled_slices(cord.gmwm)
        box = slices[len(slices) // 2]
        return crop(cord.image, box), crop(cord.gmwm, box)
    phantom = make_spine(rootlets=False, **arguments)
    if name == "spine":
        return phantom.image, spine.parts_of(phantom)
    if name != "lumbosacral":
        return phantom.image, getattr(phantom, name)
    box = box_around(phantom.image.geometry, centerline_of(phantom.cord), across_mm=16, along_mm=20)
    return cut_image(phantom.image, box), cut_labels(phantom.cord, box)


def _compared(truth: LabelMap, expected: np.ndarray, found: LabelMap) -> Iterator[tuple]:
    for entry in found.scheme:
        # The canal and the cord are the only label of their scheme; a phantom's may carry another value.
        right = truth.array > 0 if len(tuple(found.scheme)) == 1 else truth.array == entry.value
        theirs, ours = expected == entry.value, found.array == entry.value
        if theirs.any() or ours.any():
            to_truth = dice(ours, right) - dice(theirs, right)
            yield entry.name, int(theirs.sum()), int((theirs != ours).sum()), dice(ours, theirs), to_truth


def dice(one: np.ndarray, other: np.ndarray) -> float:
    """Return the Dice of two masks; 0 if both are empty."""
    return float(2 * (one & other).sum() / max(1, one.sum() + other.sum()))
