"""REST v10 and the CDN as bots use them: one module per family of routes; `application` is the whole."""
