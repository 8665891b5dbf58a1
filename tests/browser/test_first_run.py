"""What a newcomer does first: start it, sign in, check ports, watch, install a second toolkit."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.support.devstack import linked_project
from tests.support.kits import write_kit
from tests.support.processes import free_port
from tests.support.waiting import until
from toolkits.bundles.pack import pack

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("devstack")]


@pytest.fixture
def stack(start, tmp_path):
    """A running stack; ``url`` and ``password`` are what it printed.

    A test asks for it before its page: the page is closed first, and asks a stopped one nothing.
    """
    running = start(linked_project(tmp_path), tmp_path / "var", "--port", str(free_port()))
    running.url = running.until_ready()
    running.var = tmp_path / "var"
    return running


@pytest.fixture
def ports() -> Iterator[dict[str, int]]:
    """Ports of this machine: one open, one closed, and one that never answers."""
    with ExitStack() as kept:
        opened = kept.enter_context(socket.create_server(("127.0.0.1", 0)))
        silent = kept.enter_context(socket.socket())
        silent.bind(("127.0.0.1", 0))
        silent.listen(0)
        # A full queue of connections that nobody accepts: one more gets no answer at all.
        for _ in range(4):
            filler = kept.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(silent.getsockname())
        yield {
            "open": opened.getsockname()[1],
            "closed": free_port(),
            "silent": silent.getsockname()[1],
        }


def sign_in(page: Page, stack) -> None:
    page.goto(f"{stack.url}/")
    page.get_by_label("Username or email").fill("admin")
    page.get_by_label("Password", exact=True).fill(stack.password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()


def test_from_sign_in_to_a_table_of_what_answers(stack, page, shot, ports):
    sign_in(page, stack)
    shot("dashboard")
    page.goto(f"{stack.url}/toolkits/connectivity/run/check/")
    page.locator("[name=hosts]").first.fill("127.0.0.1")
    # Two silent ones, one after the other: long enough to see the log move.
    order = [ports["open"], ports["silent"], ports["closed"]]
    page.locator("[name=ports]").first.fill(",".join(map(str, order)))
    page.locator("[name=timeout_seconds]").fill("2")
    page.locator("[name=concurrency]").fill("1")
    shot("form")
    page.get_by_role("button", name="Run").click()

    log = page.locator("[data-job-log]")
    expect(log).to_contain_text(f"127.0.0.1:{ports['open']} is open", timeout=20_000)
    expect(log).not_to_contain_text(f"127.0.0.1:{ports['closed']}", timeout=100)
    shot("running")
    expect(log).to_contain_text(f"127.0.0.1:{ports['closed']} is closed", timeout=20_000)
    expect(page.get_by_text("Succeeded")).to_be_visible(timeout=20_000)
    table = page.get_by_role("table").first
    expect(table).to_contain_text("open")
    expect(table).to_contain_text("connection refused")
    expect(table).to_contain_text("no answer in 2 s")
    shot("done")


def test_a_job_is_cancelled_from_its_page(stack, page, shot, ports):
    sign_in(page, stack)
    page.goto(f"{stack.url}/toolkits/connectivity/run/check/")
    page.locator("[name=hosts]").first.fill("127.0.0.1")
    page.locator("[name=ports]").first.fill(str(ports["silent"]))
    page.locator("[name=timeout_seconds]").fill("60")
    page.get_by_role("button", name="Run").click()
    page.on("dialog", lambda dialog: dialog.accept())

    page.get_by_role("button", name=re.compile("^Cancel")).first.click()

    expect(page.get_by_text("Cancelled").first).to_be_visible(timeout=20_000)
    shot("cancelled")


def test_a_second_toolkit_is_usable_at_once_without_a_restart(stack, page, shot, tmp_path):
    code = """
    @toolkit.operation(title="Say hello")
    def hello(ctx: Context, name: str = "world") -> views.Text:
        return views.Text(text=f"Hello, {name}!")
    """
    bundle = pack(write_kit(tmp_path, code, slug="greeter"), tmp_path / "greeter.zip")
    sign_in(page, stack)
    before = {child.pid for child in stack.children()}
    page.goto(f"{stack.url}/admin/toolkits/toolkit/upload/")
    page.locator("input[type=file]").set_input_files(bundle)
    page.get_by_role("button", name=re.compile("Install|Upload|Check")).first.click()
    confirm = page.get_by_role("button", name=re.compile("^Confirm|^Install"))
    page.wait_for_load_state("networkidle")
    if confirm.count():
        consent = page.get_by_role("checkbox", name=re.compile("asks|allow|accept", re.IGNORECASE))
        for box in consent.all():
            box.check()
        confirm.first.click()
    expect(page.get_by_text("Greeter").first).to_be_visible()
    shot("installed")

    page.goto(f"{stack.url}/toolkits/greeter/run/hello/")
    page.locator("[name='name.']").fill("Grace")
    page.get_by_role("button", name="Run").click()

    expect(page.get_by_text("Hello, Grace!")).to_be_visible(timeout=20_000)
    shot("result")
    assert before <= {child.pid for child in stack.children()}


def test_the_same_through_the_api_and_the_command_line(stack, ports):
    answer = requests.post(
        f"{stack.url}/api/v1/auth/login/",
        json={"username": "admin", "password": stack.password},
        timeout=10,
    )
    assert answer.status_code == 200, answer.text
    head = {"Authorization": f"Bearer {answer.json()['access']}"}
    inputs = {"hosts": ["127.0.0.1"], "ports": [ports["open"], ports["closed"]]}
    address = f"{stack.url}/api/v1/toolkits/connectivity/operations/check/"
    asked = requests.post(address, json=inputs, headers=head, timeout=30)
    assert asked.status_code == 202, asked.text
    job = f"{stack.url}/api/v1/jobs/{asked.json()['id']}/"

    def ended() -> dict:
        found = requests.get(job, headers=head, timeout=10).json()
        return found if found["state"] not in ("queued", "running") else {}

    done = until(ended, 20)

    assert done["state"] == "succeeded"
    states = {row["port"]: row["state"]["text"] for row in done["result"]["rows"]}
    assert states == {ports["open"]: "open", ports["closed"]: "closed"}
    lines = requests.get(f"{job}logs/?after=0", headers=head, timeout=10).json()
    assert "is open" in json.dumps(lines)
    assert requests.get(job, timeout=10).status_code == 401

    env = {"PATH": os.environ["PATH"], "TOOLBOX_VAR_DIR": str(stack.var)}
    run = subprocess.run(
        [sys.executable, "manage.py", "toolkit", "run", "connectivity", "check",
         "--input", "hosts=127.0.0.1", "--input", f"ports={ports['open']},{ports['closed']}"],
        cwd=stack.output.parent, env=env, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert {row["port"] for row in json.loads(run.stdout)["rows"]} == set(states)
    assert "is closed" in run.stderr
