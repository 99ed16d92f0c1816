"""The command line: `easel imagine`, `models`, `doctor`, `backup`, `bot` and the others.

Reads arguments, prints results, sets exit codes: 0 done, 1 failed, 2 what was typed or set cannot be used.
The work is done elsewhere. What only some commands need is imported inside them, for speed: `easel help` and
`easel parse` answer in a fraction of a second, discord.py alone takes longer.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import typer

from bot import config, logs
from grammar import PARAMETERS, GenerationSpec, PromptError, caret, find, format_prompt, help_line, parse

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
ModelName = Annotated[str, typer.Argument(help="A name from `easel models`.", show_default=False)]
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

    settings = _settings()
    _doing(lambda: terminal.fetch_what_is_missing(settings, prompt, model), prompt)
    _run(terminal.imagine(settings, prompt, out, model, as_json), prompt)


@app.command()
def describe(file: Annotated[Path, typer.Argument(help="A picture.", show_default=False)]) -> None:
    """Print four prompts for a picture."""
    from bot.program import terminal  # for speed

    _run(terminal.describe(_settings(), file))


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="A picture.", show_default=False)],
    as_json: AsJson = False,
    prove: Annotated[bool, typer.Option("--prove", help="Draw its job again and compare.")] = False,
) -> None:
    """Say whether Easel made a picture, by its texts and the mark in its pixels; exit status 0 if so."""
    from bot.program.verify import verify as verified  # for speed
    from engine import BadPicture  # for speed

    made: list[bool] = []

    async def looked() -> None:
        try:
            made.append(await verified(_settings(), file, as_json, prove))
        except BadPicture as error:
            _fail(str(error), 2)

    _run(looked())
    raise typer.Exit(0 if all(made) else 1)


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


models = typer.Typer(invoke_without_command=True, help="List the models; add, fetch, remove or check one.")
app.add_typer(models, name="models")


@models.callback()
def models_command(context: typer.Context, as_json: AsJson = False) -> None:
    """List the models; add, fetch, remove or check one."""
    from bot.program.models import listed  # for speed

    if context.invoked_subcommand is None:
        _doing(lambda: listed(_settings(), as_json))


@models.command("add")
def models_add(
    source: Annotated[str, typer.Argument(help="A file, a folder, or owner/repo[@commit][:file].")],
    name: Annotated[str | None, typer.Option(help="What it will be called.")] = None,
    model: Annotated[str | None, typer.Option("--for", help="The model that a VAE or LoRA is for.")] = None,
) -> None:
    """Add a model, a LoRA or a VAE to the list of this machine, recognised by what lies there."""
    from bot.program.models import add  # for speed

    _doing(lambda: add(_settings(), source, name, model))


@models.command("pull")
def models_pull(name: ModelName) -> None:
    """Fetch a model from the hub; goes on where an earlier one broke off."""
    from bot.program.models import pull  # for speed

    _doing(lambda: pull(_settings(), name))


@models.command("remove")
def models_remove(
    name: ModelName, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False
) -> None:
    """Remove what was fetched or added; a folder of your own stays."""
    from bot.program.models import remove  # for speed

    _doing(lambda: remove(_settings(), name, yes))


@models.command("check")
def models_check(
    name: Annotated[str | None, typer.Argument(help="One of them; all without.")] = None,
) -> None:
    """Draw one picture with a model, or with each that is here; say memory and seconds."""
    from bot.program.models import check  # for speed

    fine: list[bool] = []

    async def tried() -> None:
        fine.append(await check(_settings(), name))

    _run(tried())
    raise typer.Exit(0 if all(fine) else 1)


@app.command()
def setup(
    model: Annotated[str | None, typer.Option(help="A name from `easel models`.")] = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu, cuda, cuda:1 or mps.")] = None,
) -> None:
    """Ask for token, model and device, write .env, print the link that invites the bot, run doctor."""
    from bot.program.setup import application_of, invitation, written  # for speed

    settings = _settings()
    print("The token is on discord.com/developers: your application, Bot, Reset Token. It is not shown here.")
    token = settings.discord_token.get_secret_value()
    token = typer.prompt("Token", default=token, show_default=False, hide_input=True).strip()
    model = model or typer.prompt("Model (easel models lists them)", default=settings.easel_model)
    device = device or typer.prompt("Device (auto, cpu, cuda, mps)", default=settings.easel_device)
    values = {"DISCORD_TOKEN": token, "EASEL_MODEL": model, "EASEL_DEVICE": device}
    if os.environ.get("EASEL_DATA"):  # else commands without it would work on another folder than the bot
        values["EASEL_DATA"] = str(settings.easel_data.absolute())

    async def wrote() -> None:
        mine = await application_of(token, settings.discord_api_url, settings.easel_proxy)
        if mine is None:
            raise config.BadSetting("DISCORD_TOKEN: Discord does not know this token; nothing was written")
        written(Path(".env"), values)
        print(f"\n.env is written. Invite {mine['name']} with this link:\n\n  {invitation(mine['id'])}\n")

    _run(wrote())
    doctor()


@app.command()
def doctor() -> None:
    """Check configuration, database, models, device, disk and Discord; say how to mend what is wrong."""
    from bot.program.doctor import findings  # for speed

    ok = True
    for finding in findings(Path(".env")):
        ok = ok and finding.ok
        print(f"{'ok  ' if finding.ok else 'MEND'}  {finding.about}: {finding.sentence}")
    raise typer.Exit(0 if ok else 1)


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="The file to write.", show_default=False)],
) -> None:
    """Write the database and all pictures into one file; the bot may go on meanwhile."""
    from bot.program.keeping import backup as write  # for speed

    _doing(lambda: write(_settings(), file))


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="What `easel backup` wrote.", show_default=False)],
    force: Annotated[bool, typer.Option("--force", help="Move what is there aside.")] = False,
) -> None:
    """Put a backup into an empty EASEL_DATA, checked first."""
    from bot.program.keeping import restore as read  # for speed

    _doing(lambda: read(_settings(), file, force))


@app.command("bot")
def bot_command() -> None:
    """Start the Discord bot."""
    from bot.program.serve import serve  # for speed

    settings = _settings()
    logs.configure(settings.easel_log_level, settings.discord_token.get_secret_value(), settings.easel_log)
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
    _doing(lambda: asyncio.run(work), prompt)


def _doing(work: Callable[[], None], prompt: str = "") -> None:
    """Does it; what goes wrong ends the program with one sentence."""
    from bot.errors import Refusal  # for speed
    from engine import EngineError  # for speed

    try:
        work()
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
