"""An S3 server for tests."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
from moto.server import ThreadedMotoServer

BACKEND = "storages.backends.s3.S3Storage"
BUCKET = "toolkits"


@dataclass
class S3:
    """A running server with one bucket."""

    url: str

    def options(self) -> dict[str, Any]:
        """Options of a storage in its bucket."""
        return {
            "bucket_name": BUCKET,
            "endpoint_url": self.url,
            "region_name": "us-east-1",
            "access_key": "tester",
            "secret_key": "no-real-one",
        }

    def environ(self) -> dict[str, str]:
        """What makes a process of the platform keep its bundles here."""
        options = json.dumps(self.options())
        return {"TOOLKIT_BUNDLE_STORAGE": BACKEND, "TOOLKIT_BUNDLE_STORAGE_OPTIONS": options}

    @property
    def client(self) -> Any:
        given = self.options()
        return boto3.client(
            "s3",
            endpoint_url=self.url,
            region_name=given["region_name"],
            aws_access_key_id=given["access_key"],
            aws_secret_access_key=given["secret_key"],
        )

    def names(self) -> list[str]:
        """The names of everything in the bucket."""
        listed = self.client.list_objects_v2(Bucket=BUCKET)
        return [entry["Key"] for entry in listed.get("Contents", [])]

    def put(self, key: str, data: bytes) -> None:
        """Put an object there, past the platform."""
        self.client.put_object(Bucket=BUCKET, Key=key, Body=data)


@contextmanager
def running() -> Iterator[S3]:
    """A server for a block."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    made = S3(f"http://{host}:{port}")
    made.client.create_bucket(Bucket=BUCKET)
    try:
        yield made
    finally:
        server.stop()
