"""What is counted, how Prometheus reads it, what a log line says, and `/easel status`."""

import json
import logging
import re
from pathlib import Path

import aiohttp
import pytest

from bot import logs
from bot.config import BadSetting, load
from bot.metrics import METRICS, Metrics, Reading
from bot.program.metrics_page import served

ROOT = Path(__file__).parents[2]
SAMPLE = re.compile(r'(\w+)(?:\{((?:\w+="(?:[^"\\]|\\.)*",?)*)\})? (\S+)')


def values(text):
    """Every sample of a page, by its name and labels."""
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    found = [SAMPLE.fullmatch(line) for line in lines]
    assert None not in found
    return {(name, labels or ""): float(value) for name, labels, value in (each.groups() for each in found)}


def test_counters_histograms_and_gauges_are_written_as_prometheus_reads_them():
    metrics = Metrics()
    metrics.count("easel_jobs_total", outcome="failed")
    metrics.count("easel_jobs_total", 2, outcome="failed")
    metrics.count("easel_refusals_total", title='a "quoted"\nback\\slash')
    for seconds in (0.05, 0.1, 7.0, 5000.0):
        metrics.observe("easel_wait_seconds", seconds, lane="fast")
    text = metrics.text([Reading("easel_workers", 2)])
    found = values(text)
    assert found["easel_jobs_total", 'outcome="failed"'] == 3
    assert found["easel_workers", ""] == 2
    assert ("easel_refusals_total", r'title="a \"quoted\"\nback\\slash"') in found
    assert found["easel_wait_seconds_bucket", 'lane="fast",le="0.1"'] == 2
    assert found["easel_wait_seconds_bucket", 'lane="fast",le="10.0"'] == 3
    assert found["easel_wait_seconds_bucket", 'lane="fast",le="+Inf"'] == 4
    assert found["easel_wait_seconds_count", 'lane="fast"'] == 4
    assert found["easel_wait_seconds_sum", 'lane="fast"'] == pytest.approx(5007.15)
    assert text.count("# TYPE easel_wait_seconds histogram") == 1


async def test_the_page_tells_what_users_saw(world, env, unused_tcp_port):
    await world.imagine("a fox")
    await world.slash("imagine", prompt="a fox --s 5000")
    world.engine.failure = "The model could not draw this."
    await world.imagine("a cat")
    world.engine.failure, world.engine.held = None, True
    await world.slash("imagine", prompt="a house")
    address = f"127.0.0.1:{unused_tcp_port}"
    async with (
        served(world.bot, address),
        aiohttp.ClientSession() as session,
        session.get(f"http://{address}/metrics") as answer,
    ):
        assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        found = values(await answer.text())
    world.engine.release()
    await env.settle()
    assert found["easel_jobs_total", 'outcome="delivered"'] == 1
    assert found["easel_jobs_total", 'outcome="failed"'] == 1
    assert found["easel_failures_total", 'kind="EngineError"'] == 1
    assert found["easel_pictures_total", 'model="pocket"'] == 4
    assert found["easel_refusals_total", 'title="Invalid parameter"'] == 1
    assert found["easel_jobs", 'lane="fast",state="running"'] == 1
    assert found["easel_wait_seconds_count", 'lane="fast"'] == 3
    assert found["easel_disk_free_bytes", ""] > 0


async def test_an_address_in_use_is_named(world, unused_tcp_port):
    address = f"127.0.0.1:{unused_tcp_port}"
    async with served(world.bot, address):
        with pytest.raises(BadSetting, match="EASEL_METRICS"):
            async with served(world.bot, address):
                pass


@pytest.mark.parametrize("value", ["9464", "here:there", "http://127.0.0.1:9464", "127.0.0.1"])
def test_an_address_that_is_none_stops_the_start(monkeypatch, value):
    monkeypatch.setenv("EASEL_METRICS", value)
    with pytest.raises(BadSetting, match=r"^EASEL_METRICS: "):
        load(None)


def test_the_dashboard_asks_for_metrics_that_there_are_and_for_all_of_them():
    board = json.loads((ROOT / "deploy" / "grafana.json").read_text(encoding="utf-8"))
    asked = " ".join(target["expr"] for panel in board["panels"] for target in panel["targets"])
    names = {re.sub(r"_(bucket|sum|count)$", "", name) for name in re.findall(r"easel_\w+", asked)}
    assert names == set(METRICS)


def test_a_log_line_can_be_json_with_the_job_it_belongs_to_and_without_secrets():
    formatter = logs.AsJson("MTA.abc.secret")
    record = logging.LogRecord("bot.x", logging.WARNING, "", 0, "no “%s”\nat all", ("MTA.abc.secret",), None)
    token = logs.JOB.set("f00")
    said = json.loads(formatter.format(record))
    logs.JOB.reset(token)
    assert (said["level"], said["logger"], said["job"]) == ("WARNING", "bot.x", "f00")
    assert said["message"] == "no “<token>”\nat all"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", said["time"])
    assert "job" not in json.loads(formatter.format(record))


async def test_operators_see_how_it_is_doing(world, operator):
    await world.imagine("a fox")
    said = (await world.slash("easel status")).response.content
    assert "1 delivered, 0 failed, 0 cancelled" in said
    assert "**Renderer**: 1 workers" in said
    assert "GB free" in said
