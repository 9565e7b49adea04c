"""What every archive that was ever installed looked like: an address that delivers something else later is noticed."""

from __future__ import annotations

import json
from pathlib import Path

from ..errors import ChecksumError, ModelError
from ..fileops import write_text_atomic
from .registry import ModelEntry


class HashBook:
    """SHA-256 of archives by their address, in a file beside the models.

    Parameters
    ----------
    path
        The file; made with the first entry.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def check(self, entry: ModelEntry, digest: str) -> None:
        """Compare an archive with the published hash, or with that of the first install.

        Raises
        ------
        ChecksumError
            It is another one.
        """
        if entry.sha256 is not None and digest != entry.sha256:
            raise ChecksumError(
                f"The archive of {entry.name} is not the published one (SHA-256 {digest}, expected {entry.sha256}).",
                "Download it again; if this repeats, do not use it.",
            )
        recorded = self._known().get(entry.url or "")
        if entry.sha256 is None and recorded not in (None, digest):
            raise ChecksumError(
                f"{entry.url} delivers another file than at the first install (SHA-256 {digest}, was {recorded}).",
                f"If its publisher confirms the change, delete its line in {self._path}.",
            )

    def remember(self, url: str, digest: str) -> None:
        """Note the hash of an archive that was installed."""
        known = {**self._known(), url: digest}
        write_text_atomic(self._path, json.dumps(known, indent=2, sort_keys=True) + "\n")

    def _known(self) -> dict[str, str]:
        if not self._path.is_file():
            return {}
        try:
            known: dict[str, str] = json.loads(self._path.read_text(encoding="utf-8"))
        except (json.JSONDecodeError, UnicodeDecodeError) as error:
            raise ModelError(
                f"{self._path} is damaged: {error}.",
                "Delete it; hashes are then recorded anew at the next install.",
            ) from error
        return known
