"""The subnet toolkit, installed, in a real runner."""

from toolkits.jobs.states import JobState
from toolkits.models import Record
from toolkits.records import create


def test_a_network_is_summed_up(run):
    job = run("subnet-cheatsheet", "summary", {"cidr": "192.0.2.77/27"})

    assert job.state == JobState.SUCCEEDED, job.reason
    shown = {item["label"]: item["value"] for item in job.result["views"][0]["items"]}
    assert shown["hosts"] == "192.0.2.65 to 192.0.2.94"


def test_what_is_no_network_is_told_at_its_field(run):
    job = run("subnet-cheatsheet", "overlap", {"cidrs": ["10.0.0.0/8", "10.0.0.0/40"]})

    assert job.state == JobState.FAILED
    assert job.error["errors"][0]["loc"] == ["cidrs"]
    assert "'40' is neither a prefix" in job.error["errors"][0]["message"]


def test_a_reserved_subnet_is_in_the_plan_and_a_dry_run_leaves_it_alone(bundled, run, user):
    toolkit = bundled("subnet-cheatsheet")
    create(toolkit, "subnets", {"name": "all", "cidr": "10.0.0.0/16", "parent": True}, user)
    inputs = {"block": "10.0.0.0/16", "prefix": 24, "name": "web"}

    dry = run("subnet-cheatsheet", "reserve", inputs, dry_run=True)
    assert dry.state == JobState.SUCCEEDED, dry.reason
    assert Record.objects.filter(collection="subnets").count() == 1

    run("subnet-cheatsheet", "reserve", inputs)
    made = Record.objects.filter(collection="subnets").latest("id")
    assert (made.data["name"], made.data["cidr"]) == ("web", "10.0.0.0/24")
