"""What each fault of Vault does to each part of the platform, as docs/vault.md has it in a table.

Real OpenBao, gunicorn, worker and scheduler. The docs' rows are made from ``FAULTS`` here, and
the other tests hold that to what happens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from django.test import Client

from accounts.models import User
from tests.support import until
from tests.support.factories import PASSWORD
from tests.support.gate import Gate
from tests.support.processes import BASE, Platform, free_port
from tests.support.servers import OpenBao, running
from toolbox.secrets.policy import policy
from toolkits.jobs import logs
from toolkits.models import Job

SECONDS = 90

KIT = """
from toolkit_sdk import Backoff
@toolkit.settings
class Config(Settings):
    api_token: Secret | None = None

@toolkit.operation()
def once(ctx: Context) -> int:
    return len(ctx.settings.api_token)

@toolkit.operation(retries=50, backoff=Backoff(initial=1, factor=1))
def patient(ctx: Context) -> int:
    return len(ctx.settings.api_token)

@toolkit.operation(on_vault_away="wait")
def calm(ctx: Context) -> int:
    return len(ctx.settings.api_token)

@toolkit.operation()
def free(ctx: Context) -> str:
    return "no secret needed"
"""


@dataclass
class Vault:
    """The server, the gate before it, and the token file that the platform reads."""

    bao: OpenBao
    gate: Gate
    token_file: Path
    secret_id: str = ""
    role_id: str = ""

    @property
    def env(self) -> dict[str, str]:
        addr = f"http://127.0.0.1:{self.gate.port}"
        env = {"VAULT_ADDR": addr, "VAULT_TIMEOUT_SECONDS": "1", "TOOLBOX_WAIT_SECONDS": "0"}
        if self.secret_id:
            return env | {
                "VAULT_APPROLE_ROLE_ID": self.role_id,
                "VAULT_APPROLE_SECRET_ID": self.secret_id,
                "VAULT_TOKEN_FILE": "",
            }
        return env | {"VAULT_TOKEN_FILE": str(self.token_file)}

    def new_token(self, **options: Any) -> None:
        made = self.bao.client().auth.token.create(policies=["toolbox"], **options)
        self.token_file.write_text(made["auth"]["client_token"])

    def sign_in_by_role(self) -> None:
        client = self.bao.client()
        self.role_id = client.auth.approle.read_role_id("toolbox")["data"]["role_id"]
        made = client.auth.approle.generate_secret_id("toolbox")["data"]
        self.secret_id = str(made["secret_id"])

    def revoke_secret_id(self) -> None:
        """The secret id, and what was signed in with it: as when those tokens come to their end."""
        client = self.bao.client()
        client.auth.approle.destroy_secret_id("toolbox", self.secret_id)
        own = client.auth.token.lookup_self()["data"]["accessor"]
        for accessor in client.list("auth/token/accessors")["data"]["keys"]:
            if accessor != own:
                client.auth.token.revoke_accessor(accessor)

    def move(self, source: str, target: str) -> None:
        client = self.bao.client()
        client.sys.move_backend(source, target)

        def moved() -> bool:
            return f"{target}/" in client.sys.list_mounted_secrets_engines()["data"]

        until(moved, SECONDS, f"{source} is at {target}")

    def deny(self, path: str) -> None:
        client = self.bao.client()
        denied = f'\npath "{path}" {{ capabilities = ["deny"] }}\n'
        client.sys.create_or_update_policy("toolbox", policy("sre", self.bao.accessor()) + denied)
        mine = client.sys.read_policy("toolbox-run")["data"]["rules"]
        client.sys.create_or_update_policy("toolbox-run", mine + denied)

    def restart(self) -> None:
        self.bao.stop()
        self.bao.start()

    def repair(self) -> None:
        """Unsealed, with the platform's own policies."""
        if not self.bao.answers():
            self.bao.start()
        self.bao.make_ready()


@dataclass(frozen=True)
class Fault:
    """One fault, and what is expected: the words that ``says`` has, and where they appear."""

    name: str
    make: Callable[[Vault], Any]
    mend: Callable[[Vault], Any]
    #: What preflight, a starting process, an API call and a failed job say.
    says: str
    #: Whether it is the platform's whole use of Vault that is gone, or one path's.
    whole: bool = True
    mended_by: str = "by itself"
    #: What the API and a job say, where they are told something else than preflight.
    use_says: str = ""
    by_role: bool = False

    @property
    def row(self) -> str:
        said = self.use_says or self.says
        start = f"exit with 1: *{self.says}*" if self.whole else "pass"
        health = "503, `vault` failed" if self.whole else "200"
        job = f"fails: *{said}*; one with retries waits"
        cells = [self.name, start, health, "open", f"503: *{said}*", job, self.mended_by]
        return f"| {' | '.join(cells)} |"


