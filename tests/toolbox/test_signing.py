"""What the platform refuses to sign with."""

import pytest

from toolbox.config import SigningConfig
from toolbox.health import signing


@pytest.mark.parametrize(
    ("secret", "said"),
    [
        ("", "set AUTH_JWT_SECRET"),
        ("short", "has 5 characters"),
        ("changeme-changeme-changeme-changeme", "sample value"),
        ("abababababababababababababababababab", "easy to guess"),
    ],
)
def test_a_weak_secret_is_named(secret, said):
    assert said in signing.problem(SigningConfig("HS256", secret=secret))


def test_a_random_secret_is_accepted():
    assert signing.problem(SigningConfig("HS256", secret="q3Vd9sXk2LmPz7RtY8uWbN4hJc6gFa1E")) == ""


def test_half_a_key_pair_is_named():
    config = SigningConfig("RS256", private_key="-----BEGIN PRIVATE KEY-----")

    assert "AUTH_JWT_PUBLIC_KEY" in signing.problem(config)
