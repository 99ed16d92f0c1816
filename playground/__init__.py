"""A Discord of Easel's own on loopback: REST v10, gateway v10 and CDN, and people who type and click.

It exists so that the real, unchanged bot can be spoken to without an account: by tests, by developers and by
`make demo`. It knows the Discord protocol and nothing of the bot that talks to it.

`Playground` is the server; `Remote` and `Person` drive one over HTTP, from this process or another.
"""

from playground.person import Interaction, Message, NothingHappened, Person, Refused, Remote
from playground.server import Playground
from playground.settings import Settings

__all__ = [
    "Interaction",
    "Message",
    "NothingHappened",
    "Person",
    "Playground",
    "Refused",
    "Remote",
    "Settings",
]