_REFUSED = "refuses this platform's token"
FAULTS = [
    Fault(
        "sealed",
        lambda vault: vault.bao.client().sys.seal(),
        Vault.repair,
        "is sealed",
        mended_by="by itself when it is unsealed",
    ),
    Fault(
        "unreachable",
        lambda vault: vault.gate.close(),
        lambda vault: vault.gate.open(),
        "cannot be reached",
    ),
    Fault(
        "slow answer",
        lambda vault: vault.gate.hold(),
        lambda vault: vault.gate.open(),
        "does not answer in time",
    ),
    Fault(
        "restarted, and so sealed",
        Vault.restart,
        Vault.repair,
        "is sealed",
        mended_by="by itself when it is unsealed",
    ),
    Fault(
        "wrong token",
        lambda vault: vault.token_file.write_text("s.wrong"),
        Vault.new_token,
        _REFUSED,
        mended_by="by itself when the token file holds a good one",
    ),
    Fault(
        "expired or revoked token",
        lambda vault: vault.bao.client().auth.token.revoke(vault.token_file.read_text()),
        Vault.new_token,
        _REFUSED,
        mended_by="by itself when the token file holds a good one",
    ),
    Fault(
        "missing mount",
        lambda vault: vault.move("sre", "elsewhere"),
        lambda vault: vault.move("elsewhere", "sre"),
        "the mount sre is missing",
        use_says="the mount is missing",
    ),
    Fault(
        "forbidden path",
        lambda vault: vault.deny("sre/data/toolkits/sample/settings"),
        Vault.repair,
        "does not allow",
        whole=False,
        mended_by="by itself when the policy is mended",
    ),
    Fault(
        "revoked AppRole secret",
        Vault.revoke_secret_id,
        Vault.sign_in_by_role,
        "Make a new secret id",
        mended_by="restart with a new secret id",
        by_role=True,
    ),
]
BY_NAME = {fault.name: fault for fault in FAULTS}


def test_the_documents_table_has_every_fault_as_it_is_tested_here():
    text = (BASE / "docs" / "vault.md").read_text()

    for fault in FAULTS:
        assert fault.row in text, f"docs/vault.md lacks this row:\n{fault.row}"


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    server = OpenBao.make(tmp_path / "openbao", free_port())
    with running(server):
        server.make_ready()
        port = int(server.addr.rpartition(":")[2])
        made = Vault(server, Gate(port), tmp_path / "token")
        made.new_token()
        yield made
        made.gate.close()


