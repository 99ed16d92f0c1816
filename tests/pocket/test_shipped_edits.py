"""The shipped editing model does what it is told, and leaves the rest."""

import pytest

from bench.edits import DRIFTED, REST, Changer, done, likeness, rest
from pocket.world.edits import LOCAL, Edit, Stand, View, edited

VIEW = View(
    (Stand("house", "red", 5, 10, 3), Stand("tree", "green", 12, 10, 3)), "grass", None, "flat", 256, 256, 7
)
TOLD = {
    "make the house blue": Edit("recolour", "house", colour="blue"),
    "remove the tree": Edit("remove", "tree"),
    "replace the tree with a cactus": Edit("replace", "tree", "cactus"),
    "make it night": Edit("setting", setting="night"),
}
FAR = (slice(0, 100), slice(None))  # the sky above, which no word is about


@pytest.fixture(scope="module")
def changer() -> Changer:
    return Changer()


@pytest.mark.parametrize("said", TOLD)
def test_a_picture_is_changed_as_it_is_said_and_the_rest_stays(changer: Changer, said: str) -> None:
    before, edit = VIEW.draw(), TOLD[said]
    after = edited(VIEW, edit)
    picture = changer.change(before, said, 5)
    assert done(picture, edit, after)
    if edit.act in LOCAL:
        assert likeness(before, picture, rest((VIEW, after))) >= REST
        assert likeness(before, picture, FAR) == float("inf")


def test_three_turns_do_not_wear_out_what_they_do_not_name(changer: Changer) -> None:
    turns = ("remove the tree", "make the house blue", "make the house yellow")
    first = picture = VIEW.draw()
    for number, said in enumerate(turns):
        picture = changer.change(picture, said, number)
    gone = edited(VIEW, Edit("remove", "tree"))
    without = edited(gone, Edit("recolour", "house", colour="yellow"))
    assert done(picture, Edit("recolour", "house", colour="yellow"), without)
    assert likeness(first, picture, rest((VIEW, gone, without))) >= DRIFTED
