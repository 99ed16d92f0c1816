"""``python -m bot`` is ``easel``."""

from bot.program.cli import main

if __name__ == "__main__":
    main()
