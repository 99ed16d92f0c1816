"""`python -m bench [NAME ...]`: prints the benchmark tables, all that run anywhere unless some are named.

Knows only where each benchmark lives; each is a module with a `main()` that prints a table.
"""

import importlib
import sys

ANYWHERE = ("language", "engine")
ON_REQUEST = (
    "families",
    "gpu",
    "kills",
    "pictures",
    "long_prompts",
    "discord",
    "chaos",
    "history",
    "memory",
    "page",
    "control",
    "references",
    "studio",
    "scale",
)


def main(names: list[str]) -> int:
    """Run the named benchmarks in order; returns the exit status (2 for a name that is none)."""
    unknown = [name for name in names if name not in ANYWHERE + ON_REQUEST]
    if unknown:
        print(f"no benchmark is called {', '.join(unknown)}; there are: {', '.join(ANYWHERE + ON_REQUEST)}")
        return 2
    for name in names or ANYWHERE:
        importlib.import_module(f"bench.{name}").main()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
