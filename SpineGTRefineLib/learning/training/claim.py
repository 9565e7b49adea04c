"""Whose folder and whose name: a training takes both before it begins, and knows its own again."""

from __future__ import annotations

import contextlib
import threading
import uuid
from collections.abc import Iterator
from typing import Any

from ...bids.jsonfiles import require_json, write_json
from ...bids.locks import Lease, acquire
from ...errors import ConflictError, LockedError, UsageError, WriteError
from ...models import ModelStore
from ..versions import Version
from .card import card_of
from .request import TrainingRequest

REQUEST = "request.json"
"""File of a training's folder that says what is trained there."""


SIGN_OF_LIFE_S = 60.0
"""Seconds between two signs that a training runs."""


@contextlib.contextmanager
def alone(request: TrainingRequest) -> Iterator[None]:
    """Let no other program do the same training meanwhile: both would write the same files.

    Raises
    ------
    LockedError
        One does it.
    """
    with _lease(request) as lease:
        ended = threading.Event()
        signs = threading.Thread(target=_show_signs_of_life, args=(lease, ended), name="training-lease", daemon=True)
        signs.start()
        try:
            yield
        finally:
            ended.set()
            signs.join()


def _lease(request: TrainingRequest) -> contextlib.AbstractContextManager[Lease | None]:
    try:
        return acquire(request.output, request.name, "training", "", take_over=True)
    except LockedError as error:
        raise LockedError(
            f"The training {request.name} runs in another program.",
            "Wait for it, or stop it there. If that program was killed, try again in ten minutes.",
        ) from error
    except WriteError:  # the output is somebody else's, and the training is kept in a folder of its own (--work)
        return contextlib.nullcontext()


def _show_signs_of_life(lease: Lease | None, ended: threading.Event) -> None:
    while lease is not None and not ended.wait(SIGN_OF_LIFE_S):
        with contextlib.suppress(LockedError, OSError):
            lease.refresh()


def claim(request: TrainingRequest, version: Version, store: ModelStore) -> dict[str, Any]:
    """Take the folder and the name for a training, or recognize them as its own; return its identity.

    Raises
    ------
    ConflictError
        The folder holds another training, or another model has this name.
    UsageError
        The version has no case to train on.
    """
    path = request.folder / REQUEST
    # A request alone is one that was refused before anything was made, for a misspelled model say.
    if path.is_file() and any(entry != path for entry in request.folder.iterdir()):
        kept = require_json(path)
        changed = request.differences(kept["Request"])
        if kept["Identity"]["Version"]["SHA256"] != version.sha256:
            changed = ("version", *changed)
        if changed:
            raise ConflictError(
                f"{request.folder} holds another training of this name; it differs in: {', '.join(changed)}.",
                "Choose another --name, or remove that folder.",
            )
        identity: dict[str, Any] = kept["Identity"]
    else:
        identity = _identity(request, version)
    if not version.cases("train"):
        raise UsageError(f"{version.name} has no case to train on.", "Build a version with training cases.")
    _refuse_name(request.name, identity["Id"], store)
    write_json(path, {"Identity": identity, "Request": request.as_json()})
    return identity


def _identity(request: TrainingRequest, version: Version) -> dict[str, Any]:
    return {
        "Id": uuid.uuid4().hex,
        "Name": request.name,
        "Training": request.name,
        "MaskType": version.mask_type.name,
        "Version": {"Name": version.name, "SHA256": version.sha256, "TestSHA256": version.test_sha256},
        "BeganFrom": request.start,
    }


def _refuse_name(name: str, training: str, store: ModelStore) -> None:
    """Refuse a name that another model has, before hours of training rather than after them."""
    if name in store.entries:
        raise ConflictError(f"{name} is the name of a published model.", "Choose another --name.")
    known = next((model for model in store.installed() if model.entry.name == name), None)
    if known is not None and (card_of(known) or {}).get("Id") != training:
        raise ConflictError(f"There is another model called {name}.", "Choose another --name, or remove that model.")
