"""What a row of the table of parameters says."""

from dataclasses import dataclass

from grammar.values import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One row.

    `names`: the long name first, the short one that canonical text uses last. `default`: what not saying it
    means, in words. `models`: the Midjourney models that took it. `field`: the attribute of GenerationSpec
    it sets, where that is not called like the long name. `old`: what v1–v3 and the test models took, where
    that differs. `needs`: the long name of the parameter without which this one means nothing. `group`: a
    setting gives way to every parameter of its group that the prompt says. `idle`: nothing does yet what it
    says, and whoever says it is told. `offers`: values that completion offers, each with what it means.
    `topic`, `brief`: under which heading the overview has it, and in how few words.
    `legacy`: for a name of the past, a sentence on what became of it.
    """

    names: tuple[str, ...]
    kind: Kind
    help: str
    default: str = ""
    models: str = "all"
    field: str = ""
    old: Kind | None = None
    needs: str = ""
    group: str = ""
    idle: bool = False
    offers: tuple[tuple[str, str], ...] = ()
    legacy: str = ""
    topic: str = ""
    brief: str = ""

    @property
    def name(self) -> str:
        """The long name, which errors and help use."""
        return self.names[0]

    @property
    def short(self) -> str:
        """The short name, which canonical text and JSON use."""
        return self.names[-1]

    @property
    def target(self) -> str:
        """The attribute of GenerationSpec (or the key in its `other`) that this parameter sets."""
        return self.field or self.name


SHAPE, LOOK, WORDS, MODEL = "Shape", "Look", "Words", "Model"
WORK, SPEED, FILMS = "Work", "Speed and who sees it", "Films"
