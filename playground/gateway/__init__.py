"""The gateway: WebSocket sessions of bots, and the events they are sent."""
