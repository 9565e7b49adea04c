"""Whatever is wrong in a model's descriptions ends in one of our errors, never in a traceback of somebody else's."""

import json

import numpy as np
import pytest

from SpineGTRefineLib.errors import ModelError, RefineError
from SpineGTRefineLib.imaging import Geometry, Image
from SpineGTRefineLib.models import load_model, predict

MISSING = object()
JUNK = (MISSING, None, "x", -1, [], {}, [[1]], float("inf"))


@pytest.fixture(scope="module")
def folder(nnunet, tmp_path_factory):
    from tiny_models import make_model

    return make_model(tmp_path_factory.mktemp("damaged") / "model")


@pytest.fixture(scope="module")
def image():
    """As large as one tile: what is tried here is the way, not the network."""
    array = np.random.default_rng(0).normal(size=(16, 18, 14)).astype(np.float32)
    return Image(array, Geometry(array.shape, np.eye(4)))


def places(node, above=()):
    """Path of every value in a JSON object, lists taken as one value."""
    for key, value in node.items() if isinstance(node, dict) else ():
        if above == ("configurations",) and key != "3d_fullres":
            continue
        yield (*above, key)
        yield from places(value, (*above, key))


def spoiled(document, place, junk):
    copy = json.loads(json.dumps(document))
    node = copy
    for key in place[:-1]:
        node = node[key]
    if junk is MISSING:
        del node[place[-1]]
    else:
        node[place[-1]] = junk
    return copy


@pytest.mark.slow
@pytest.mark.parametrize("name", ["plans.json", "dataset.json"])
def test_no_damage_ends_in_a_foreign_error(folder, image, store, name):
    intact = (folder / name).read_text()
    refused = 0
    try:
        for number, place in enumerate(places(json.loads(intact))):
            junk = JUNK[number % len(JUNK)]
            (folder / name).write_text(json.dumps(spoiled(json.loads(intact), place, junk)))
            try:
                model = load_model(store.install_own(folder, name="damaged", overwrite=True))
                predict([image], model, device="cpu")
            except RefineError:
                refused += 1
    finally:
        (folder / name).write_text(intact)
    assert refused > 0


@pytest.mark.parametrize(
    ("place", "junk", "named"),
    [
        (("configurations", "3d_fullres", "patch_size"), [16, 24], "spacing"),
        (("configurations", "3d_fullres", "patch_size"), [16, 24, 0], "patch_size"),
        (("configurations", "3d_fullres", "spacing"), [1.0, -1.0, 1.0], "spacing"),
        (("configurations", "3d_fullres", "normalization_schemes"), [], "normalization_schemes"),
        (("configurations", "3d_fullres", "resampling_fn_probabilities_kwargs", "order"), 9, "resampling_fn"),
        (("configurations", "3d_fullres", "resampling_fn_data_kwargs", "is_seg"), True, "resampling_fn_data"),
        (("transpose_forward",), [0, 1, 1], "transpose_forward"),
        (("foreground_intensity_properties_per_channel",), {}, "foreground_intensity"),
    ],
)
def test_a_field_that_cannot_be_used_is_named(folder, store, place, junk, named):
    intact = (folder / "plans.json").read_text()
    try:
        (folder / "plans.json").write_text(json.dumps(spoiled(json.loads(intact), place, junk)))
        with pytest.raises(ModelError, match=rf"plans\.json: the field '{named}"):
            load_model(store.install_own(folder, name="damaged"))
    finally:
        (folder / "plans.json").write_text(intact)


def test_old_plans_with_a_residual_network_find_its_class(nnunet):
    from SpineGTRefineLib.models.network import ARCHITECTURES, _locate

    found = _locate(f"{ARCHITECTURES}.residual_unet.ResidualEncoderUNet", ARCHITECTURES, "network_class_name")
    assert found.__name__ == "ResidualEncoderUNet"
