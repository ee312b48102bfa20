"""Topics and indices of a benchmark's own on the servers that run, removed afterwards."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from elasticsearch import Elasticsearch
from kafka import KafkaAdminClient

from moksori.bench import Lab
from pipeline.index import open_index
from pipeline.stream import TOPICS, open_stream


@contextmanager
def kafka(lab: Lab) -> Iterator[str]:
    """The URL of a stream with fresh topics of four partitions."""
    hosts, prefix = lab.servers["kafka"], f"bench-{uuid.uuid4().hex[:8]}"
    url = f"kafka://{hosts}/{prefix}?partitions=4"
    stream = open_stream(url)
    stream.setup()
    stream.close()
    try:
        yield url
    finally:
        admin = KafkaAdminClient(bootstrap_servers=hosts.split(","))
        admin.delete_topics([f"{prefix}.{topic}" for topic in TOPICS])
        admin.close()


@contextmanager
def elasticsearch(lab: Lab) -> Iterator[str]:
    """The URL of a fresh index."""
    host, name = lab.servers["elasticsearch"], f"bench-{uuid.uuid4().hex[:8]}"
    url = f"{host}/{name}"
    index = open_index(url)
    index.setup()
    index.close()
    try:
        yield url
    finally:
        with Elasticsearch(host) as client:
            client.indices.delete(index=f"{name}-v1")
            client.indices.delete_index_template(name=name)
