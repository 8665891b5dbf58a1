"""What the rules about accounts refuse."""

from __future__ import annotations

from toolbox.problems import Problem


class NotAllowed(Problem):
    """A change to an account that the rules forbid."""

    http_status = 403
    title = "Not allowed"


class LastAdministrator(Problem):
    """The change would leave nobody who can administer accounts."""

    http_status = 409
    title = "The last administrator stays"


class TokenRefused(Problem):
    """A token that is not good. The message never says more than the client needs."""

    http_status = 401
    title = "Not signed in"
