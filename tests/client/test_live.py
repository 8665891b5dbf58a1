"""The client against a real web process and a real worker."""

from __future__ import annotations

import json
import re
import signal
import socket
import threading
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyotp
import requests

from accounts.mfa import totp
from accounts.models import UserSession
from tests.client.conftest import Shell
from tests.support import until
from tests.support.factories import PASSWORD, make_token
from tests.support.kits import write_kit
from toolkits.jobs.states import JobState
from toolkits.models import Job, Toolkit

KIT = """
@toolkit.operation(interactive=True)
def add(ctx: Context, a: int, b: int = 1) -> views.Stat:
    return views.Stat(value=a + b, label="sum")

@toolkit.operation()
def steps(ctx: Context, count: int, names: list[str] = [], pause: float = 0.0) -> dict[str, Any]:
    for number in range(1, count + 1):
        ctx.log.info("step %d of %d", number, count)
        ctx.checkpoint()
        time.sleep(pause)
    return {"count": count, "names": names}

@toolkit.operation()
def fail(ctx: Context) -> None:
    raise ToolkitError("no such host")

@toolkit.operation()
def keep(ctx: Context, token: Secret) -> views.Files:
    with ctx.artifact("report.txt", text=True) as file:
        file.write(f"kept {len(token.get_secret_value())}")
    return views.Files(files=[{"name": "report.txt"}])

@toolkit.operation(requires_approval=True)
def drop(ctx: Context) -> str:
    return "dropped"
"""


def sign_in(toolbox: Shell, url: str, name: str = "uma") -> None:
    toolbox("login", url, "-u", name, "--password-stdin", given=PASSWORD + "\n")


def test_an_operation_is_run_followed_cancelled_and_run_again_from_a_shell(
    toolbox: Shell, install: Any, user: Any, curator: Any, platform: Any
) -> None:
    install(KIT)
    url = platform.web()[1]
    platform.worker()
    sign_in(toolbox, url)
    assert toolbox.config.stat().st_mode & 0o777 == 0o600

    done = toolbox("run", "sample", "steps", "-i", "count=3", "-i", "names=a", "-i", "names=b")
    assert json.loads(done.stdout) == {"count": 3, "names": ["a", "b"]}
    assert re.findall(r"step (\d) of 3", done.stderr) == ["1", "2", "3"]
    assert json.loads(toolbox("run", "sample", "add", "-i", "a=2").stdout)["value"] == 3
    failed = toolbox("run", "sample", "fail", code=1)
    assert "no such host" in failed.stderr
    refused = toolbox("run", "sample", "steps", "-i", "count=x", code=5)
    assert "count: must be of type integer" in refused.stderr
    toolbox("run", "sample", "nothing", code=4)

    rows = json.loads(toolbox("-o", "json", "jobs", "list", "--state", "succeeded").stdout)
    assert {row["operation"] for row in rows} == {"add", "steps"}
    assert "sample" in toolbox("jobs", "list").stdout
    assert "step 2" in toolbox("jobs", "log", rows[-1]["id"], "--search", "step 2").stdout
    again = toolbox("jobs", "retry", rows[-1]["id"], "-i", "count=1")
    assert json.loads(again.stdout)["count"] == 1
    assert "succeeded" in toolbox("jobs", "show", rows[-1]["id"]).stdout

    kept = toolbox("run", "sample", "keep", "--secret", "token", given="hush\n")
    job = re.search(r"^job (\S+)", kept.stderr, re.MULTILINE)[1]
    assert "hush" not in kept.stderr
    assert toolbox("jobs", "download", job, "--to", "out").stdout.strip() == "out/report.txt"
    assert (toolbox.folder / "out" / "report.txt").read_text() == "kept 4"
    assert "--force" in toolbox("jobs", "download", job, "--to", "out", code=5).stderr
    forgotten = toolbox("jobs", "retry", job, code=5)
    assert "token: is secret and was not kept" in forgotten.stderr
    secret = ("jobs", "retry", job, "--secret", "token", "--key", "k1", "--detach")
    kept = toolbox(*secret, given="longer\n").stdout
    assert toolbox(*secret, given="longer\n").stdout == kept
    assert toolbox("jobs", "follow", kept.strip()).returncode == 0
    assert toolbox("jobs", "download", kept.strip(), "--to", "second").returncode == 0
    assert (toolbox.folder / "second" / "report.txt").read_text() == "kept 6"

    asked = toolbox("run", "sample", "drop", "--detach").stdout.strip()
    second = Shell(toolbox.folder.parent)
    sign_in(second, url, "carl")
    assert "Nothing was" in second("jobs", "approve", asked, code=5, given="n\n").stderr
    _interrupt(toolbox, job)


