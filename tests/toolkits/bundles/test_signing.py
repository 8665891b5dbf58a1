"""Signatures: whatever was touched after signing is named, and the policy decides on the rest."""

from __future__ import annotations

import json

import pytest

from toolkits.bundles import signing

FILES = {"toolkit.json": "a" * 64, "kit.py": "b" * 64}


@pytest.fixture
def keys():
    return signing.new_key()


def check(files, text, keys=None):
    trusted = {keys[1]: "team"} if keys else {}
    return signing.check(files, text.encode(), trusted)


def test_a_signature_by_a_trusted_key_names_its_signer(keys):
    found = check(FILES, signing.sign(FILES, keys[0].encode()), keys)

    assert (found.status, found.signer) == ("trusted", "team")


def test_a_good_signature_by_a_strange_key_is_told_apart(keys):
    assert check(FILES, signing.sign(FILES, keys[0].encode())).status == "unknown"


def test_a_bundle_without_a_signature_has_none():
    assert signing.check(FILES, None, {}).status == "none"


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({**FILES, "extra.py": "c" * 64}, "extra.py was added after signing"),
        ({"toolkit.json": "a" * 64}, "kit.py was removed after signing"),
        ({**FILES, "kit.py": "c" * 64}, "kit.py was changed after signing"),
    ],
)
def test_a_file_touched_after_signing_is_named(keys, files, said):
    found = check(files, signing.sign(FILES, keys[0].encode()), keys)

    assert found.status == "broken"
    assert found.problems == [said]


def test_a_list_changed_along_with_the_files_does_not_verify(keys):
    body = json.loads(signing.sign(FILES, keys[0].encode()))
    body["files"]["kit.py"] = "c" * 64

    found = check({**FILES, "kit.py": "c" * 64}, json.dumps(body), keys)

    assert found.status == "broken"
    assert "was not made by its key" in found.problems[0]


def test_a_signature_under_another_key_is_broken(keys):
    body = json.loads(signing.sign(FILES, keys[0].encode()))
    other = signing.new_key()
    body["key"] = other[1]

    assert check(FILES, json.dumps(body), other).status == "broken"


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"version": 1, "files": {}}', "{" * 500])
def test_rubbish_is_a_broken_signature(text):
    assert signing.check(FILES, text.encode(), {}).status == "broken"


def test_another_kind_of_key_does_not_sign():
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = rsa.generate_private_key(65537, 2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    with pytest.raises(ValueError, match="not an Ed25519 key"):
        signing.sign(FILES, pem)
