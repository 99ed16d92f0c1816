"""REST v10 as bots use it: one module per family of routes, and the ways of the whole in `application`."""
