"""FLUX.3: a modular pipeline over Qwen3-VL; cells are tokens, and pictures to look at stand beside them."""

from engine.families.family import Blocks, Edits, Family, Layout

__all__ = ["FAMILY"]

FAMILY = Family(
    texts=("prompt_embeds",),
    blocks=Blocks(reads="text_encoder", without=("prompt_upsampler",)),
    scale="",
    own=("scheduler", "guider"),
    layout=Layout.TOKENS,
    given=Layout.PLAIN,
    edits=Edits(most=4),
    needs=("torchvision",),
)
