"""Build the network that ``plans.json`` describes, from an allow-list of classes.

nnU-Net resolves the names in its plans with ``pydoc.locate``, which imports any module that a file names. Here a name
is looked up only inside the two packages that hold network parts.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from typing import Any

from ..errors import MissingDependencyError, ModelError, UnsafeModelError
from .checkpoint import import_torch

ARCHITECTURES = "dynamic_network_architectures.architectures"
"""The only package whose classes may be the network."""

PARTS = "torch.nn"
"""The only package whose classes may be parts of it (convolutions, norms, activations)."""

_PLAIN = "Only models of plain nnU-Net are run here."

_MOVED = {f"{ARCHITECTURES}.residual_unet": f"{ARCHITECTURES}.unet"}
"""Modules that old plans name, and where their classes are now."""


def build_network(architecture: Mapping[str, Any], inputs: int, outputs: int, weights: Mapping[str, Any]) -> Any:
    """Build a network and fill in its weights.

    Parameters
    ----------
    architecture
        The object ``architecture`` of a configuration, already checked by :func:`.plan_checks.check_plans`.
    inputs, outputs
        Number of input channels and of output classes or regions.
    weights
        Parameters by name; half precision is widened to single.

    Returns
    -------
    torch.nn.Module
        On the CPU, in evaluation mode.

    Raises
    ------
    UnsafeModelError
        The class is not a network of the allowed package.
    ModelError
        The weights do not fit the network that the plans describe.
    """
    torch = import_torch()
    network_class = _locate(architecture["network_class_name"], ARCHITECTURES, "network_class_name")
    options = dict(architecture["arch_kwargs"])
    for field in architecture["_kw_requires_import"]:
        if options.get(field) is not None:
            options[field] = _locate(options[field], PARTS, field)
    options["deep_supervision"] = False
    try:
        # Without memory first: no time is lost on random weights, and an absurd plan cannot fill the memory.
        with torch.device("meta"):
            network = network_class(input_channels=inputs, num_classes=outputs, **options)
        _check_fit(network, weights)
        network = network.to_empty(device="cpu")
        network.load_state_dict(weights)
    except (TypeError, ValueError, AttributeError, IndexError, RuntimeError, AssertionError) as error:
        raise ModelError(
            f"The weights do not fit the network of the plans: {' '.join(str(error).split())[:300]}",
            "plans.json and the checkpoints must come from the same training.",
        ) from error
    return network.eval()


def _check_fit(network: Any, weights: Mapping[str, Any]) -> None:
    unset = {name for name, _ in network.named_buffers()} - set(weights)
    if unset:
        raise ModelError(
            f"The network keeps values that no checkpoint holds ({sorted(unset)[0]}); it cannot be run here.",
            _PLAIN,
        )
    for name, tensor in network.state_dict().items():
        if name not in weights or weights[name].shape != tensor.shape:
            found = tuple(weights[name].shape) if name in weights else "missing"
            raise ModelError(
                f"The weights do not fit the network of the plans: {name} must be {tuple(tensor.shape)}, is {found}.",
                "plans.json and the checkpoints must come from the same training.",
            )


def check_class_name(name: object, package: str, field: str) -> str:
    """Return ``name`` if it lies in ``package``; nothing is imported.

    Raises
    ------
    UnsafeModelError
        It does not.
    """
    if not isinstance(name, str) or not name.startswith(package + ".") or not name.replace(".", "_").isidentifier():
        raise UnsafeModelError(
            f"plans.json asks for {name!r} as {field}; only classes of {package} are built.",
            _PLAIN,
        )
    return name


def _locate(name: object, package: str, field: str) -> Any:
    module_name, _, class_name = check_class_name(name, package, field).rpartition(".")
    module_name = _MOVED.get(module_name, module_name)
    found = getattr(_import(module_name, field), class_name, None)
    if not isinstance(found, type) or not issubclass(found, import_torch().nn.Module):
        raise UnsafeModelError(f"plans.json asks for {name!r} as {field}, which is not a class of {package}.", _PLAIN)
    return found


def _import(module: str, field: str) -> Any:
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name and not module.startswith(error.name):
            raise
        package = module.partition(".")[0]
        if importlib.util.find_spec(package) is None:
            raise MissingDependencyError(
                f"{package} is needed to run a model and is not installed.", "Install spine-gt-refine[models]."
            ) from error
        raise ModelError(
            f"plans.json asks for {module} as {field}, which this version of {package} lacks.",
            f"Install a newer {package}.",
        ) from error
