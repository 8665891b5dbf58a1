"""What watches the platform reaches it by address, as kubelet, Prometheus and containers do."""

from __future__ import annotations

import pytest

from toolbox.health.middleware import WATCHED


@pytest.mark.parametrize("host", ["10.1.2.3:8000", "127.0.0.1:8000", "web:8000", "[::1]:8000"])
@pytest.mark.parametrize("allowed", [["toolbox.example.com"], [".example.com", "*"], ["*"]])
def test_a_watched_page_answers_by_whatever_name_it_is_asked(db, client, settings, host, allowed):
    settings.ALLOWED_HOSTS, settings.METRICS_ALLOW = allowed, ["127.0.0.0/8"]

    for path in sorted(WATCHED):
        expected = {200, 503} if path == "/health" else {200}
        assert client.get(path, headers={"host": host}).status_code in expected, path


def test_every_other_page_is_asked_by_the_platforms_name_alone(db, client, settings):
    settings.ALLOWED_HOSTS = ["toolbox.example.com"]

    for path in ("/", "/api/v1/auth/providers/", "/livez/", "/login/"):
        assert client.get(path, headers={"host": "10.1.2.3:8000"}).status_code == 400, path
    assert client.get("/livez", headers={"host": "bad host"}).status_code == 200
