"""Parts of nnU-Net's networks: those that learn nothing, and weights that are taken over from another model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..errors import ModelError, UsageError

Meaning = frozenset[str]
"""What one output of a network stands for: keys of structures, none for the background."""

OUTPUT = ".seg_layers."
"""In the name of every weight of the layers that make the outputs."""


def freeze(network: Any, parts: Sequence[str]) -> None:
    """Let parts of a U-Net learn nothing.

    Parameters
    ----------
    network
        One of nnU-Net's U-Nets.
    parts
        Any of ``encoder``, ``encoder:N`` (its first N stages, the finest ones) and ``decoder`` (without the layers
        that make the outputs).

    Raises
    ------
    UsageError
        There is no such part.
    """
    for part in parts:
        for parameter in _parameters(network, part):
            parameter.requires_grad = False


def require_parts(network: Any, parts: Sequence[str]) -> None:
    """Refuse parts that a network does not have; those that it has are named in :func:`freeze`.

    Raises
    ------
    UsageError
        There is no such part.
    """
    for part in parts:
        next(_parameters(network, part))


def take_over(network: Any, weights: Mapping[str, Any], outputs: Sequence[Meaning], known: Sequence[Meaning]) -> None:
    """Fill a new network with the weights of a trained one of the same architecture.

    Outputs are matched by what they mean, whatever their number; those that the trained network lacks keep their
    random weights.

    Parameters
    ----------
    network
        The new network.
    weights
        Parameters of the trained one, by name.
    outputs, known
        Meaning of each output of the new network, and of the trained one.

    Raises
    ------
    ModelError
        The two differ in more than their outputs.
    """
    rows = {meaning: row for row, meaning in enumerate(known)}
    shared = [(new, rows[meaning]) for new, meaning in enumerate(outputs) if meaning in rows]
    state = network.state_dict()
    for name, tensor in state.items():
        theirs = weights.get(name)
        makes_outputs = OUTPUT in name
        if theirs is None or theirs.shape[makes_outputs:] != tensor.shape[makes_outputs:]:
            raise ModelError(
                f"The model has another network than the one to train: {name} does not fit.",
                "Fine-tune with the model's own plans and channels.",
            )
        if not makes_outputs:
            tensor.copy_(theirs)
            continue
        for new, old in shared:
            tensor[new].copy_(theirs[old])


def _parameters(network: Any, part: str) -> Iterator[Any]:
    name, _, count = part.partition(":")
    if name == "encoder" and not count:
        yield from network.encoder.parameters()
    elif name == "encoder" and count.isdigit() and 0 < int(count) <= len(network.encoder.stages):
        stem = getattr(network.encoder, "stem", None)  # of residual encoders
        for stage in (*([stem] if stem is not None else []), *network.encoder.stages[: int(count)]):
            yield from stage.parameters()
    elif part == "decoder":
        inner = {id(parameter) for parameter in network.encoder.parameters()}  # the decoder holds it, too
        for each, parameter in network.decoder.named_parameters():
            if OUTPUT.strip(".") not in each and id(parameter) not in inner:
                yield parameter
    else:
        stages = len(network.encoder.stages)
        raise UsageError(
            f"The network has no part {part!r} to freeze.",
            f"Choose encoder, encoder:1 to encoder:{stages}, or decoder.",
        )
