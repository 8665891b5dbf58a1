"""What a job leaves behind: its log in chunks, and its files."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class JobLog(models.Model):
    """A chunk of consecutive log lines: ``[[epoch, level, source, text], …]``."""

    job = models.ForeignKey("toolkits.Job", on_delete=models.CASCADE, related_name="log_chunks")
    attempt = models.PositiveIntegerField()
    first_line = models.BigIntegerField()
    line_count = models.PositiveIntegerField()
    lines = models.JSONField()

    class Meta:
        verbose_name = _("job log chunk")
        ordering = ["first_line"]
        constraints = [
            models.UniqueConstraint(fields=["job", "first_line"], name="joblog_line_unique")
        ]

    def __str__(self) -> str:
        return f"{self.job_id} lines {self.first_line}+{self.line_count}"


class JobArtifact(models.Model):
    """A file that a job keeps."""

    job = models.ForeignKey("toolkits.Job", on_delete=models.CASCADE, related_name="artifacts")
    name = models.CharField(_("name"), max_length=200)
    content_type = models.CharField(max_length=100, default="application/octet-stream")
    size_bytes = models.BigIntegerField(_("size"))
    stored_as = models.CharField(max_length=300)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("artifact")
        constraints = [
            models.UniqueConstraint(fields=["job", "name"], name="jobartifact_name_unique")
        ]

    def __str__(self) -> str:
        return self.name
