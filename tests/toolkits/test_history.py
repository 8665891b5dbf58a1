"""Samples over time: kept, read newest first, pruned, bounded."""

import pytest

from tests.support.factories import make_row
from tests.support.kits import run_here
from toolkits import history
from toolkits.errors import InputError
from toolkits.jobs.states import JobState
from toolkits.models import ToolkitSample

pytestmark = pytest.mark.django_db

KIT = """
from toolkit_sdk import Sample

@toolkit.operation()
def keep(ctx: Context) -> dict[str, Any]:
    series = ctx.history("latency:a")
    series.extend([Sample(float(at), {"ms": at}) for at in range(2500)])
    dropped = series.prune(before=500)
    return {
        "dropped": dropped,
        "newest": [sample.at for sample in series.read(limit=2)],
        "span": len(series.read(since=1000, until=1010)),
        "latest": series.latest().value,
        "other": ctx.history("latency:b").latest(),
    }
"""


def test_a_toolkit_keeps_reads_and_prunes_samples(valkey, install, user):
    job = run_here(install(KIT), user, "keep")

    assert job.state == JobState.SUCCEEDED, job.reason
    assert job.result["data"] == {
        "dropped": 500,
        "newest": [2498.0, 2499.0],
        "span": 10,
        "latest": {"ms": 2499},
        "other": None,
    }


def test_samples_belong_to_one_toolkit():
    mine, other = make_row(), make_row()
    history.append(mine, "s", [(1.0, 1)])

    assert history.read(other, "s", None, None, 10) == []


@pytest.mark.parametrize(
    ("series", "samples"),
    [
        ("", [(1.0, 1)]),
        ("s" * 201, [(1.0, 1)]),
        ("s", [(float("nan"), 1)]),
        ("s", [(1.0, "x" * 9000)]),
        ("s", [(1.0, 1)] * 1001),
    ],
)
def test_what_is_too_much_or_no_sample_is_refused(series, samples):
    with pytest.raises(InputError):
        history.append(make_row(), series, samples)


def test_a_toolkit_over_its_limit_loses_its_oldest_samples():
    toolkit, small = make_row(), make_row()
    history.append(toolkit, "s", [(float(at), at) for at in range(30)])
    history.append(small, "s", [(1.0, 1)])

    assert history.enforce_limits(most=10) == 20
    assert [at for at, _ in history.read(toolkit, "s", None, None, 99)] == [
        float(n) for n in range(20, 30)
    ]
    assert ToolkitSample.objects.filter(toolkit=small).count() == 1
