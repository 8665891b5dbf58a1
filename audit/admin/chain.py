"""What proves the trail: checkpoints, keys, verifications, and where events are sent."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy

from audit.models import Checkpoint, ForwardPosition, SigningKey, Verification
from toolbox.admin.base import ReadOnlyAdmin


@admin.register(Checkpoint)
class CheckpointAdmin(ReadOnlyAdmin):
    """Signed statements about the chain."""

    icon = "certificate"
    order = 30
    hint = gettext_lazy("Signed statements of what the chain was at a time")

    list_display = ("sequence", "kind", "created_at", "key_id", "hash")
    list_filter = ("kind",)
    ordering = ("-id",)
    sortable_by = ()


@admin.register(SigningKey)
class SigningKeyAdmin(ReadOnlyAdmin):
    """Public keys that checkpoints are or were signed with."""

    icon = "key"
    order = 40
    hint = gettext_lazy("Public keys, to verify checkpoints elsewhere")

    list_display = ("key_id", "public_key", "created_at")
    sortable_by = ()


@admin.register(Verification)
class VerificationAdmin(ReadOnlyAdmin):
    """Verifications of the whole trail."""

    icon = "checklist"
    order = 20
    hint = gettext_lazy("What each verification of the whole trail found")

    list_display = ("requested_at", "requested_by", "finished_at", "rows", "whole")
    list_select_related = ("requested_by",)
    exclude = ("state",)
    ordering = ("-id",)
    sortable_by = ()

    @admin.display(description=gettext_lazy("whole"), boolean=True)
    def whole(self, made: Verification) -> bool | None:
        return made.is_whole if made.finished_at else None


@admin.register(ForwardPosition)
class ForwardPositionAdmin(ReadOnlyAdmin):
    """How far each place that events are sent to has come."""

    icon = "send"
    order = 50
    hint = gettext_lazy("Where events are sent, and what holds them up")

    list_display = ("label", "sequence", "sent_at", "failures", "error", "next_try_at")
    sortable_by = ()
