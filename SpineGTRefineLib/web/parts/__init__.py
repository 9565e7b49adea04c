"""The parts of the page: each fills its share of the page's state and answers to its controls. No layout here."""
