"""The program's settings: where each comes from, what it may be, and the ``.env.example`` that lists them.

Knows nothing of what the settings are used for. Reading happens in ``load``, never at import.
"""

from __future__ import annotations

import difflib
import os
import re
from pathlib import Path
from typing import Annotated, Literal, get_args, get_origin

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, StringConstraints, ValidationError
from pydantic_settings import BaseSettings, DotEnvSettingsSource, SettingsConfigDict
from yarl import URL

from engine import HIDE_ABOVE, Precision, WorkerSettings

__all__ = ["BadSetting", "Settings", "env_example", "load", "unread"]


class _Unfit(ValueError):
    """A value of the right form that cannot be meant; ``str(error)`` says what it has to be."""


def _kept(text: str) -> str:
    """The value, where it says each bound once and none of them is 0."""
    bounds = re.findall(r"(\d+) ?(\w+)", text)
    kinds = ["age" if unit in "hdw" else "number" if unit == "pictures" else "size" for _, unit in bounds]
    if len(set(kinds)) < len(kinds):
        raise _Unfit("it may name one age, one size and one number, no more than one of each")
    if any(int(number) == 0 for number, _ in bounds):
        raise _Unfit("a bound of 0 would remove every picture once it is shown")
    return text


def _reachable(address: str) -> str:
    """The address, where its port, if it names one, is one."""
    try:
        port = URL(address if "//" in address else f"//{address}").port
    except ValueError:
        port = 0
    if port == 0:
        raise _Unfit("it must be an address whose port is from 1 to 65535")
    return address


Reachable = AfterValidator(_reachable)
Device = Annotated[str, StringConstraints(pattern=r"^(auto|(cpu|mps|cuda(:\d+)?)(,(cpu|mps|cuda(:\d+)?))*)$")]
_AMOUNT = r"(\d*[1-9]\d*(\.\d+)?|\d+\.\d*[1-9]\d*)"
Memory = Annotated[str, StringConstraints(pattern=rf"(?i)^({_AMOUNT}\s*[MG]i?B)?$")]
Workers = Annotated[
    str, StringConstraints(pattern=r"^(local|ray|(\[[0-9a-fA-F:]+\]|[\w.-]+):\d{1,5})$"), Reachable
]
Ids = Annotated[str, StringConstraints(pattern=r"^(\d+(\s*,\s*\d+)*)?$")]
_KEPT = r"(\d+[hdw]|\d+ ?(MB|GB|TB)|\d+ pictures|favou?rites)"
Keep = Annotated[str, StringConstraints(pattern=rf"^({_KEPT}(\s*,\s*{_KEPT})*)?$"), AfterValidator(_kept)]
Address = Annotated[str, StringConstraints(pattern=r"^((\[[0-9a-fA-F:]+\]|[\w.-]+):\d{1,5})?$"), Reachable]
Proxy = Annotated[str, StringConstraints(pattern=r"^(https?://\S+)?$"), Reachable]
Site = Annotated[
    str,
    StringConstraints(pattern=r"^(https?://[^\s/?#]+/?)?$"),
    AfterValidator(lambda site: site and str(URL(site).origin())),
]
"""Becomes the origin that browsers make of it, as what they send is compared with it letter by letter."""

Compiler = Annotated[str, AfterValidator(lambda named: "" if named == "none" else named)]
"""Has a word for none: an empty value means the default, which is one."""
HttpUrl = Annotated[str, StringConstraints(pattern=r"^https?://\S+[^/\s]$"), Reachable]
SocketUrl = Annotated[str, StringConstraints(pattern=r"^wss?://\S+$"), Reachable]
Speaker = Annotated[
    str, AfterValidator(lambda where: _reachable(where) if where.startswith(("http:", "https:")) else where)
]
LogLevel = Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(str.upper)]

SECRET = ("DISCORD_TOKEN", "EASEL_PROXY")  # and whatever ends in _KEY: a proxy's address may hold a password
NEAR = 0.85  # how alike a name is, from 0 to 1, that is taken for a slip in a setting's

_RENDERING = WorkerSettings()
"""How the engine renders by itself: its defaults stand there alone."""


class BadSetting(Exception):
    """A setting has a value that cannot be used. ``str(error)`` is one line that names it."""


