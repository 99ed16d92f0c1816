"""Plays people against a running playground over its HTTP API, from this process or another.

    async with Remote(url) as discord:
        ada = discord.person("ada")
        used = await ada.slash("general", "imagine", prompt="a red house")
        grid = await ada.wait_for(lambda message: "U1" in message.buttons)
        await ada.click(grid, "U2")

Nothing here polls or sleeps: every wait is woken by the server's stream of events.
"""