def _interrupt(toolbox: Shell, job: str) -> None:
    """Ctrl-C cancels a job that was started here, and the code says so."""
    running = toolbox.start("run", "sample", "steps", "-i", "count=2000", "-i", "pause=0.05")
    assert running.stderr is not None
    until(lambda: "step" in running.stderr.readline(), 60, "the log begins")
    running.send_signal(signal.SIGINT)
    assert running.wait(60) == 7
    assert Job.objects.latest("created_at").state == JobState.CANCELLED
    toolbox("jobs", "cancel", job, code=5)


class Cutting:
    """A proxy that breaks the first connections off after so many bytes of an answer."""

    def __init__(self, port: int, cuts: int, after: int) -> None:
        self.cuts, self.after, self.target = cuts, after, port
        self.broken = 0
        self.server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.server.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self.server.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        upstream = socket.create_connection(("127.0.0.1", self.target))
        threading.Thread(target=self._up, args=(client, upstream), daemon=True).start()
        passed, stream = 0, False
        while data := upstream.recv(4096):
            stream = stream or b"text/event-stream" in data
            passed += len(data)
            if stream and passed > self.after and self.broken < self.cuts:
                self.broken += 1
                client.sendall(data[: len(data) // 2])
                break
            client.sendall(data)
        for one in (client, upstream):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _up(self, client: socket.socket, upstream: socket.socket) -> None:
        try:
            while data := client.recv(4096):
                upstream.sendall(data)
        except OSError:
            pass


def test_a_log_comes_whole_and_once_over_a_connection_that_breaks(
    toolbox: Shell, install: Any, user: Any, platform: Any
) -> None:
    install(KIT)
    port = int(platform.web()[1].rpartition(":")[2])
    platform.worker()
    proxy = Cutting(port, cuts=3, after=1500)
    sign_in(toolbox, proxy.url)
    done = toolbox("run", "sample", "steps", "-i", "count=60", "-i", "pause=0.05")
    numbers = [int(found) for found in re.findall(r"step (\d+)", done.stderr)]
    assert numbers == list(range(1, 61))
    assert proxy.broken == 3
    assert "broke off" in done.stderr
    # Where every stream of the server is taken, the log is polled.
    busy = platform.web(API_STREAMS_MAX="0")[1]
    sign_in(toolbox, busy)
    job = str(Job.objects.latest("created_at").pk)
    followed = toolbox("jobs", "follow", job)
    assert len(re.findall(r"step \d+", followed.stderr)) == 60


def test_sessions_are_renewed_shared_and_ended(
    toolbox: Shell, user: Any, install: Any, live_web: str
) -> None:
    install(KIT)
    sign_in(toolbox, live_web)
    wrong = toolbox("login", live_web, "-u", "uma", "--password-stdin", code=3, given="wrong\n")
    assert "name or the password" in wrong.stderr
    kept = json.loads(toolbox.config.read_text())
    kept["profiles"]["default"]["access_until"] = 0
    toolbox.config.write_text(json.dumps(kept))
    # Several at once find the access token run out, and one refresh token among them.
    shells = [toolbox.start("whoami") for _ in range(4)]
    assert [shell.wait(60) for shell in shells] == [0] * 4
    assert UserSession.objects.alive().count() == 1
    assert "uma" in toolbox("whoami").stdout
    toolbox("logout")
    assert not UserSession.objects.alive().exists()
    assert "toolbox login" in toolbox("whoami", code=3).stderr

    token = make_token(user, scopes=["read"])[1]
    assert "uma" in toolbox("--url", live_web, "whoami", TOOLBOX_TOKEN=token).stdout
    toolbox("login", live_web, "--token-stdin", given=token + "\n")
    assert token not in toolbox("profiles").stdout
    toolbox("run", "sample", "add", "-i", "a=1", code=4)
    toolbox("--url", "http://127.0.0.1:9", "whoami", code=3)
    # The token is this server's: another one is never sent it.
    away = toolbox("--url", "http://127.0.0.1:9", "whoami", code=6, TOOLBOX_TOKEN="srt_x")
    assert "cannot be reached" in away.stderr


def test_a_second_factor_is_given_with_the_password(
    toolbox: Shell, user: Any, openbao: Any, live_web: str
) -> None:
    secret = totp.begin(user)
    totp.add(user, secret, 0)
    options = ("login", live_web, "-u", "uma", "--password-stdin")
    assert "authenticator app" in toolbox(*options, code=3, given=PASSWORD + "\n").stderr
    toolbox(*options, "--otp", pyotp.TOTP(secret).now(), given=PASSWORD + "\n")
    assert "uma" in toolbox("whoami").stdout


def test_a_device_is_let_in_from_a_browser(toolbox: Shell, user: Any, live_web: str) -> None:
    asking = toolbox.start("login", live_web, "--device", "--no-browser")
    assert asking.stderr is not None
    code = ""
    while not code:
        code = (re.findall(r"[B-Z]{4}-[B-Z]{4}", asking.stderr.readline()) or [""])[0]
    browser = requests.Session()
    page = f"{live_web}/account/login/"
    browser.get(page, timeout=30)

    def send(path: str, **fields: str) -> requests.Response:
        fields["csrfmiddlewaretoken"] = browser.cookies["csrftoken"]
        return browser.post(f"{live_web}{path}", fields, headers={"Referer": page}, timeout=30)

    send("/account/login/", username="uma", password=PASSWORD)
    assert send("/account/device/", code=code, decision="approve").ok
    assert asking.wait(60) == 0
    assert "uma" in toolbox("whoami").stdout


def zipped(folder: Path, target: Path) -> Path:
    with zipfile.ZipFile(target, "w") as archive:
        for path in folder.rglob("*"):
            if path.is_file():
                archive.write(path, path.relative_to(folder))
    return target


def test_a_bundle_is_installed_by_a_plan_and_the_trail_exported(
    toolbox: Shell, curator: Any, admin_user: Any, storage: Any, live_web: str, tmp_path: Path
) -> None:
    bundle = zipped(write_kit(tmp_path, KIT, slug="sample"), tmp_path / "sample.zip")
    sign_in(toolbox, live_web, "carl")
    planned = toolbox("toolkits", "install", str(bundle), "--plan")
    assert "sample 1.0.0 (install; installed: nothing)" in planned.stdout
    assert "+ steps" in planned.stdout
    assert not Toolkit.objects.exists()
    assert "Nothing was" in toolbox("toolkits", "install", str(bundle), code=5, given="n\n").stderr
    assert "active" in toolbox("toolkits", "install", str(bundle), "--yes").stdout
    assert "sample" in toolbox("toolkits", "list").stdout
    assert "count" in toolbox("operations", "sample", "steps").stdout
    toolbox("toolkits", "disable", "sample")
    assert not Toolkit.objects.get().enabled
    toolbox("toolkits", "enable", "sample")
    toolbox("audit", "export", code=4)
    completed = toolbox(
        _TOOLBOX_COMPLETE="bash_complete", COMP_WORDS="toolbox run sample st", COMP_CWORD="3"
    )
    assert "steps" in completed.stdout

    sign_in(toolbox, live_web, "ada")
    exported = toolbox("audit", "export", "--event", "toolkit.")
    events = [json.loads(line)["name"] for line in exported.stdout.splitlines()]
    assert events.count("toolkit.installed") == 1
    toolbox("audit", "export", "--format", "csv", "--to", "trail.csv")
    assert (toolbox.folder / "trail.csv").read_text().startswith('"sequence",')
    toolbox("toolkits", "remove", "sample", "--yes")
    assert "no toolkits" in toolbox("toolkits", "list").stderr
