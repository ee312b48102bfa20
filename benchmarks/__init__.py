"""Benchmarks: one file each, with `NEEDS` (servers) and `run(lab)`; `make bench` runs them in this order."""

from typing import Final

ALL: Final = (
    "tagging_korean",
    "tagging_english",
    "worker_overhead",
    "produce",
    "consume",
    "indexing",
    "crawling",
    "two_workers",
    "pipeline_embedded",
    "pipeline_servers",
    "memory",
    "million",
    "alert_speed",
)