class Settings(BaseSettings):
    """Every setting of the program; a field's name in capitals is its name in the environment."""

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8", env_ignore_empty=True, extra="ignore", frozen=True
    )

    discord_token: SecretStr = Field(
        SecretStr(""), description="The bot's token, from discord.com/developers."
    )
    easel_data: Path = Field(Path("data"), description="Folder for the database and the pictures.")
    easel_model: str = Field("pocket", description="Default model, a name from `easel models`.")
    easel_models_file: Path | None = Field(
        None, description="A registry file of your own, read on top of ours."
    )
    easel_device: Device = Field(
        "auto", description="auto, cpu, cuda, cuda:1 or mps; several with commas between."
    )
    easel_workers: Workers = Field(
        "local",
        description="local, for this machine's devices; ray, for a Ray cluster that it is part of, or begins;"
        " or a cluster's host:port.",
    )
    easel_workers_min: int = Field(
        1, ge=1, le=1024, description="Workers that a cluster keeps ready, one a GPU."
    )
    easel_workers_max: int = Field(
        0, ge=0, le=1024, description="Workers of a cluster at most; 0: as many as it has GPUs, or one."
    )
    easel_side_by_side: int = Field(
        _RENDERING.active, ge=1, le=256, description="Jobs rendered together on one device."
    )
    easel_models_in_memory: int = Field(
        _RENDERING.models, ge=1, le=64, description="Models kept in a device's memory."
    )
    easel_memory: Memory = Field(
        "", description="Memory that models may use of each device, such as 8GB; empty: what it has free."
    )
    easel_precision: Precision = Field(
        _RENDERING.precision,
        description="What models compute in: auto, fp32, bf16 or fp16; or are stored in: fp8, int8 or nf4.",
    )
    easel_compiler: Compiler = Field(
        _RENDERING.compiler,
        description="A torch.compile backend such as inductor; auto: a GPU's transformers; or none.",
    )
    easel_running_per_user: int = Field(
        3, ge=1, le=100, description="Jobs of one user that render at a time."
    )
    easel_queued_per_user: int = Field(10, ge=1, le=1000, description="Jobs of one user that may wait.")
    easel_confirm_above: int = Field(
        5, ge=1, le=40, description="A prompt with more jobs than this asks first."
    )
    easel_banned_words: str = Field("", description="Words no prompt may hold, commas between.")
    easel_keep: Keep = Field(
        "",
        description="How long pictures stay: an age, a size, a number, as in 30d, 50GB, 20000 pictures;"
        " favourites always; empty: all for ever.",
    )
    easel_safety_checker: bool = Field(
        _RENDERING.checked, description="Keep the safety checkers that models bring along: true or false."
    )
    easel_classifier: str = Field(
        "", description="Who looks at pictures before anyone sees them: nudenet, or a model's folder."
    )
    easel_hide_above: float = Field(
        HIDE_ABOVE,
        ge=0,
        le=1,
        description="From 0 to 1, the score above which a picture is hidden; 1: never.",
    )
    easel_hide_above_adult: float = Field(
        1.0, ge=0, le=1, description="The same in channels with an age restriction."
    )
    easel_c2pa_cert: Path | None = Field(
        None, description="A certificate chain (PEM) that signs pictures (C2PA); empty: none are signed."
    )
    easel_c2pa_key: Path | None = Field(None, description="The private key (PEM) of that certificate.")
    easel_mark: Literal["on", "off"] = Field(
        "on",
        description="Mark pictures in their pixels, unseen, so that `easel verify` knows them: on or off.",
    )
    easel_upscaler: str = Field(
        "", description="Weights that enlarge pictures, an upscaler's name; empty: interpolation."
    )
    easel_writer: Speaker = Field(
        "", description="Who expands prompts: a model's folder, or a chat server's address ending in /v1."
    )
    easel_writer_key: SecretStr = Field(SecretStr(""), description="The key that the writer's server wants.")
    easel_writer_model: str = Field("", description="The model that the writer's server is asked for.")
    easel_viewer: Speaker = Field(
        "", description="Who answers questions about pictures: a folder or an address, as above."
    )
    easel_viewer_key: SecretStr = Field(SecretStr(""), description="The key that the viewer's server wants.")
    easel_viewer_model: str = Field("", description="The model that the viewer's server is asked for.")
    easel_admins: Ids = Field(
        "", description="User ids who may use /easel, with commas between; empty: the bot's owner."
    )
    easel_log_level: LogLevel = Field(
        "INFO", description="How much is logged: DEBUG, INFO, WARNING or ERROR."
    )
    easel_log: Literal["text", "json"] = Field(
        "text", description="How a line of the log is written: text or json."
    )
    easel_metrics: Address = Field(
        "", description="Where Prometheus may read /metrics, as in 127.0.0.1:9464; empty: nowhere."
    )
    easel_studio: Address = Field(
        "", description="Where the studio's page is served, as in 127.0.0.1:8788; empty: nowhere."
    )
    easel_studio_url: Site = Field(
        "", description="The address at which people reach the studio, https://…; empty: the one above."
    )
    easel_studio_secret: SecretStr = Field(
        SecretStr(""),
        description="The application's OAuth2 secret: people may sign in with Discord; empty: by links.",
    )
    easel_proxy: Proxy = Field(
        "", description="The proxy through which Discord is reached, http://host:port; empty: none."
    )
    discord_api_url: HttpUrl = Field("https://discord.com/api/v10", description="Discord's REST address.")
    discord_gateway_url: SocketUrl | None = Field(
        None, description="Discord's gateway address; empty: Discord is asked for it."
    )

    @property
    def studio_url(self) -> str:
        """The address of the studio's page as people reach it, without a slash at its end; empty: none."""
        return self.easel_studio and (self.easel_studio_url or f"http://{self.easel_studio}")


