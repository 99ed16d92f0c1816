"""A click in the editor, answered by a tiny model of the Segment Anything kind behind the real server."""

import asyncio
import base64
import io

import numpy as np
import pytest
from PIL import Image

from engine import Registry
from engine.seeing.select import selected
from tests.bot.sketch import SketchEngine
from tests.engine.tiny_clickers import clicker
from tests.studio.drawing import draw


@pytest.fixture(params=["sam2", "sam3"])
def model(request, tmp_path, monkeypatch):
    """From now on engines look with it."""
    here = Registry((), segmenters=(clicker(request.param, tmp_path / "model"),))

    async def select(_, picture, words, point):
        return await asyncio.to_thread(selected, picture, here, words, point)

    monkeypatch.setattr(SketchEngine, "select", select)


async def test_the_mask_of_a_click_is_served_and_drawn_with(model, world, alice):
    await world.imagine("a red house on grass")
    own = (await alice.wall())[0]
    path = f"/api/pictures/{own['id']}/selections"
    status, png, answer = await alice.ask("POST", path, json={"x": 0.4, "y": 0.6})
    assert (status, answer.headers["Content-Type"]) == (200, "image/png")
    mask = Image.open(io.BytesIO(png)).convert("L")
    assert mask.size == (own["width"], own["height"])
    assert 0 < np.asarray(mask).mean() < 255
    mask_text = base64.b64encode(png).decode()
    [job] = await draw(alice, f"pictures/{own['id']}/edits", mask=mask_text)
    assert (job["kind"], job["status"], len(job["pictures"])) == ("vary_region", "delivered", 4)
    sent = Image.open(io.BytesIO(world.engine.seen[-1].inputs[1])).convert("L")
    assert sent.size == (256, 256)
    asked, given = np.asarray(mask) > 127, np.asarray(sent.resize(mask.size, Image.Resampling.BOX)) > 127
    assert (asked == given).mean() > 0.95  # what lies at an edge may be softened away
