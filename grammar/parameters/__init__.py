"""The parameters of the language: one row each, and nothing but data.

The parser, the errors, `/help`, the autocompletion and docs/parameters.md are all made from these rows. A new
parameter is one more row in the file of its kind; see docs/language.md. Knows nothing of parsing.
"""

from grammar.parameters.film import FILM
from grammar.parameters.parameter import Parameter
from grammar.parameters.past import PAST
from grammar.parameters.picture import PICTURE
from grammar.parameters.reference import REFERENCE

__all__ = ["PARAMETERS", "Parameter"]

PARAMETERS: tuple[Parameter, ...] = (*PICTURE, *REFERENCE, *FILM, *PAST)
