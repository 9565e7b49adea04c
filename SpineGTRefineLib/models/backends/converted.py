"""Networks that were converted for OpenVINO, kept on disk: the conversion of a large one takes a quarter of a minute.

They lie in the folder of the user's models, named after all that they were made of; nothing is ever downloaded. Another
version of OpenVINO, other weights or another tile size make a new one, and the one used longest ago goes.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ..installed import models_folder

FOLDER = ".openvino"
GRAPH = "network.xml"
MOST_KEPT = 8
"""A network of nnU-Net's usual size takes 120 MB."""


def converted(core: Any, network: Any, shape: Sequence[int], convert: Callable[[], Any]) -> Any:
    """Return the OpenVINO model of a network, from disk if it was converted before.

    Parameters
    ----------
    core
        ``openvino.Core``.
    network, shape
        What is converted, for which input.
    convert
        Does it, if need be. What it gives is kept; where that is not possible (no space, no rights), it is just used.
    """
    folder = models_folder() / FOLDER
    place = folder / _name(network, shape)
    if (place / GRAPH).is_file():
        # One that cannot be read is damaged, and made anew.
        with contextlib.suppress(RuntimeError, OSError):
            graph = core.read_model(place / GRAPH)
            os.utime(place)
            return graph
    graph = convert()
    with contextlib.suppress(RuntimeError, OSError):
        _keep(graph, place)
        _forget_oldest(folder)
    return graph


def _name(network: Any, shape: Sequence[int]) -> str:
    """Return the hash of all that the conversion depends on: versions, architecture, weights, input."""
    told = (version("openvino"), version("torch"), repr(network), tuple(shape))
    digest = hashlib.sha256(repr(told).encode())
    for name, weights in network.state_dict().items():
        digest.update(name.encode())
        digest.update(weights.detach().cpu().contiguous().numpy().data)
    return digest.hexdigest()[:32]


def _keep(graph: Any, place: Path) -> None:
    import openvino

    place.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix="unfinished-", dir=place.parent))
    try:
        openvino.save_model(graph, unfinished / GRAPH, compress_to_fp16=False)
        shutil.rmtree(place, ignore_errors=True)
        unfinished.rename(place)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _forget_oldest(folder: Path) -> None:
    kept = sorted((place for place in folder.iterdir() if (place / GRAPH).is_file()), key=lambda p: p.stat().st_mtime)
    for place in kept[:-MOST_KEPT]:
        shutil.rmtree(place, ignore_errors=True)
