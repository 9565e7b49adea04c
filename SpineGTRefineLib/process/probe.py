"""Run by another Python for ``check_python``: says what it can import and which GPU it sees.

Uses nothing but the standard library, since it runs where this project is not installed.
"""

import importlib
import importlib.metadata
import importlib.util
import json
import platform
import sys
from typing import Any


def main(arguments: list[str]) -> None:
    """Print one JSON object: version of each module found, reason for each missing one, and the GPU.

    With ``--find`` first, modules are looked for and not imported, and no GPU is seen.
    """
    load = arguments[:1] != ["--find"]
    found, missing = {}, {}
    for name in arguments if load else arguments[1:]:
        try:
            found[name] = _load(name) if load else _find(name)
        except Exception as error:
            missing[name] = f"{type(error).__name__}: {error}"
    gpu = describe_gpu() if load and "torch" in found else None
    answer = {"python": platform.python_version(), "found": found, "missing": missing, "gpu": gpu}
    sys.stdout.write(json.dumps(answer) + "\n")


def _load(name: str) -> str:
    module = importlib.import_module(name)
    return str(getattr(module, "__version__", "") or importlib.metadata.version(name))


def _find(name: str) -> str:
    if importlib.util.find_spec(name) is None:
        raise ModuleNotFoundError(f"No module named {name!r}")
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""


def describe_gpu(index: int = 0) -> dict[str, Any] | None:
    """Return name, memory and CUDA version of a graphics card that PyTorch sees, and how many there are; or None."""
    import torch

    if torch.cuda.is_available():
        free, total = torch.cuda.mem_get_info(index)
        name, cuda = torch.cuda.get_device_name(index), torch.version.cuda
        count = torch.cuda.device_count()
        return {"name": name, "free_bytes": free, "total_bytes": total, "cuda": cuda, "count": count}
    if torch.backends.mps.is_available():
        return {"name": "Apple GPU", "free_bytes": None, "total_bytes": None, "cuda": None, "count": 1}
    return None


if __name__ == "__main__":
    main(sys.argv[1:])
