"""``manage.py devstack``, as a newcomer starts it: real servers, real processes."""

from __future__ import annotations

import os
import re
import shutil
import socket
import stat

import psutil
import pytest
import requests

from tests.support.devstack import linked_project
from tests.support.processes import BASE, free_port

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("devstack")]


@pytest.fixture
def checkout(tmp_path):
    """A copy of the project in a folder whose name has a space."""
    target = tmp_path / "my checkout"
    names = ["toolbox", "toolkits", "accounts", "audit", "templates", "static", "deploy", "docs"]
    for name in names:
        if (BASE / name).is_dir():
            shutil.copytree(
                BASE / name, target / name, ignore=shutil.ignore_patterns("__pycache__")
            )
    shutil.copy(BASE / "manage.py", target)
    return target


def signs_in(url: str, password: str) -> bool:
    client = requests.Session()
    page = client.get(f"{url}/admin/", timeout=10)
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
    assert token, page.text[:500]
    form = {"username": "admin", "password": password, "csrfmiddlewaretoken": token.group(1)}
    client.post(page.url, data=form, headers={"Referer": page.url}, timeout=10)
    return "sessionid" in client.cookies


def test_it_starts_stops_and_starts_again_with_its_data(checkout, start):
    first = start(checkout, None, "--port", str(free_port()))
    url = first.until_ready()
    password = first.password
    assert requests.get(f"{url}/health", timeout=10).json()["status"] == "ok"
    assert signs_in(url, password)
    for name in ("devstack.env", "openbao/keys.json", "toolbox.sqlite3"):
        mode = stat.S_IMODE((checkout / "var" / name).stat().st_mode)
        assert mode == 0o600, name
    children = first.children()
    assert len(children) >= 6
    assert first.interrupt() == 0
    _, alive = psutil.wait_procs(children, timeout=5)
    assert alive == []

    second = start(checkout, None, "--port", str(free_port()))
    url = second.until_ready()
    assert second.password == ""
    assert signs_in(url, password)


def test_a_second_stack_in_the_same_folder_is_refused_and_the_first_lives_on(tmp_path, start):
    var = tmp_path / "var"
    first = start(linked_project(tmp_path), var, "--port", str(free_port()))
    url = first.until_ready()

    said = start(first.output.parent, var).refusal()

    assert "runs already" in said
    assert requests.get(f"{url}/livez", timeout=10).ok


def test_a_taken_port_is_told_and_the_next_one_used(tmp_path, start):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        stack = start(linked_project(tmp_path), tmp_path / "var", "--port", str(port))

        url = stack.until_ready()

    assert f"port {port} is taken" in stack.said()
    assert url != f"http://127.0.0.1:{port}"


def test_a_stale_pid_file_and_a_half_made_folder_are_repaired(tmp_path, start):
    var = tmp_path / "var"
    (var / "openbao" / "data").mkdir(parents=True)
    (var / "valkey").mkdir()
    (var / "devstack.pid").write_text("999999 1\n")
    (var / "devstack.env").write_text("AUTH_JWT_SECRET\n=\nDEVSTACK_VALKEY_PORT=nonsense\n")

    start(linked_project(tmp_path), var, "--port", str(free_port())).until_ready()


@pytest.mark.parametrize("kind", ["a file", "not writable"])
def test_a_folder_that_cannot_be_used_is_named(tmp_path, start, kind):
    var = tmp_path / "var"
    if kind == "a file":
        var.write_text("not a folder")
    elif os.geteuid() == 0:
        pytest.skip("root writes everywhere")
    else:
        var.mkdir(mode=0o500)

    said = start(linked_project(tmp_path), var).refusal()

    assert str(var) in said
    assert "TOOLBOX_VAR_DIR" in said


def test_lost_openbao_keys_are_said_and_nothing_is_overwritten(tmp_path, start):
    var, base = tmp_path / "var", linked_project(tmp_path)
    first = start(base, var, "--port", str(free_port()))
    first.until_ready()
    first.interrupt()
    keys = var / "openbao" / "keys.json"
    kept = keys.read_bytes()
    keys.write_text("{")

    said = start(base, var).refusal()

    assert "keys.json is missing or damaged" in said
    keys.write_bytes(kept)
    start(base, var, "--port", str(free_port())).until_ready()


def test_a_child_that_dies_ends_the_stack_with_its_name(tmp_path, start):
    stack = start(linked_project(tmp_path), tmp_path / "var", "--port", str(free_port()))
    stack.until_ready()
    web = next(child for child in stack.children() if "gunicorn" in " ".join(child.cmdline()))

    web.kill()

    assert "web ended with status -9" in stack.refusal()
