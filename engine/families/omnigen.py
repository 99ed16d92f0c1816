"""OmniGen: one model reads the text and draws; it has no embeddings that could be mixed."""

from engine.families.family import Ability, Edits, Family

__all__ = ["FAMILY"]

_WHY = "its texts go into the transformer as tokens, which cannot be mixed"


def _with_marks(text: str, pictures: int) -> str:
    """The text with the marks of its pictures in front: it stands for them where it has none."""
    marks = [f"<img><|image_{number}|></img>" for number in range(1, pictures + 1)]
    return " ".join([*marks, text])


FAMILY = Family(
    axes={"position_ids": None},
    cannot=dict.fromkeys((Ability.TEXTS, Ability.WITHOUT, Ability.EFFECTS), _WHY),
    edits=Edits("input_images", most=4, nested=True, likeness="img_guidance_scale", words=_with_marks),
    needs=("torchvision",),
)
