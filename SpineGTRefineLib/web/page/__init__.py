"""The layout of the page. What a control shows is in the state, what it does is an act by its name."""