class Site:
    """A web process and a worker that use the vault."""

    def __init__(self, platform: Platform, vault: Vault) -> None:
        self.platform, self.vault = platform, vault
        self.session = requests.Session()
        self.start()

    def start(self) -> None:
        self.platform.env = self.vault.env
        self.web, self.url = self.platform.web()
        self.worker = self.platform.worker()
        self.scheduler = self.platform.scheduler()

    def restart(self) -> None:
        for process in (self.scheduler, self.worker, self.web):
            process.stop()
        self.start()

    def sign_in(self) -> None:
        self.session.headers.pop("Authorization", None)
        answer = self.call("post", "auth/login/", {"username": "carl", "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        self.session.headers["Authorization"] = f"Bearer {answer.json()['access']}"

    def call(self, method: str, path: str, data: Any = None) -> requests.Response:
        address = path if path.startswith("/") else f"/api/v1/{path}"
        return self.session.request(method, self.url + address, json=data, timeout=60)

    def page(self, path: str) -> int:
        """Open a page as a browser that is signed in."""
        client = Client()
        client.force_login(User.objects.get(username="carl"))
        cookies = {"sessionid": client.cookies["sessionid"].value}
        return requests.get(self.url + path, cookies=cookies, timeout=60).status_code

    def health(self) -> tuple[int, list[str]]:
        answer = self.call("get", "/health")
        checks = answer.json()["checks"]
        return answer.status_code, [name for name in checks if checks[name]["status"] != "ok"]

    def save_settings(self) -> requests.Response:
        return self.call("put", "toolkits/sample/settings/", {"api_token": "tok-tok-tok-tok"})

    def run(self, operation: str) -> Job:
        answer = self.call("post", f"toolkits/sample/operations/{operation}/", {})
        assert answer.status_code == 202, answer.text
        return Job.objects.get(pk=answer.json()["id"])

    def ends(self, job: Job) -> Job:
        def ended() -> bool:
            job.refresh_from_db()
            return job.is_finished

        until(ended, SECONDS, f"{job} ends; {self.worker.log()[-2000:]}")
        return job


@pytest.fixture
def site(platform: Platform, vault: Vault, install: Any, curator: Any, user: Any) -> Any:
    install(KIT)

    def make() -> Site:
        made = Site(platform, vault)
        made.sign_in()
        assert made.save_settings().status_code == 200
        assert made.ends(made.run("once")).state == "succeeded"
        return made

    return make


def _starts(site: Site, fault: Fault) -> None:
    """What preflight says, and every process that would start now."""
    platform = site.platform
    platform.env = site.vault.env
    commands = {
        "preflight": ("manage.py", "preflight"),
        "worker": ("manage.py", "rqworker", "low"),
        "scheduler": ("manage.py", "scheduler"),
        "gunicorn": ("-m", "gunicorn", "toolbox.wsgi", "--bind", f"127.0.0.1:{free_port()}"),
    }
    if not fault.whole:
        done = platform.manage("preflight")
        assert done.returncode == 0, done.stdout
        return
    started = {name: platform.start(name, *command) for name, command in commands.items()}
    for name, process in started.items():
        assert process.wait(SECONDS) == (3 if name == "gunicorn" else 1), process.log()
        assert fault.says in process.log()


def _runs_on(site: Site, fault: Fault) -> list[Job]:
    """What those that run already do; returns the jobs that wait."""
    health = (503, ["vault"]) if fault.whole else (200, [])
    until(lambda: site.health() == health, SECONDS, f"{fault.name}: /health is {health}")
    for page in ("/", "/jobs/", "/toolkits/sample/", "/toolkits/sample/settings/"):
        assert site.page(page) == 200
    assert site.call("get", "jobs/").status_code == 200
    said = fault.use_says or fault.says
    answer = site.save_settings()
    assert answer.status_code == 503, answer.text
    assert said in answer.json()["detail"]
    assert site.ends(site.run("free")).state == "succeeded"
    waiting = site.run("patient")
    failed = site.ends(site.run("once"))
    assert failed.state == "failed"
    assert said in failed.reason + str(failed.error)

    def waits() -> bool:
        waiting.refresh_from_db()
        return waiting.attempt >= 1 and waiting.state in {"scheduled", "queued", "running"}

    until(waits, SECONDS, f"{fault.name}: a job with retries waits")
    return [waiting, _calm(site, fault)]


def _calm(site: Site, fault: Fault) -> Job:
    """A job that waits for Vault, unless it is one path alone that is refused."""
    calm = site.run("calm")
    if not fault.whole:
        assert site.ends(calm).state == "failed"
        return site.run("patient")

    def waits() -> bool:
        return any("waits for it" in line.text for line in logs.read(calm, 0).lines)

    until(waits, SECONDS, f"{fault.name}: a job waits for Vault")
    return calm


def _recovers(site: Site, fault: Fault, waiting: list[Job]) -> None:
    if fault.by_role:
        site.restart()
    until(lambda: site.health() == (200, []), SECONDS, f"{fault.name}: /health is 200 again")
    assert site.save_settings().status_code == 200
    for job in waiting:
        assert site.ends(job).state == "succeeded", job.reason
    assert site.ends(site.run("once")).state == "succeeded"


def _tried(site: Site, names: list[str], *, starts: bool = True) -> None:
    for name in names:
        fault = BY_NAME[name]
        fault.make(site.vault)
        try:
            if starts:
                _starts(site, fault)
            waiting = _runs_on(site, fault)
        finally:
            fault.mend(site.vault)
        _recovers(site, fault, waiting)


def test_a_sealed_vault_stops_no_page_and_is_recovered_from(site):
    _tried(site(), ["sealed"], starts=False)


@pytest.mark.long
def test_every_fault_does_what_the_table_says(site):
    _tried(site(), [fault.name for fault in FAULTS if not fault.by_role])


@pytest.mark.long
def test_a_revoked_approle_secret_does_what_the_table_says(site, vault):
    vault.sign_in_by_role()

    _tried(site(), ["revoked AppRole secret"])
