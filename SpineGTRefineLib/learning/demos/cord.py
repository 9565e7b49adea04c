"""The demo of the recipe ``cord``."""

from .single_mask import single_mask_demo

CORD = single_mask_demo("cord", 902, lambda phantom: phantom.cord)
