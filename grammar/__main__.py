"""`python -m grammar`: prints docs/parameters.md."""

from grammar.help import page

if __name__ == "__main__":
    print(page(), end="")
