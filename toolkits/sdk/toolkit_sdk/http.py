"""HTTP with time-outs that an author need not think of."""

from __future__ import annotations

from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

TIMEOUT = (5.0, 30.0)


class _TimeoutAdapter(HTTPAdapter):
    def send(self, request: Any, **options: Any) -> requests.Response:  # type: ignore[override]
        if options.get("timeout") is None:
            options["timeout"] = TIMEOUT
        return super().send(request, **options)


def session() -> requests.Session:
    """Return a session that times out and retries reads over broken connections."""
    made = requests.Session()
    retry = Retry(total=2, backoff_factor=0.2, status_forcelist=(502, 503, 504))
    adapter = _TimeoutAdapter(max_retries=retry)
    made.mount("https://", adapter)
    made.mount("http://", adapter)
    made.headers["User-Agent"] = "sre-toolbox-toolkit/1.0"
    return made
