"""Alarms and dashboard ask for what exists, in words that Prometheus understands."""

import json
import re
from typing import Any

import promql_parser
import pytest
import yaml
from prometheus_client import REGISTRY, Gauge

import bot.assembly  # noqa: F401 - with it come all metrics of the service
from bot import gauges
from tests.docs.pages import HOUSE, read, rows, section

RULES = [
    rule
    for group in yaml.safe_load(read("deploy/alerts.yaml"))["groups"]
    for rule in group["rules"]
]
DASHBOARD = json.loads(read("deploy/grafana.json"))
ASKED = [(rule["alert"], rule["expr"]) for rule in RULES] + [
    (panel["title"], target["expr"]) for panel in DASHBOARD["panels"] for target in panel["targets"]
]
# Prometheus' own
ELSEWHERE = {"up"}


def exported() -> set[str]:
    """Every series that /metrics can show."""
    names = set(ELSEWHERE)
    for metric in REGISTRY.collect():
        endings = {
            "counter": ["_total"],
            "histogram": ["_bucket", "_count", "_sum"],
        }.get(metric.type, [""])
        names |= {metric.name + ending for ending in endings}
    return names


def names_in(expression: Any) -> set[str]:
    """The series that a question asks for."""
    if isinstance(expression, promql_parser.VectorSelector):
        return {expression.name}
    parts = [
        getattr(expression, name)
        for name in ("expr", "lhs", "rhs", "vector_selector", "args")
        if hasattr(expression, name)
    ]
    flat = [each for part in parts for each in (part if isinstance(part, list) else [part])]
    return {name for each in flat for name in names_in(each)}


@pytest.mark.parametrize(("title", "asked"), ASKED, ids=[f"{t}: {e}" for t, e in ASKED])
def test_every_question_can_be_parsed_and_asks_for_what_is_exported(title: str, asked: str):
    found = names_in(promql_parser.parse(asked))
    assert found
    assert found <= exported(), title


def test_every_gauge_is_looked_at_by_somebody():
    seen = {name for _, asked in ASKED for name in names_in(promql_parser.parse(asked))}
    ours = {each._name for each in vars(gauges).values() if isinstance(each, Gauge)}
    assert ours <= seen


def test_every_alarm_has_its_section_and_every_section_its_alarm():
    page = read("docs/operating.md").partition("\n## Alarms\n")[2]
    sections = re.findall(r"^### (\w+)$", page, re.MULTILINE)
    assert sections == [rule["alert"] for rule in RULES]
    for rule in RULES:
        assert rule["annotations"]["runbook"] == f"docs/operating.md#{rule['alert'].lower()}"
        assert rule["labels"]["severity"] in ("page", "ticket")


def test_a_section_says_what_it_means_what_first_and_when_it_is_over():
    page = read("docs/operating.md").partition("\n## Alarms\n")[2]
    for part in page.split("\n### ")[1:]:
        name = part.partition("\n")[0]
        assert "**First**" in part, name
        assert "**Over**" in part, name
        assert len(part.splitlines()) <= 9, name


def test_every_event_that_the_page_explains_is_logged_at_that_level():
    table = rows(section(read("docs/operating.md"), "Logs and metrics"))
    rooms = [HOUSE / room for room in ("bot", "scheduler", "services", "web")]
    code = "".join(path.read_text() for room in rooms for path in room.rglob("*.py"))
    for events, level, _ in table:
        for event in re.findall(r"`(\w+)`", events):
            assert re.search(rf"log\.{level}\(\s*\"{event}\"", code), event


def test_the_dashboard_can_be_imported():
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert len({json.dumps(panel["gridPos"], sort_keys=True) for panel in panels}) == len(panels)
    assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in panels)
    assert DASHBOARD["uid"] == "linli"


def test_prometheus_is_told_where_the_alarms_are():
    settings = yaml.safe_load(read("deploy/prometheus.yaml"))
    assert all((HOUSE / "deploy" / each).exists() for each in settings["rule_files"])
    (job,) = settings["scrape_configs"]
    assert all(f'job="{job["job_name"]}"' in asked for _, asked in ASKED if "process_" in asked)
