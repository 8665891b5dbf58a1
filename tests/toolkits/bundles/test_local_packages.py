"""Toolkits whose pins the platform meets itself are installed with no index."""

from importlib import metadata

import pytest

from tests.support.kits import install_kit, run_here
from toolkits.bundles import local_packages
from toolkits.errors import BundleError
from toolkits.jobs.states import JobState

KIT = """
import yaml

@toolkit.operation()
def read(ctx: Context, text: str) -> dict[str, Any]:
    return {"read": yaml.safe_load(text), "from": yaml.__file__}
"""


def test_a_pin_that_is_installed_here_needs_no_index(valkey, storage, tmp_path, user, settings):
    settings.TOOLKIT_INDEX = False
    pin = f"pyyaml=={metadata.version('pyyaml')} \\\n    --hash=sha256:{'0' * 64}\n"

    toolkit = install_kit(tmp_path, KIT, files={"requirements.txt": pin})
    job = run_here(toolkit, user, "read", {"text": "a: [1, 2]"})

    assert job.state == JobState.SUCCEEDED, job.reason
    assert job.result["data"]["read"] == {"a": [1, 2]}
    assert ".environments" in job.result["data"]["from"]


@pytest.mark.django_db
@pytest.mark.parametrize("pin", ["pyyaml==1.0", "no-such-package-here==1.0", "jsonschema==4.26.0"])
def test_any_other_pin_asks_for_the_index(storage, tmp_path, settings, pin):
    settings.TOOLKIT_INDEX = False

    with pytest.raises(BundleError, match="it needs an index"):
        install_kit(tmp_path, KIT, files={"requirements.txt": pin})


def test_what_a_package_needs_must_be_pinned_too():
    version = metadata.version("jsonschema")

    assert local_packages.available({"jsonschema": version}, set()) is None


def test_pins_with_extras_are_left_to_the_installer():
    assert local_packages.pins(["requests[socks]==2.32.0"]) is None
    assert local_packages.pins(["Foo_Bar == 1.0 --hash=sha256:00"]) == {"foo-bar": "1.0"}
