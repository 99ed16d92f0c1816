"""What Discord accepts: messages, components, dialogs and commands. Pure checks on JSON.

Each check raises `ApiError` (400, 50035 with the places) as Discord would answer. Limits are those of its
documentation; fields that no limit concerns are let through.
"""

from playground.rules.commands import check_choices, check_commands
from playground.rules.components import walk
from playground.rules.dialogs import check_modal
from playground.rules.messages import check_message, media_names

__all__ = ["check_choices", "check_commands", "check_message", "check_modal", "media_names", "walk"]
