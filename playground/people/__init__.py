"""What a person may do: checked as Discord's client does, then made interactions and messages.

Everything refused here is refused to the person (`Refused`), never sent to a bot.
"""
