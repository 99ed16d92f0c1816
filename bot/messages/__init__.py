"""What messages and dialogs look like. Pure: no network."""