def load(env_file: Path | None = Path(".env")) -> Settings:
    """The settings from the environment and, below it, ``env_file``. Raises ``BadSetting``."""
    try:
        return Settings(_env_file=env_file)  # type: ignore[call-arg]  # pydantic-settings takes it, its plugin does not know
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]).upper()
        value = "" if name in SECRET or name.endswith("_KEY") else f" {str(first['input'])!r}"
        unfit = first.get("ctx", {}).get("error")
        why = f"{unfit}." if isinstance(unfit, _Unfit) else _may_be(name)
        raise BadSetting(f"{name}: the value{value} cannot be used; {why}") from None
    except UnicodeDecodeError:
        raise BadSetting(f"{env_file}: this is no text in UTF-8; save it as such") from None
    except OSError as error:
        raise BadSetting(f"{env_file}: {error.strerror}; be the user to whom the file belongs") from None


def unread(env_file: Path = Path(".env")) -> list[str]:
    """What was said as a setting and has no effect, because there is none of that name; in sentences.

    Of the environment only what is nearly a setting's name: others may put there what begins like one.
    """
    known = set(Settings.model_fields)
    said = set(DotEnvSettingsSource(Settings, env_file=env_file, env_file_encoding="utf-8").env_vars)
    around = {name.lower() for name in os.environ}
    sentences = []
    for name in sorted((said | around) - known):
        if name.startswith("hf_") and name not in around:
            sentences.append(
                f"{name.upper()} has no effect in {env_file}: what is the hub's is read from the environment."
            )
        elif name.startswith(("easel_", "discord_")):
            near = difflib.get_close_matches(name, known, 1, NEAR)
            if near:
                sentences.append(f"{name.upper()} is no setting; did you mean {near[0].upper()}?")
            elif name in said:
                sentences.append(f"{name.upper()} is no setting; .env.example lists them all.")
    return sentences


def env_example() -> str:
    """The text of ``.env.example``: every setting with one line about it and its default."""
    lines = ["# Every setting with its default. Copy this file to .env and change what you need."]
    for name, field in Settings.model_fields.items():
        lines += ["", f"# {field.description}", f"{name.upper()}={_written(field.default)}"]
    return "\n".join(lines) + "\n"


def _written(default: object) -> str:
    match default:
        case None:
            return ""
        case bool():
            return str(default).lower()
        case SecretStr():
            return default.get_secret_value()
        case Path():
            return f"./{default}"
        case _:
            return str(default)


def _may_be(name: str) -> str:
    field = Settings.model_fields[name.lower()]
    bounds = {type(rule).__name__: rule for rule in field.metadata}
    if "Ge" in bounds and "Le" in bounds:
        kind = "a number" if field.annotation is float else "a whole number"
        return f"it must be {kind} from {bounds['Ge'].ge} to {bounds['Le'].le}."
    if get_origin(field.annotation) is Literal:
        return f"it must be one of {', '.join(get_args(field.annotation))}."
    return f"it is: {field.description}"
