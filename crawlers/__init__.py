"""Collects reviews from sources and puts them on the stream.

registry.py    what sources.yaml declares            spiders/     one module per kind of site or API
collect.py     runs the spiders of some sources      listeners/   sources that push to us
importer.py    files                                 publish.py   redact, give an id, send, remember
checkpoints.py what is known already                 health.py    how each collection ended
"""
