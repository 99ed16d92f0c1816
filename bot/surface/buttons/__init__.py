"""The buttons under jobs' messages, a file a family; each says its looks, where it is shown, what it does."""
