"""What the client does without a server."""

from __future__ import annotations

import json
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.client.conftest import Shell
from tests.support.processes import BASE
from toolbox import __version__
from toolbox_cli import __version__ as client_version
from toolbox_cli import events, inputs, output, store
from toolbox_cli.errors import ApiError, ClientError
from toolbox_cli.http import check_address

SCHEMA = {
    "properties": {
        "count": {"type": "integer"},
        "ratio": {"anyOf": [{"type": "number"}, {"type": "null"}]},
        "on": {"type": "boolean"},
        "hosts": {"type": "array", "items": {"type": "string"}},
        "ports": {"type": "array", "items": {"type": "integer"}},
        "mode": {"enum": ["fast", "slow"]},
        "place": {"$ref": "#/$defs/Place"},
        "key": {"type": "string", "x-secret": True},
        "file": {"type": "object", "x-file": True},
    },
    "$defs": {"Place": {"type": "object", "properties": {"row": {"type": "integer"}}}},
}  # fmt: skip


@pytest.mark.parametrize(
    ("pairs", "found"),
    [
        (["count=3"], {"count": 3}),
        (["count=x"], {"count": "x"}),
        (["ratio=0.5"], {"ratio": 0.5}),
        (["ratio="], {"ratio": None}),
        (["on=yes"], {"on": True}),
        (["hosts=a", "hosts=b,c"], {"hosts": ["a", "b,c"]}),
        (['hosts=["a"]'], {"hosts": ["a"]}),
        (["ports=22,80", "ports=443"], {"ports": [22, 80, 443]}),
        (["mode=slow"], {"mode": "slow"}),
        (["place.row=4"], {"place": {"row": 4}}),
        (["key=@@at"], {"key": "@at"}),
        (["nobody=knows"], {"nobody": "knows"}),
        (["key=a=b"], {"key": "a=b"}),
    ],
)
def test_text_becomes_what_the_schema_asks_for(pairs: list[str], found: dict[str, Any]) -> None:
    assert inputs.read(SCHEMA, pairs) == found


def test_files_are_sent_as_files_or_as_text(tmp_path: Path) -> None:
    path = tmp_path / "hosts.txt"
    path.write_text("db\n")
    sent = inputs.read(SCHEMA, [f"file=@{path}", f"key=@{path}"])
    assert sent == {"file": {"name": "hosts.txt", "content": "ZGIK"}, "key": "db"}
    with pytest.raises(ClientError, match="cannot be read"):
        inputs.read(SCHEMA, ["key=@/no/such/file"])


def test_pairs_win_over_the_whole(tmp_path: Path) -> None:
    path = tmp_path / "all.json"
    path.write_text('{"count": 1, "on": false}')
    assert inputs.read(SCHEMA, ["count=2"], f"@{path}") == {"count": 2, "on": False}
    with pytest.raises(ClientError, match="must be a JSON object"):
        inputs.read(SCHEMA, [], "[]")


def test_a_stream_is_read_by_newlines_alone() -> None:
    answer = requests.Response()
    # Cut anywhere, within a character too; the separators stand within the text.
    text = 'id: 2\nevent: log\ndata: {"a": "x\u2028y\x85ö"}\n\n: still here\n\ndata: 1\r\n\r\n'
    body = text.encode()
    answer.iter_content = lambda **_: (body[i : i + 3] for i in range(0, len(body), 3))  # type: ignore[method-assign]
    first, second = events.parse(events._lines(answer))
    assert (first.name, first.id, json.loads(first.data)) == ("log", "2", {"a": "x\u2028y\x85ö"})
    assert (second.name, second.data) == ("message", "1")


def test_a_log_cannot_talk_to_the_terminal() -> None:
    text = "\x1b]8;;http://evil\x07click\x1b]8;;\x07 \x1b[31mred\x1b[0m \x1b[2Jgone\x08\x9b31m"
    line = {"time": "2026-01-31T12:00:00Z", "level": "INFO", "text": text}
    shown = output.log_line(line)
    assert "click \x1b[31mred\x1b[0m gone31m" in shown
    assert "evil" not in shown
    assert output.clean(text + "\nnext") == "click red gone31m next"


