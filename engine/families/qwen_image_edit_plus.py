"""Qwen-Image-Edit Plus: as Qwen-Image-Edit, with several pictures at once."""

from dataclasses import replace

from engine.families import qwen_image_edit
from engine.families.family import Edits

__all__ = ["FAMILY"]

FAMILY = replace(qwen_image_edit.FAMILY, edits=Edits(most=4))
