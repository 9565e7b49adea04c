"""Check nnU-Net's plans before nnU-Net sees them: names against allow-lists, numbers against their use.

nnU-Net looks functions and classes up by the names in its plans, and trusts the rest. A plan comes with the weights, so
it is somebody else's file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..errors import ModelError, UnsafeModelError
from .network import ARCHITECTURES, PARTS, check_class_name

PREPROCESSORS = frozenset({"DefaultPreprocessor"})
"""What may prepare an image."""

NORMALIZATIONS = frozenset(
    {
        "CTNormalization",
        "NoNormalization",
        "RGBTo01Normalization",
        "RescaleTo01Normalization",
        "ZScoreNormalization",
    }
)
RESAMPLERS = frozenset(
    {
        "resample_data_or_seg_to_shape",
        "resample_torch_fornnunet",
        "resample_torch_simple",
        "no_resampling_hack",
    }
)
LABEL_MANAGERS = frozenset({"LabelManager"})


def check_plans(plans: Mapping[str, Any], configuration: Mapping[str, Any], channels: int) -> None:
    """Refuse plans that name foreign code, or that no image could be prepared by.

    Parameters
    ----------
    plans
        Content of ``plans.json``.
    configuration
        One configuration of it, inheritance resolved, in today's format.
    channels
        Number of input images.

    Raises
    ------
    UnsafeModelError
        A name is outside the allow-lists.
    ModelError
        A field is missing or cannot be used.
    """
    _check_names(plans, configuration)
    for field, usable in _PLAN_FIELDS.items():
        _require(field, plans.get(field), usable)
    intensities = plans.get(
        "foreground_intensity_properties_per_channel", plans.get("foreground_intensity_properties_by_modality")
    )
    wanted = [str(channel) for channel in range(channels)]
    _require(
        "foreground_intensity_properties_per_channel",
        intensities,
        lambda value: isinstance(value, dict) and all(isinstance(value.get(name), dict) for name in wanted),
    )
    for field, usable in _CONFIGURATION_FIELDS.items():
        _require(field, configuration.get(field), usable)
    _require("spacing", configuration["spacing"], lambda value: len(value) == len(configuration["patch_size"]))
    for field in ("normalization_schemes", "use_mask_for_norm"):
        _require(field, configuration[field], lambda value: len(value) == channels)


def _check_names(plans: Mapping[str, Any], configuration: Mapping[str, Any]) -> None:
    _allow("label_manager", plans.get("label_manager", "LabelManager"), LABEL_MANAGERS)
    _allow("preprocessor_name", configuration.get("preprocessor_name"), PREPROCESSORS)
    for field in ("resampling_fn_data", "resampling_fn_seg", "resampling_fn_probabilities"):
        _allow(field, configuration.get(field), RESAMPLERS)
    for name in _list(configuration.get("normalization_schemes")):
        _allow("normalization_schemes", name, NORMALIZATIONS)
    architecture: Any = configuration.get("architecture")
    _require("architecture", architecture, _is_architecture)
    check_class_name(architecture["network_class_name"], ARCHITECTURES, "network_class_name")
    for field in architecture["_kw_requires_import"]:
        name = architecture["arch_kwargs"].get(field)
        if name is not None:
            check_class_name(name, PARTS, field)


def _allow(field: str, name: object, allowed: frozenset[str]) -> None:
    if not isinstance(name, str) or name not in allowed:
        raise UnsafeModelError(
            f"plans.json asks for {name!r} as {field}; allowed are {', '.join(sorted(allowed))}.",
            "Only models of plain nnU-Net are run here.",
        )


def _require(field: str, value: object, usable: Callable[[Any], bool]) -> None:
    if not usable(value):
        raise ModelError(f"plans.json: the field {field!r} cannot be used: {value!r}.", "Install the model again.")


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _is_architecture(value: object) -> bool:
    return (
        isinstance(value, dict)
        and isinstance(value.get("arch_kwargs"), dict)
        and isinstance(value.get("_kw_requires_import"), list)
        and "network_class_name" in value
        and all(_are_options(value["arch_kwargs"].get(name)) for name in _OPTIONS)
    )


def _are_options(value: object) -> bool:
    """Options of a norm, an activation or a dropout: plain numbers by name, or nothing."""
    return value is None or (
        isinstance(value, dict) and all(isinstance(option, (int, float)) for option in value.values())
    )


def _is_order(value: object) -> bool:
    return isinstance(value, list) and sorted(value, key=str) == [0, 1, 2]


def _is_size(value: object) -> bool:
    return isinstance(value, list) and len(value) in (2, 3) and all(isinstance(n, int) and n > 0 for n in value)


def _is_spacing(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(s, (int, float)) and 0 < s < float("inf") for s in value)


def _is_resampling(value: object) -> bool:
    orders = {"order", "order_z"}
    return isinstance(value, dict) and all(value[name] in range(6) for name in orders & set(value))


def _is_resampling_of_numbers(value: object) -> bool:
    # Taken for labels, an image would be resampled once for each of its thousands of values.
    return _is_resampling(value) and isinstance(value, dict) and value.get("is_seg", False) is False


_OPTIONS = ("norm_op_kwargs", "dropout_op_kwargs", "nonlin_kwargs")

_PLAN_FIELDS: dict[str, Callable[[Any], bool]] = {"transpose_forward": _is_order, "transpose_backward": _is_order}

_CONFIGURATION_FIELDS: dict[str, Callable[[Any], bool]] = {
    "patch_size": _is_size,
    "spacing": _is_spacing,
    "normalization_schemes": lambda value: isinstance(value, list),
    "use_mask_for_norm": lambda value: isinstance(value, list) and all(isinstance(flag, bool) for flag in value),
    "resampling_fn_data_kwargs": _is_resampling_of_numbers,
    "resampling_fn_seg_kwargs": _is_resampling,
    "resampling_fn_probabilities_kwargs": _is_resampling_of_numbers,
}
