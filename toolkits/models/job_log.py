"""What a job leaves behind: its log in chunks, and its files."""

from __future__ import annotations

import json
import zlib
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _


class JobLog(models.Model):
    """A chunk of consecutive log lines: ``[[epoch, level, source, text], …]``, packed.

    ``levels`` has a bit for each level that occurs, so that a search by level skips chunks.
    """

    job = models.ForeignKey(
        "toolkits.Job", on_delete=models.CASCADE, related_name="log_chunks", db_index=False
    )
    attempt = models.PositiveIntegerField()
    first_line = models.BigIntegerField()
    line_count = models.PositiveIntegerField()
    levels = models.PositiveSmallIntegerField(default=0)
    packed = models.BinaryField()

    class Meta:
        verbose_name = _("job log chunk")
        verbose_name_plural = _("job log chunks")
        ordering = ["first_line"]
        constraints = [
            models.UniqueConstraint(fields=["job", "first_line"], name="joblog_line_unique")
        ]

    def __str__(self) -> str:
        return f"{self.job_id} lines {self.first_line}+{self.line_count}"

    @property
    def lines(self) -> list[list[Any]]:
        """The lines themselves."""
        found: list[list[Any]] = unpack(self.packed)
        return found


def pack(lines: list[list[Any]]) -> bytes:
    """Return lines as they are stored."""
    # Level 1 takes a fraction of the time of the default and still makes a tenth of most logs.
    return zlib.compress(json.dumps(lines, separators=(",", ":")).encode(), 1)


def unpack(packed: Any) -> Any:
    """Return the lines of a stored chunk."""
    return json.loads(zlib.decompress(packed))


class JobArtifact(models.Model):
    """A file that a job keeps, in the storage named ``artifacts``."""

    job = models.ForeignKey("toolkits.Job", on_delete=models.CASCADE, related_name="artifacts")
    attempt = models.PositiveIntegerField(default=0)
    name = models.CharField(_("name"), max_length=200)
    content_type = models.CharField(max_length=100, default="application/octet-stream")
    size_bytes = models.BigIntegerField(_("size"))
    digest = models.CharField(_("SHA-256"), max_length=64, blank=True)
    stored_as = models.CharField(max_length=300)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("artifact")
        verbose_name_plural = _("artifacts")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["job", "name"], name="jobartifact_name_unique")
        ]

    def __str__(self) -> str:
        return self.name
