"""Networks computed by OpenVINO on the CPU: an optional package (the extra ``cpu``) that reaches what the cores can do.

A network is converted once and then kept on disk. The front end is called directly, not through
``openvino.convert_model``, which may report over the network how it is used.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from typing import Any

from ..checkpoint import import_torch
from ..loading import quiet
from .converted import converted
from .runner import Runner, input_channels

BATCH = 1
"""OpenVINO is as fast with one tile as with two."""


def is_installed() -> bool:
    """Whether the package is there."""
    return importlib.util.find_spec("openvino") is not None


def openvino_runner(network: Any, tile: Sequence[int], *, bf16: bool) -> Runner:
    """Convert a network for tiles of one size.

    Parameters
    ----------
    network
        On the CPU.
    tile
        Size of a tile.
    bf16
        Compute in bfloat16 if the processor can; else in single precision.

    Raises
    ------
    RuntimeError
        OpenVINO does not know an operation of the network, or cannot run on this machine.
    """
    import openvino

    torch = import_torch()
    core = openvino.Core()
    half = bf16 and "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    shape = (BATCH, input_channels(network), *tile)
    graph = converted(core, network, shape, lambda: _convert(network, shape))
    settings = {
        "INFERENCE_PRECISION_HINT": "bf16" if half else "f32",
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_NUM_THREADS": torch.get_num_threads(),
    }
    request = core.compile_model(graph, "CPU", settings).create_infer_request()

    def run(tiles: Any) -> Any:
        results = request.infer([tiles.contiguous().numpy()], share_inputs=True)
        return torch.from_numpy(results[0])

    return Runner(run, torch.device("cpu"), "openvino", "bf16" if half else "fp32", BATCH)


def _convert(network: Any, shape: tuple[int, ...]) -> Any:
    from openvino.frontend import FrontEndManager, OpConversionFailure
    from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder

    torch = import_torch()
    try:
        with torch.inference_mode(), quiet():
            decoder = TorchScriptPythonDecoder(network.cpu().eval(), example_input=(torch.zeros(shape),))
        front_end = FrontEndManager().load_by_framework("pytorch")
        graph = front_end.convert(front_end.load(decoder))
    except OpConversionFailure as error:
        raise RuntimeError(str(error)) from error
    graph.reshape(list(shape))
    return graph
