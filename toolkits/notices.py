"""Notices that toolkit code gives while a job runs: kept with the job, for those who ask."""

from __future__ import annotations

from typing import Any

from toolkits.errors import FieldError, InputError
from toolkits.models import Job, Notice
from toolkits.models.notice import NoticeState

MOST_PER_JOB = 500
_LONGEST_TEXT = 10_000
_MORE = f"This job tells more than {MOST_PER_JOB} notices; the rest is in its log"


def give(job: Job, *, title: str, text: str, state: str, key: str) -> Notice | None:
    """Keep a notice of a running job. Raises ``InputError`` for what is none.

    The last one that a job may give says that there are more, which are in its log alone: where
    all goes down at once, the job that finds it must not fail for having too much to tell.
    """
    assert job.toolkit is not None  # it runs
    if not title.strip():
        raise _refused("title", "must not be empty")
    if state not in NoticeState:
        raise _refused("state", f"must be one of {', '.join(NoticeState.values)}")
    given = job.notices.count()
    if given >= MOST_PER_JOB:
        return None
    if given == MOST_PER_JOB - 1:
        title, text = _MORE, f"{title}\n{text}".strip()
    return Notice.objects.create(
        toolkit=job.toolkit,
        job=job,
        state=state,
        title=title.strip()[:200],
        text=text[:_LONGEST_TEXT],
        key=key[:200],
    )


def _refused(where: str, wanted: str) -> InputError:
    return InputError([FieldError((where,), wanted)])


def of_job(job: Job) -> list[dict[str, Any]]:
    """The notices of a job, oldest first, as JSON types."""
    return [
        {
            "state": notice.state,
            "title": notice.title,
            "text": notice.text,
            "key": notice.key,
            "at": notice.created_at.isoformat(),
        }
        for notice in job.notices.order_by("id")
    ]
