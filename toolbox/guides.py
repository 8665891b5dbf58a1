"""Which guide tells of a page: the link that every page has at its head.

A place is the name of a view, or the beginning of one; the longest that fits counts. A guide is
its page under ``/docs/`` and a heading in it.
"""

from __future__ import annotations

from functools import lru_cache

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

PLACES: dict[str, str] = {
    "account": "operator#your-time-zone-and-language",
    "account-device": "client",
    "account-password": "sign-in#passwords-lockout-second-factors",
    "account-token": "sign-in#tokens",
    "api-docs": "api",
    "audit-": "audit#reading",
    "catalog": "administration#installing",
    "dashboard": "operator#dashboard",
    "evidence-": "audit#evidence-packs",
    "job-": "operator#the-job-s-page",
    "job-list": "operator#many-jobs-at-once",
    "operation-": "operator#running-an-operation",
    "record-": "operator#records",
    "recovery-": "sign-in#passwords-lockout-second-factors",
    "schedule-": "operator#schedules",
    "second-factor": "sign-in#passwords-lockout-second-factors",
    "toolkit-": "operator#running-an-operation",
    "toolkit-settings": "administration#what-is-where",
    "admin:": "administration#what-is-where",
    "admin:accounts_identity": "sign-in#providers",
    "admin:accounts_invitation": "sign-in#the-first-administrator-and-inviting-people",
    "admin:accounts_personaltoken": "sign-in#tokens",
    "admin:accounts_provider": "sign-in#providers",
    "admin:accounts_role": "sign-in#roles-and-grants",
    "admin:accounts_user": "sign-in#the-first-administrator-and-inviting-people",
    "admin:accounts_usersession": "sign-in#sessions",
    "admin:audit_": "audit#reading",
    "admin:audit_checkpoint": "audit#checkpoints",
    "admin:audit_forwardposition": "audit#forwarding",
    "admin:audit_legalhold": "audit#retention-and-legal-holds",
    "admin:audit_retentionrule": "audit#retention-and-legal-holds",
    "admin:audit_signingkey": "audit#checkpoints",
    "admin:audit_verification": "audit#verifying",
    "admin:maintenance": "administration#maintenance",
    "admin:queues": "troubleshooting#jobs",
    "admin:system": "administration#support-bundle",
    "admin:toolkits_cardstate": "operator#dashboard",
    "admin:toolkits_catalog": "administration#installing",
    "admin:toolkits_job": "job-engine",
    "admin:toolkits_notification": "job-engine#notifications",
    "admin:toolkits_processes": "scaling",
    "admin:toolkits_record": "operator#records",
    "admin:toolkits_schedule": "operator#schedules",
    "admin:toolkits_toolkit": "administration#installing",
    "admin:toolkits_trustedkey": "administration#installing",
}


@lru_cache(maxsize=512)
def _guide(view: str) -> str:
    fitting = [place for place in PLACES if view.startswith(place)]
    return PLACES[max(fitting, key=len)] if fitting else ""


def address(request: HttpRequest) -> str:
    """Return the address of the guide that tells of this page, or nothing."""
    match = request.resolver_match
    guide = _guide(match.view_name) if match else ""
    if not guide:
        return ""
    page, _, heading = guide.partition("#")
    try:
        url = reverse("docs-page", args=[page])
    except NoReverseMatch:
        return ""
    return f"{url}#{heading}" if heading else url
