"""Files of weights as people download them: what is in one, by its tensors and shapes. Loads no torch."""

from engine.files.folder import Row, recognised_in
from engine.files.headers import Header, Tensor, read_header
from engine.files.recognise import Kind, Recognised, recognise

__all__ = ["Header", "Kind", "Recognised", "Row", "Tensor", "read_header", "recognise", "recognised_in"]
