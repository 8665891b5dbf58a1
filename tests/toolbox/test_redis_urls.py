"""``REDIS_URL`` in its other forms: with TLS, and by way of Sentinels that fail over."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
import requests
from django.core.cache.backends.redis import RedisCache
from django_rq.connection_utils import get_redis_connection

from tests.support import until
from tests.support.factories import PASSWORD
from tests.support.processes import Platform, free_port
from tests.support.tls import issue
from tests.support.tls_front import tls_front
from toolbox import redis_urls
from toolbox.devstack import valkey as embedded
from toolbox.settings.queues import _queue
from toolkits.jobs.dispatch import submit
from toolkits.models import Job, Toolkit

SECONDS = 60
PASSWORD_OF_SERVERS = "of-the-servers-0123456789"


def test_a_url_for_sentinels_is_read_whole():
    found = redis_urls.sentinel(
        "rediss+sentinel://app:pa%2Fss@one:26379,two,[::1]:26380/main/3"
        "?sentinel_password=other&ssl_ca_certs=/ca.pem"
    )

    assert found is not None
    assert found.sentinels == [("one", 26379), ("two", 26379), ("::1", 26380)]
    assert (found.service, found.options["db"], found.options["ssl"]) == ("main", 3, True)
    assert (found.options["username"], found.options["password"]) == ("app", "pa/ss")
    assert found.sentinel_options["password"] == "other"
    assert found.sentinel_options["ssl_ca_certs"] == found.options["ssl_ca_certs"] == "/ca.pem"
    assert "pa/ss" not in repr(found)


@pytest.mark.parametrize("url", ["redis+sentinel://one:26379", "redis+sentinel:///main/0"])
def test_a_url_for_sentinels_without_hosts_or_service_is_refused(url):
    with pytest.raises(ValueError, match="redis\\+sentinel://host"):
        redis_urls.sentinel(url)


def test_every_other_url_is_left_to_the_library():
    assert redis_urls.sentinel("redis://:x@host:6379/0") is None
    assert redis_urls.connect("redis://:x@host:6379/2").get_connection_kwargs()["db"] == 2


def ask_in_every_way(url: str) -> None:
    """The three ways in which the platform reaches it."""
    client = redis_urls.connect(url, socket_connect_timeout=5)
    client.set("way", "own")
    cache = RedisCache(url, {"OPTIONS": {"pool_class": "toolbox.redis_urls.CachePool"}})
    cache.set("way", "cache")
    queue = get_redis_connection(_queue(url))

    assert client.get("way") == b"own"
    assert cache.get("way") == "cache"
    assert queue.get("way") == b"own"


def run_a_job(platform: Platform, url: str, install: Any, curator: Any) -> Job:
    """Through a web process and a worker that have no other server."""
    install()
    platform.env = {"REDIS_URL": url}
    _, base = platform.web()
    worker = platform.start("worker", "manage.py", "rqworker", "default")
    worker.until_says("istening on", SECONDS)
    login = {"username": curator.username, "password": PASSWORD}
    token = requests.post(f"{base}/api/v1/auth/login/", json=login, timeout=30).json()["access"]
    headers = {"Authorization": f"Bearer {token}"}
    path = f"{base}/api/v1/toolkits/sample/operations/hello/"
    answer = requests.post(path, json={}, headers=headers, timeout=30)
    assert answer.status_code == 202, answer.text
    health = requests.get(f"{base}/health", timeout=30)
    assert health.status_code == 200, health.text
    return Job.objects.get(pk=answer.json()["id"])


def succeeds(job: Job, why: str = "") -> None:
    def done() -> bool:
        job.refresh_from_db()
        return job.is_finished

    until(done, SECONDS, f"the job ends {why}")
    assert job.state == "succeeded", job.error


@pytest.fixture
def over_tls(valkey: Any, tmp_path: Path) -> Iterator[str]:
    """The URL of the server behind TLS, by a certificate of a CA of its own."""
    ca = issue("Redis CA", ca=True)
    server = issue("127.0.0.1", by=ca, names=("127.0.0.1",))
    (tmp_path / "ca.pem").write_text(ca.pem)
    inner = redis.connection.parse_url(valkey.url)
    with tls_front(inner["port"], server.context(tmp_path)) as port:
        yield f"rediss://:{inner['password']}@127.0.0.1:{port}/0"


def test_a_server_is_reached_over_tls_with_a_ca_of_ones_own(over_tls, tmp_path):
    ask_in_every_way(f"{over_tls}?ssl_ca_certs={tmp_path / 'ca.pem'}")


@pytest.mark.long
def test_a_job_runs_over_tls(over_tls, platform, install, curator, tmp_path):
    url = f"{over_tls}?ssl_ca_certs={tmp_path / 'ca.pem'}"

    succeeds(run_a_job(platform, url, install, curator))


def test_a_certificate_of_an_unknown_ca_is_refused(over_tls):
    with pytest.raises(redis.ConnectionError, match="CERTIFICATE_VERIFY_FAILED"):
        redis_urls.connect(over_tls).ping()


class Group:
    """A master, a replica, and a Sentinel that watches them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ports = [free_port(), free_port()]
        self.sentinel_port = free_port()
        self.servers = [self._server(number) for number in (0, 1)]
        until(lambda: all(map(self._answers, self.ports)), SECONDS, "the servers answer")
        self.sentinel = self._sentinel()
        until(self._knows_both, SECONDS, "the Sentinel knows master and replica")

    @property
    def url(self) -> str:
        place = f"127.0.0.1:{self.sentinel_port}"
        return f"redis+sentinel://:{PASSWORD_OF_SERVERS}@{place}/main/0"

    def _start(self, name: str, *command: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("wb") as log:
            return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def _server(self, number: int) -> subprocess.Popen[bytes]:
        folder = self.folder / str(number)
        folder.mkdir()
        command = embedded.command(folder, self.ports[number], PASSWORD_OF_SERVERS)
        with Path(command[-1]).open("a") as config:
            config.write(f"primaryauth {PASSWORD_OF_SERVERS}\nrepl-diskless-sync-delay 0\n")
            if number:
                config.write(f"replicaof 127.0.0.1 {self.ports[0]}\n")
        return self._start(f"server{number}", *command)

    def _sentinel(self) -> subprocess.Popen[bytes]:
        config = self.folder / "sentinel.conf"
        config.write_text(
            f"bind 127.0.0.1\nport {self.sentinel_port}\ndir {self.folder}\n"
            f"sentinel monitor main 127.0.0.1 {self.ports[0]} 1\n"
            f"sentinel auth-pass main {PASSWORD_OF_SERVERS}\n"
            "sentinel down-after-milliseconds main 1000\nsentinel failover-timeout main 3000\n"
        )
        return self._start("sentinel", str(embedded.binary()), str(config), "--sentinel")

    def _answers(self, port: int) -> bool:
        return embedded.answers(f"redis://:{PASSWORD_OF_SERVERS}@127.0.0.1:{port}/0")

    def _knows_both(self) -> bool:
        try:
            with redis.Redis(port=self.sentinel_port, host="127.0.0.1") as client:
                replicas = client.sentinel_slaves("main")
        except redis.RedisError:
            return False
        return [replica for replica in replicas if replica["master-link-status"] == "ok"] != []

    def kill_the_master(self) -> None:
        self.servers[0].kill()
        self.servers[0].wait()

    def stop(self) -> None:
        for process in (self.sentinel, *self.servers):
            process.kill()
            process.wait()


@pytest.fixture
def group(tmp_path: Path) -> Iterator[Group]:
    folder = tmp_path / "group"
    folder.mkdir()
    made = Group(folder)
    yield made
    made.stop()


@pytest.mark.servers
def test_the_master_that_sentinels_name_is_used_and_after_a_failover_the_new_one(group):
    ask_in_every_way(group.url)
    client = redis_urls.connect(group.url, socket_connect_timeout=2, socket_timeout=2)
    until(lambda: client.wait(1, 1000) == 1, SECONDS, "the replica has it")

    group.kill_the_master()

    def written() -> bool:
        try:
            return bool(client.set("after", "failover"))
        except redis.RedisError:
            return False

    until(written, SECONDS, "the new master takes writes")
    assert client.get("way") == b"own"
    ask_in_every_way(group.url)


@pytest.mark.long
def test_jobs_go_on_after_a_failover(group, platform, install, curator):
    succeeds(run_a_job(platform, group.url, install, curator))
    platform.scheduler()

    group.kill_the_master()

    toolkit = Toolkit.objects.get(slug="sample")
    job = submit(toolkit=toolkit, operation="hello", inputs={}, user=curator)
    succeeds(job, "after the failover")
