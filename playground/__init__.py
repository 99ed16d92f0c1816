"""A Discord of Easel's own on loopback: REST v10, gateway v10 and CDN, and people who type and click.

It exists so that the real, unchanged bot can be spoken to without an account: by tests, by developers and by
`make demo`. It knows the Discord protocol and nothing of the bot that talks to it.

`Playground` is the server; `Remote` and `Person` drive one over HTTP, from this process or another.
"""

from playground.client.http import NothingHappened
from playground.client.interactions import Interaction
from playground.client.messages import Message
from playground.client.person import Person
from playground.client.remote import Remote
from playground.errors import Refused
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
