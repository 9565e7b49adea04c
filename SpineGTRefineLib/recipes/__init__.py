"""Recipes: which model or which outputs of other tools become which mask, for one image or a whole dataset."""
