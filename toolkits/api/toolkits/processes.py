"""Which process runs which version."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from redis.exceptions import RedisError
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from toolbox.api.openapi import may_answer
from toolbox.api.parameters import only_known
from toolbox.api.views import ApiView
from toolkits import access, processes
from toolkits.errors import NotUsable


class WarmSerializer(serializers.Serializer[Any]):
    """A version whose code is loaded."""

    toolkit = serializers.CharField()
    version = serializers.CharField()


class ProcessSerializer(serializers.Serializer[Any]):
    """One process."""

    kind = serializers.ChoiceField(choices=["web", "worker", "scheduler"])
    host = serializers.CharField()
    pid = serializers.IntegerField()
    started_at = serializers.DateTimeField()
    told_at = serializers.DateTimeField(help_text="When it last told of itself.")
    silent = serializers.BooleanField(help_text="It has probably ended.")
    versions = serializers.DictField(
        child=serializers.CharField(),
        help_text="Version and digest that it sees as active, by toolkit.",
    )
    lacks = serializers.ListField(
        child=serializers.CharField(), help_text="Toolkits that its host is fetching."
    )
    warm = WarmSerializer(many=True)


class ProcessesSerializer(serializers.Serializer[Any]):
    """What is active, and every process."""

    active = serializers.DictField(child=serializers.CharField())
    results = ProcessSerializer(many=True)


class ProcessesView(ApiView):
    """The platform's processes."""

    @extend_schema(
        operation_id="processes_list",
        responses=ProcessesSerializer,
        extensions=may_answer(404, 409),
    )
    def get(self, request: Request) -> Response:
        """List the web, worker and scheduler processes with the versions that they run."""
        only_known(request, set())
        if not access.can_manage_toolkits(request.user):
            raise Http404
        try:
            found = processes.known()
        except RedisError:
            raise NotUsable("Redis does not answer: what the processes run is not known.") from None
        return Response(
            {"active": processes.wanted(), "results": [_json(process) for process in found]}
        )


def _json(process: processes.Process) -> dict[str, Any]:
    return {
        "kind": process.kind,
        "host": process.host,
        "pid": process.pid,
        "started_at": datetime.fromtimestamp(process.started, UTC),
        "told_at": datetime.fromtimestamp(process.told, UTC),
        "silent": process.silent,
        "versions": process.versions,
        "lacks": process.lacks,
        "warm": [{"toolkit": slug, "version": version} for slug, version in process.warm],
    }
