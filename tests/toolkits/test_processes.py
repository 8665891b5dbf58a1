"""Every process tells which versions it sees: it follows a switch without a restart."""

from __future__ import annotations

import pytest
import requests

from tests.support import until
from tests.support.factories import make_token, make_user
from tests.support.kits import install_kit, write_kit
from toolkits import processes
from toolkits.bundles.install import install_bundle


def test_processes_follow_an_update_and_people_can_see_it(platform, tmp_path, client):
    curator = make_user("carl", roles=["toolkit.curator"])
    install_kit(tmp_path / "one", slug="fleet")
    alive = {kind: tmp_path / f"{kind}-alive" for kind in ("worker", "scheduler")}
    platform.worker(TOOLBOX_ALIVE_FILE=str(alive["worker"]))
    platform.scheduler(TOOLBOX_ALIVE_FILE=str(alive["scheduler"]))
    _, url = platform.web()
    kinds = {"web", "worker", "scheduler"}

    def follow(version):
        found = processes.known()
        label = processes.wanted()["fleet"]
        assert label.startswith(f"{version}-")
        seen = {one.kind for one in found if one.versions.get("fleet") == label and not one.lacks}
        return kinds <= seen

    until(lambda: follow("1.0.0"), 60, "every process sees 1.0.0")
    before = {one.name for one in processes.known()}

    install_bundle(
        write_kit(tmp_path / "two", slug="fleet", version="2.0.0"), user=curator, via="cli"
    )

    until(lambda: follow("2.0.0"), 60, "every process sees 2.0.0")
    assert {one.name for one in processes.known()} == before

    _, token = make_token(curator)
    answer = requests.get(
        f"{url}/api/v1/processes/", headers={"Authorization": f"Bearer {token}"}, timeout=30
    )
    body = answer.json()
    assert body["active"]["fleet"].startswith("2.0.0-")
    assert {one["kind"] for one in body["results"]} == kinds
    assert all(one["versions"] == body["active"] for one in body["results"])
    client.force_login(curator)
    text = client.get("/admin/toolkits/processes/").text
    assert text.count("up to date") == 3
    assert alive["worker"].exists()
    # Touched over and over, not once.
    alive["scheduler"].unlink()
    until(alive["scheduler"].exists, 60, "the scheduler touches its file")


@pytest.mark.parametrize("what", ["/admin/toolkits/processes/", "/api/v1/processes/"])
def test_without_redis_that_is_said(client, curator, what, monkeypatch):
    from redis.exceptions import ConnectionError as Away

    def away():
        raise Away("gone")

    monkeypatch.setattr(processes, "known", away)
    client.force_login(curator)

    answer = client.get(what)

    assert answer.status_code == (409 if "api" in what else 200)
    assert "Redis does not answer" in answer.text