def test_the_file_of_sessions_is_for_its_owner_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "there" / "config.json"
    monkeypatch.setenv("TOOLBOX_CONFIG", str(path))
    store.save("default", store.Profile(url="https://a", refresh="r"))
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert store.load("default").refresh == "r"
    path.chmod(0o640)
    with pytest.raises(ClientError, match="chmod 600"):
        store.load("default")
    path.chmod(0o600)
    path.write_text("{")
    with pytest.raises(ClientError, match="damaged"):
        store.load("default")


def test_secrets_may_be_in_the_keyring(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    held: dict[tuple[str, str], str] = {}
    ring = types.SimpleNamespace(
        get_password=lambda service, name: held.get((service, name)),
        set_password=lambda service, name, text: held.update({(service, name): text}),
        delete_password=lambda service, name: held.pop((service, name)),
    )
    monkeypatch.setitem(sys.modules, "keyring", ring)
    monkeypatch.setenv("TOOLBOX_CONFIG", str(tmp_path / "config.json"))
    store.save("default", store.Profile(url="https://a", keyring=True, refresh="hush"))
    assert "hush" not in (tmp_path / "config.json").read_text()
    assert store.load("default").refresh == "hush"
    store.forget("default")
    assert (held, store.load("default").url) == ({}, "https://a")


@pytest.mark.parametrize("url", ["toolbox.example.com", "ftp://a", "http://toolbox.example.com"])
def test_an_address_that_would_carry_a_session_in_the_open_is_refused(url: str) -> None:
    with pytest.raises(ClientError):
        check_address(url)
    check_address("http://127.0.0.1:8000")
    check_address("https://toolbox.example.com")


def test_a_refusal_is_told_in_words() -> None:
    problem = {
        "title": "The inputs are not valid", "detail": "ports[0]: is required",
        "errors": [{"loc": ["ports", 0], "message": "is required"},
                   {"loc": ["a", "b"], "message": "is odd"}],
    }  # fmt: skip
    error = ApiError(422, problem)
    words = "The inputs are not valid: ports[0]: is required\n  a.b: is odd"
    assert (error.message, error.exit_code) == (words, 5)
    codes = [ApiError(status, {}).exit_code for status in (401, 403, 404, 409, 429, 503)]
    assert codes == [3, 3, 4, 5, 6, 6]


def test_wrong_usage_is_told_by_its_code(toolbox: Shell) -> None:
    toolbox("run", "sample", code=2)
    toolbox("whoami", code=3)
    unread = toolbox("--url", "https://a", "run", "a", "b", "-i", "nonsense", code=3)
    assert "toolbox login" in unread.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_its_completion(toolbox: Shell, shell: str) -> None:
    assert "_TOOLBOX_COMPLETE" in toolbox("completion", shell).stdout


def test_completion_says_nothing_where_the_server_is_away(toolbox: Shell) -> None:
    words = {"COMP_WORDS": "toolbox run ", "COMP_CWORD": "2"}
    done = toolbox(_TOOLBOX_COMPLETE="bash_complete", TOOLBOX_URL="http://127.0.0.1:9", **words)
    assert (done.stdout.strip(), done.stderr) == ("", "")


def test_the_client_bears_the_version_of_the_platform() -> None:
    assert client_version == __version__


def test_the_client_can_be_installed_alone(tmp_path: Path) -> None:
    source = tmp_path / "client"
    files = subprocess.run(
        ["git", "ls-files", "client"], cwd=BASE, capture_output=True, text=True, check=True
    ).stdout.split()
    for name in files:
        target = tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((BASE / name).read_bytes())
    done = subprocess.run(
        [sys.executable, "-m", "uv", "pip", "install", "--no-deps", "--quiet",
         "--target", str(tmp_path / "in"), str(source)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if "setuptools" in done.stderr and done.returncode:
        pytest.skip(f"no package index to fetch setuptools from: {done.stderr.splitlines()[0]}")
    assert done.returncode == 0, done.stderr
    script = tmp_path / "in" / "bin" / "toolbox"
    done = subprocess.run(
        [sys.executable, str(script), "--version"], env={"PYTHONPATH": str(tmp_path / "in")},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == f"toolbox, version {__version__}"
