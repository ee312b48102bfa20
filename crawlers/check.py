"""Checks a source without asking its site: does its spider load, are its secrets there."""

from scrapy.utils.misc import load_object

from crawlers.registry import KINDS, LISTENERS, MastodonSource, Source, WebhookSource
from pipeline.errors import SettingsError
from pipeline.secret_references import read_secret


def check_source(source: Source) -> str | None:
    """What is wrong with a declared source, in one line; None when nothing is."""
    try:
        load_object((KINDS.get(source.kind) or LISTENERS[source.kind]).replace(":", "."))
        if isinstance(source, WebhookSource):
            for reference in source.secrets:
                read_secret(reference)
        if isinstance(source, MastodonSource) and source.token:
            read_secret(source.token)
    except (ImportError, SettingsError) as error:
        return str(error)
    return None
