"""What second factors refuse."""

from __future__ import annotations

from toolbox.problems import Problem


class FactorRefused(Problem):
    """A code or a passkey that is not right."""

    http_status = 401
    title = "Not signed in"


class FactorNeeded(Problem):
    """The password was right, and a second factor is asked for."""

    http_status = 401
    title = "A second factor is needed"
    errors = [{"loc": ["otp"], "message": "Send a code of your app, or a recovery code, as otp."}]

    def __init__(self) -> None:
        super().__init__("Send a code of your authenticator app, or a recovery code, as otp.")


class FactorMissing(Problem):
    """A role asks for a second factor, and the user has none yet."""

    http_status = 403
    title = "A second factor must be set up"

    def __init__(self) -> None:
        super().__init__("Your role asks for a second factor. Sign in to the console to set it up.")
