"""Easel's prompt language: prompt text → `GenerationSpec`s, and canonical prompt text back.

    parse("a red fox::2 snow --ar 3:2 --no text")  →  [GenerationSpec(...)]

Knows lark and the standard library; nothing of pictures, users or Discord.
"""

from grammar.completion import complete
from grammar.errors import Problem, PromptError, caret
from grammar.fields import Fields, prompt_of
from grammar.help import find, help_line, remarks
from grammar.parameters import PARAMETERS, Parameter
from grammar.parser import Language, check_option, check_suffix, parse
from grammar.settings import join
from grammar.spec import GenerationSpec, format_prompt
from grammar.values import Part

__all__ = [
    "PARAMETERS",
    "Fields",
    "GenerationSpec",
    "Language",
    "Parameter",
    "Part",
    "Problem",
    "PromptError",
    "caret",
    "check_option",
    "check_suffix",
    "complete",
    "find",
    "format_prompt",
    "help_line",
    "join",
    "parse",
    "prompt_of",
    "remarks",
]
