"""The demo of the recipe ``canal``."""

from .single_mask import single_mask_demo

CANAL = single_mask_demo("canal", 901, lambda phantom: phantom.canal)
