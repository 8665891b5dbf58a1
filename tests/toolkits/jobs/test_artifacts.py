"""Files that jobs keep."""

from __future__ import annotations

import pytest

from tests.support.factories import make_job, make_row
from toolkits.jobs import artifacts
from toolkits.jobs.states import JobState

pytestmark = pytest.mark.usefixtures("storage")


@pytest.mark.parametrize(
    ("name", "said", "kept"),
    [
        ("data.csv", None, "text/csv"),
        ("report.pdf", "", "application/pdf"),
        ("dump", None, "application/octet-stream"),
        ("data.csv", "application/x-data", "application/x-data"),
    ],
)
def test_a_file_has_the_type_that_was_said_or_that_its_name_stands_for(
    db, user, tmp_path, name, said, kept
):
    (tmp_path / "made").write_text("a,b")
    job = make_job(make_row(), user, state=JobState.RUNNING)

    assert artifacts.keep(job, name, "made", said, tmp_path).content_type == kept
