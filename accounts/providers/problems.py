"""What can go wrong with a provider."""

from __future__ import annotations

from toolbox.problems import Problem


class ProviderUnavailable(Problem):
    """A provider cannot be reached, or does not work as it is set up. Says what failed."""

    http_status = 503
    title = "The sign-in provider does not answer"


class ProviderRefused(Problem):
    """A provider, or a check of what it said, refused the sign-in. The words are for the audit
    trail; whoever signs in hears less."""

    http_status = 401
    title = "Not signed in"
