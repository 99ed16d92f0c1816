"""The HTTP API for whoever plays the people, or misfortune: the page, and tests in this process or another.

`/playground/…`: JSON in and out, files as multipart beside `payload_json`. What a person is refused comes
back as 400 with `{"error": sentence}`. For programs on this machine and the page only (see `guard`).
"""

from playground.control import acting, reading, testing

routes = [*reading.routes, *acting.routes, *testing.routes]
