"""What the machine refuses during a training, in words: too little memory, a full disk."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from ...errors import ModelError, RefineError, WriteError
from ...fileops import remedy_for
from ...models.devices import is_too_small


@contextlib.contextmanager
def explained(step: str) -> Iterator[None]:
    """Turn what the system says about memory and disk into errors with a remedy.

    Parameters
    ----------
    step
        What is being done, for the message ("The training of fold 0").

    Raises
    ------
    ModelError
        The memory of the device is too small.
    WriteError
        The disk is full, or a folder read-only.
    """
    try:
        yield
    except RefineError:
        raise
    except OSError as error:
        raise WriteError(f"{step} could not be written: {error.strerror or error}.", remedy_for(error)) from error
    except (RuntimeError, MemoryError) as error:
        if not is_too_small(error):
            raise
        raise ModelError(
            f"{step} needs more memory than there is: {str(error).splitlines()[0] if str(error) else 'none is left'}",
            "Plan a smaller network (--memory-gb, or --settings small), or train on another device; the same command "
            "goes on from the last checkpoint.",
        ) from error
