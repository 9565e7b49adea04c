"""The plain procedure: what the model draws is the mask."""

from __future__ import annotations

from ..work import RecipeOutcome, RecipeWork


def run(work: RecipeWork) -> RecipeOutcome:
    """Run the model once on the whole image."""
    return RecipeOutcome(work.predict([work.image]).labels)
