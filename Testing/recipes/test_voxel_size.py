"""A header that tells a wrong voxel size: it is seen, shown, declared for a run, and never changed in a file."""

import json

import numpy as np
import pytest

from SpineGTRefineLib.bids import Dataset
from SpineGTRefineLib.bids.layout import sidecar_path
from SpineGTRefineLib.errors import InputError, UsageError
from SpineGTRefineLib.fileops import sha256_of_file
from SpineGTRefineLib.imaging import Geometry, Image, LabelMap, read_labels, write_image
from SpineGTRefineLib.models import ModelStore, Prediction
from SpineGTRefineLib.recipes.batch import run_on_dataset
from SpineGTRefineLib.recipes.definition import recipe
from SpineGTRefineLib.recipes.stated_settings import parse_settings
from SpineGTRefineLib.recipes.voxel_size import check_voxel_size, declared_size, with_voxel_size


def mouse_image(spacing: float) -> Image:
    """A dark bath, a gray ring, a bright core, whatever the header says of the voxels' size."""
    i, j, _ = np.meshgrid(*map(np.arange, (24, 24, 6)), indexing="ij")
    distance = np.hypot(i - 11.5, j - 11.5)
    array = np.select([distance < 3, distance < 8], [900, 500], 100).astype(np.int16)
    affine = np.diag([-spacing, spacing, spacing, 1.0])
    affine[:3, 3] = (3.0, -5.0, 70.0)
    return Image(array, Geometry(array.shape, affine))


class Network:
    """Stands for the network: remembers which grid it was given and which model ran."""

    def __init__(self):
        self.seen = []

    def __call__(self, images, model, **_options):
        image = images[0]
        self.seen.append((image.geometry, model.entry.name))
        labels = np.select([image.array > 800, image.array > 300], [1, 2], 0).astype(np.uint8)
        made = LabelMap(labels, image.geometry, recipe("mouse").mask_type.scheme)
        return Prediction(made, ("gm", "wm"), None, None, {"network": 0.1}, {"notes": []})


def run(root, network, *settings):
    dataset, store = Dataset.open(root), ModelStore(root.parent / "no-models-of-the-user")
    mouse = recipe("mouse")
    stated = mouse.with_settings(parse_settings(settings, mouse.settings))
    model = store.find("demo_mouse")
    return list(run_on_dataset(stated, dataset, dataset.cases(), model, run=network, store=store))


@pytest.fixture
def root(tmp_path):
    return tmp_path / "data"


def put(root, image, name="01"):
    path = root / f"sub-{name}" / "anat" / f"sub-{name}_T1w.nii.gz"
    write_image(path, image)
    return path


def test_a_header_of_one_millimeter_is_refused_and_the_message_says_how_to_declare_the_size(root):
    put(root, mouse_image(1.0))
    (outcome,) = run(root, Network())
    assert isinstance(outcome.error, InputError)
    assert "24 x 24 x 6 voxels of 1 x 1 x 1 mm, 24 x 24 x 6 mm in all" in outcome.error.cause
    assert "--set voxel_mm=0.05" in outcome.error.remedy


def test_the_declared_size_is_what_the_network_sees_and_the_mask_lies_on_the_image(root):
    path, network = put(root, mouse_image(1.0)), Network()
    before = sha256_of_file(path)
    (outcome,) = run(root, network, "voxel_mm=0.05")
    assert outcome.succeeded, outcome.error
    assert np.allclose(network.seen[0][0].spacing, 0.05)
    assert network.seen[0][0].axcodes == "LAS"
    saved = read_labels(outcome.saved.path, recipe("mouse").mask_type.scheme)
    assert saved.geometry.matches(mouse_image(1.0).geometry)
    assert sha256_of_file(path) == before
    assert any("1.2 x 1.2 x 0.3 mm in all. Files stay as they are." in note for note in outcome.notes), outcome.notes


def test_what_was_declared_is_in_the_sidecar_and_another_size_is_another_run(root):
    put(root, mouse_image(1.0))
    (outcome,) = run(root, Network(), "voxel_mm=0.05 0.05 0.1")
    sidecar = json.loads(sidecar_path(outcome.saved.path).read_text())
    (entry,) = [e for e in sidecar["GeneratedBy"] if "WeightsSHA256" in e]
    assert entry["Settings"] == {"voxel_mm": "0.05 0.05 0.1"}
    assert entry["Record"] == {"HeaderVoxelSize": [1.0, 1.0, 1.0], "DeclaredVoxelSize": [0.05, 0.05, 0.1]}
    assert run(root, Network(), "voxel_mm=0.05 0.05 0.1")[0].skipped
    assert not run(root, Network(), "voxel_mm=0.06")[0].skipped


def test_a_true_header_needs_no_declaration_and_a_declared_equal_one_changes_nothing(root):
    put(root, mouse_image(0.05))
    network = Network()
    (outcome,) = run(root, network)
    assert outcome.succeeded
    assert np.allclose(network.seen[0][0].spacing, 0.05)
    check = check_voxel_size(mouse_image(0.05), (0.05, 0.05, 0.05))
    assert not check.differs
    assert "This is the declared voxel size." in check.preview()


def test_a_single_slice_goes_to_the_network_for_slices(root):
    image = mouse_image(0.05)
    one = Image(image.array[..., :1], image.geometry.with_shape_and_origin((24, 24, 1), (0, 0, 3)))
    put(root, one)
    network = Network()
    (outcome,) = run(root, network)
    assert outcome.succeeded, outcome.error
    assert network.seen[0][1] == "demo_mouse_2d"
    assert any("single slice" in note for note in outcome.notes)
    saved = read_labels(outcome.saved.path, recipe("mouse").mask_type.scheme)
    assert saved.geometry.matches(one.geometry)  # its own place along the cord, and three axes


@pytest.mark.parametrize("text", ["0.05 0.05", "big", "-1", "nan", "0.05 0 0.05"])
def test_a_size_that_no_voxel_has_is_told(text):
    with pytest.raises(UsageError, match="voxel size"):
        declared_size(text)


def test_directions_and_the_first_voxel_stay_where_they_were():
    image = mouse_image(1.0)
    small = with_voxel_size(image, (0.05, 0.05, 0.05))
    assert small.geometry.axcodes == image.geometry.axcodes
    assert np.allclose(small.geometry.affine[:3, 3], image.geometry.affine[:3, 3])
    assert small.array is image.array


def test_an_unknown_setting_and_one_without_a_value_are_told():
    mouse = recipe("mouse")
    with pytest.raises(UsageError, match=r"unknown setting 'settings.voxel'"):
        mouse.with_settings(parse_settings(["voxel=0.05"], mouse.settings))
    with pytest.raises(UsageError, match="is not a setting"):
        parse_settings(["voxel_mm"], mouse.settings)
    with pytest.raises(UsageError, match="of the kind float"):
        mouse.with_settings(parse_settings(["largest_voxel_mm=big"], mouse.settings))
