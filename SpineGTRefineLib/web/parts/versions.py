"""Compare and adopt: what a model, a colleague or an earlier save says, beside the mask under edit."""

from __future__ import annotations

from typing import Any, ClassVar

from ...imaging import LabelDifference
from ...review.proposals import Proposal, Scope
from ...review.versions import Version
from .part import Part


class VersionPart(Part):
    """Compares the mask with another version, and adopts all of it or some structures."""

    START: ClassVar[dict[str, Any]] = {
        "versions": [],
        "version": None,
        "comparing": "",
        "difference": "",
        "differences": [],
        "chosen": [],
        "blink": False,
    }

    def set_up(self) -> None:
        """Follow proposals and masks."""
        self._versions: list[Version] = []
        self._proposal: Proposal | None = None
        self.station.opened.connect(self._on_opened)
        self.station.proposal_arrived.connect(self._on_proposal)
        self.state.change("blink")(lambda blink, **_: self.station.display.blink(other=blink))

    def compare(self) -> None:
        """Show the chosen version and what would change."""
        if self._versions and self.state.version is not None:
            self._show(self._versions[self.state.version].proposal())

    def adopt_all(self) -> None:
        """Take over all of it, as one step to undo."""
        self._adopt(Scope())

    def adopt_chosen(self) -> None:
        """Take over the structures that are ticked, as one step to undo."""
        if not self.state.chosen:
            self.station.say("info", "Tick structures in the table first.")
            return
        self._adopt(Scope(structures=frozenset(self.state.chosen)))

    def toggle_blink(self) -> None:
        """Show the other version, or the mask under edit again."""
        if self._proposal is not None:
            self.state.blink = not self.state.blink

    def stop(self) -> None:
        """Compare no more."""
        self._proposal = None
        self.station.display.compare_with(None)
        self.state.update({"comparing": "", "difference": "", "differences": [], "chosen": [], "blink": False})

    def _on_opened(self) -> None:
        self.stop()
        self._versions = list(self.station.session.versions()) if self.station.is_open else []
        self._list()

    def _on_proposal(self, proposal: Proposal) -> None:
        self._versions.insert(0, Version.of(proposal))
        self._list()
        self.attempt(lambda: self._show(proposal))
        self.state.tab = "compare"
        self.station.say("good", f"{proposal.title}: a proposal has arrived. Your mask has not changed.")

    def _list(self) -> None:
        self.state.versions = [{"title": v.title, "value": place} for place, v in enumerate(self._versions)]
        self.state.version = 0 if self._versions else None

    def _show(self, proposal: Proposal) -> None:
        difference = self.station.session.bench.compare(proposal)
        self._proposal = proposal
        self.state.comparing = proposal.title
        self.state.chosen, self.state.blink = [], False
        self.state.differences = _rows(difference, proposal)
        warnings = " ".join(proposal.warnings)
        self.state.difference = f"{difference.changed_voxels} voxels differ. {warnings}".strip()
        self.station.display.compare_with(proposal.labels)

    def _adopt(self, scope: Scope) -> None:
        if self._proposal is not None:
            self.station.session.adopt(self._proposal, scope)
            self.station.say("good", "Adopted. Ctrl+Z undoes it.")
            self._show(self._proposal)


def _rows(difference: LabelDifference, proposal: Proposal) -> list[dict[str, Any]]:
    scheme = proposal.labels.scheme
    return [
        {
            "key": scheme[row.value].structure.key,
            "name": scheme[row.value].name,
            "before": row.voxels_before,
            "after": row.voxels_after,
            "dice": f"{row.dice:.2f}",
        }
        for row in difference.values
        if (row.added or row.removed) and row.value in scheme
    ]
