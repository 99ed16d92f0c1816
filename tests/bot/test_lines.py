"""How many jobs of one user are drawn at a time, whatever becomes of those that wait."""

import pytest


@pytest.mark.parametrize("settings", [{"easel_running_per_user": 2}], indirect=True)
async def test_cancelling_jobs_that_wait_has_no_others_begin(world, env):
    world.engine.held = True
    for number in range(7):
        await world.slash("imagine", prompt=f"fox {number}")
    begun = [job.id for job in world.engine.seen]
    assert len(begun) == 2
    flow = world.bot.hub.flow
    waiting = [job_id for job_id in flow.under_way if job_id not in begun]
    for job_id in waiting[-3:]:
        assert await flow.cancel(job_id, world.alice.id)
        await env.settle()
    assert [job.id for job in world.engine.seen] == begun
    assert await flow.cancel(begun[0], world.alice.id)
    world.engine.step()
    await env.settle()
    assert [job.id for job in world.engine.seen] == [*begun, waiting[0]]
    world.engine.release()
    await env.settle()
    assert [job.id for job in world.engine.seen] == [*begun, *waiting[:2]]
    assert sum(flow.live()) == 0
