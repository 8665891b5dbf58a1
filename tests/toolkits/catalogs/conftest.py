"""A web server with a catalog."""

from __future__ import annotations

import functools
import http.server
import threading

import pytest

from tests.support.kits import HELLO, write_kit
from toolkits.catalogs import making, refresh
from toolkits.models import Catalog


class Site(http.server.SimpleHTTPRequestHandler):
    """Serves a folder; ``/elsewhere`` leads to another place, ``/endless`` has no end."""

    def do_GET(self):
        if self.path.startswith("/elsewhere"):
            self.send_response(302)
            self.send_header("Location", self.path.partition("?")[2])
            self.end_headers()
        elif self.path == "/endless":
            self.send_response(200)
            self.end_headers()
            try:
                while True:
                    self.wfile.write(b" " * 65536)
            except OSError:
                return
        else:
            super().do_GET()

    def log_message(self, *args):
        return


@pytest.fixture
def site(tmp_path, settings):
    """A web server for a catalog; ``site.url`` and ``site.folder``."""
    settings.TOOLKIT_CATALOG_ALLOW_PRIVATE = True
    folder = tmp_path / "site"
    folder.mkdir()
    handler = functools.partial(Site, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    server.folder, server.url = folder, f"http://127.0.0.1:{server.server_port}"
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def catalog(db, site, tmp_path):
    """A catalog with ``fleet`` 2.0.0, made by ``toolkit pack --catalog``."""
    source = write_kit(
        tmp_path, HELLO, slug="fleet", version="2.0.0", files={"CHANGELOG.md": "## 2.0.0\n- New.\n"}
    )
    making.make([source], site.folder, "ours")
    made = Catalog.objects.create(name="ours", url=f"{site.url}/catalog.json")
    refresh.refresh(made)
    return made
