"""The command line: `easel imagine`, `describe`, `parse`, `models`, `doctor`, `bot`, `help`.

Reads arguments, prints results, sets exit codes: 0 done, 1 failed, 2 what was typed or set cannot be used.
The work is done elsewhere. What only some commands need is imported inside them, for speed: `easel help` and
`easel parse` answer in a fraction of a second, discord.py alone takes longer.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TypeVar

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bot import config, logs
from grammar import PARAMETERS, GenerationSpec, PromptError, caret, find, format_prompt, help_line, parse

if TYPE_CHECKING:
    from engine import LoraEntry

__all__ = ["main"]

T = TypeVar("T")

app = typer.Typer(
    name="easel",
    help="Pictures from prompts in Midjourney's language, on your own hardware.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

# A prompt may begin with a parameter, which must not be taken for an option of the program.
PROMPT = {"ignore_unknown_options": True}

Prompt = Annotated[str, typer.Argument(help="One argument in the full prompt language.", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command(context_settings=PROMPT)
def imagine(
    prompt: Prompt,
    out: Annotated[Path, typer.Option(help="Folder for the pictures.")] = Path("out"),
    model: Annotated[str | None, typer.Option(help="A name from `easel models`.")] = None,
    as_json: AsJson = False,
) -> None:
    """Render a prompt: a 2×2 grid and its four pictures, as PNG files."""
    from bot.program import terminal  # for speed

    _run(terminal.imagine(_settings(), prompt, out, model, as_json), prompt)


@app.command()
def describe(file: Annotated[Path, typer.Argument(help="A picture.", show_default=False)]) -> None:
    """Print four prompts for a picture."""
    from bot.program import terminal  # for speed

    _run(terminal.describe(_settings(), file))


@app.command("parse", context_settings=PROMPT)
def parse_command(prompt: Prompt, as_json: AsJson = False) -> None:
    """Show what the grammar makes of a prompt."""
    specs = _parsed(prompt)
    if as_json:
        print(json.dumps([spec.to_dict() for spec in specs], ensure_ascii=False))
        return
    for number, spec in enumerate(specs, 1):
        print(f"{number}. {format_prompt(spec)}")
        for name, value in spec.to_dict().items():
            if value:
                print(f"   {name}: {json.dumps(value, ensure_ascii=False)}")


@app.command()
def models() -> None:
    """List the models: name, `--v` values, family, size, whether it is on this machine."""
    from bot.program.wiring import registry_of  # for speed

    settings = _settings()
    table = Table(box=None, pad_edge=False)
    for heading in ("name", "--v", "--niji", "family", "size", "here", "title"):
        table.add_column(heading, no_wrap=True)
    registry = _checked(lambda: registry_of(settings))
    for entry in registry.entries:
        table.add_row(
            entry.name,
            " ".join(entry.versions),
            " ".join(entry.niji),
            entry.family,
            f"{entry.gigabytes:g} GB",
            "yes" if entry.on_this_machine() else "no",
            entry.title,
        )
    console = Console(width=None if sys.stdout.isatty() else 200)
    console.print(table)
    if registry.loras:
        console.print("", _loras_of(registry.loras))


def _loras_of(known: Sequence[LoraEntry]) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("LoRA", "family", "for", "words", "licence", "here", "title"):
        table.add_column(heading, no_wrap=True)
    for lora in known:
        here = "yes" if lora.path() is not None else "no"
        models, words = " ".join(lora.models), lora.words
        # What it is called must not be read as the console's own marks.
        table.add_row(*map(escape, (lora.name, lora.family, models, words, lora.licence, here, lora.title)))
    return table


@app.command()
def doctor() -> None:
    """Check configuration, database, models, device and token; say how to mend what is wrong."""
    from bot.program.doctor import findings  # for speed

    ok = True
    for finding in findings(Path(".env")):
        ok = ok and finding.ok
        print(f"{'ok  ' if finding.ok else 'MEND'}  {finding.about}: {finding.sentence}")
    raise typer.Exit(0 if ok else 1)


@app.command("bot")
def bot_command() -> None:
    """Start the Discord bot."""
    from bot.program.serve import serve  # for speed

    settings = _settings()
    logs.configure(settings.easel_log_level, settings.discord_token.get_secret_value())
    _run(serve(settings))


@app.command("help", context_settings=PROMPT)
def help_command(
    topic: Annotated[str, typer.Argument(help="`parameters`, or the name of one.")] = "parameters",
) -> None:
    """List the parameters of the prompt language, or say what one does."""
    row = find(topic)
    if row is None and topic != "parameters":
        _fail(f"There is no parameter `{topic}`; `easel help parameters` lists them all.", 2)
    for each in [row] if row else [each for each in PARAMETERS if not each.legacy]:
        print(help_line(each))


def main() -> None:
    """The console script."""
    app()


def _settings() -> config.Settings:
    return _checked(config.load)


def _checked(make: Callable[[], T]) -> T:
    """The value; a setting that cannot be used ends the program with one line."""
    try:
        return make()
    except config.BadSetting as error:
        _fail(str(error), 2)


def _parsed(prompt: str) -> list[GenerationSpec]:
    try:
        return parse(prompt)
    except PromptError as error:
        _bad_prompt(prompt, error)


def _run(work: Coroutine[Any, Any, None], prompt: str = "") -> None:
    from bot.errors import Refusal  # for speed
    from engine import EngineError  # for speed

    try:
        asyncio.run(work)
    except PromptError as error:
        _bad_prompt(prompt, error)
    except config.BadSetting as error:
        _fail(str(error), 2)
    except Refusal as error:
        _fail(error.sentence, 1)
    except EngineError as error:
        _fail(str(error), 1)
    except OSError as error:
        _fail(f"{error.filename or 'a file'}: {error.strerror}", 1)
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


def _bad_prompt(prompt: str, error: PromptError) -> NoReturn:
    _fail(f"{caret(prompt, error)}\n{error.title}: {error}", 2)


def _fail(sentence: str, code: int) -> NoReturn:
    print(sentence, file=sys.stderr)
    raise typer.Exit(code) from None
