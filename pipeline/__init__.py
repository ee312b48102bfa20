"""Moves, keeps and watches reviews: words, stream, index, worker loop, ledger and alert statistics.

models.py    the words as data              stream/    the log between stages (SQLite or Kafka)
worker.py    the one loop of every stage     index/     what people search (SQLite or Elasticsearch)
ledger.py    proof that nothing was lost     alerting/  series, detection (pure numpy)
"""
