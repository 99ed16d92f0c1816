"""Files of weights as people download them: what is in one, by its tensors and shapes. Loads no torch."""

from engine.files.folder import Row, holds_weights, recognised_in
from engine.files.headers import Header, Tensor, header_in, read_header
from engine.files.loras import unread
from engine.files.recognise import Kind, Recognised, recognise, recognised

__all__ = [
    "Header",
    "Kind",
    "Recognised",
    "Row",
    "Tensor",
    "header_in",
    "holds_weights",
    "read_header",
    "recognise",
    "recognised",
    "recognised_in",
    "unread",
]
