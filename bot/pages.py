"""Links to pages that show a picture, where the picture's own address is wanted: what to do instead.

Sites are known by their names. Knows nothing of what a link answers.
"""

from __future__ import annotations

from yarl import URL

__all__ = ["instead_of"]

_EXPIRED = "Discord's links to files end after a day: copy the picture's link anew, or attach the picture."
_MESSAGE = (
    "That is a Discord message, not its picture: open the picture and choose *Copy Link*, or attach it."
)
_DOWNLOAD = "{} shows a page around the picture: download the picture and attach it."
_OWN_ADDRESS = (
    "{} shows a page around the picture: copy the address of the picture itself, which begins with `{}`,"
    " or attach it."
)
_ANY = "That is a page: open the picture alone and copy its address, or attach the picture."
_ADVICE = {
    "cdn.discordapp.com": _EXPIRED,
    "media.discordapp.net": _EXPIRED,
    "discord.com": _MESSAGE,
    "discordapp.com": _MESSAGE,
    "imgur.com": _OWN_ADDRESS.format("Imgur", "https://i.imgur.com/"),
    "pin.it": _OWN_ADDRESS.format("Pinterest", "https://i.pinimg.com/"),
    "drive.google.com": _DOWNLOAD.format("Google Drive"),
    "docs.google.com": _DOWNLOAD.format("Google Drive"),
    "photos.google.com": _DOWNLOAD.format("Google Photos"),
    "photos.app.goo.gl": _DOWNLOAD.format("Google Photos"),
    "dropbox.com": "Dropbox shows a page around the picture: end the link in `raw=1`, or attach the picture.",
}
"""By the name of the site, or of the one that it is a part of."""


def instead_of(link: URL, *, page: bool) -> str:
    """What may be done instead of a link that gave no picture; "" where nothing is known.

    ``page``: it gave a page.
    """
    names = (link.host or "").lower().split(".")
    if "pinterest" in names[-3:-1]:  # pinterest.com, pinterest.co.uk, de.pinterest.com
        return _ADVICE["pin.it"]
    parts = (".".join(names[at:]) for at in range(len(names)))
    return next((_ADVICE[part] for part in parts if part in _ADVICE), _ANY if page else "")
