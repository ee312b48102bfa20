"""The Elasticsearch index template of reviews: what Kibana, the dashboards and the queries rely on."""

from typing import Any, Final

_KEYWORD: Final = {"type": "keyword"}
_DATE: Final = {"type": "date"}
_FLOAT: Final = {"type": "float"}

PROPERTIES: Final[dict[str, Any]] = {
    "id": _KEYWORD,
    "source": _KEYWORD,
    "kind": _KEYWORD,
    "brand": _KEYWORD,
    "product": _KEYWORD,
    "product_version": _KEYWORD,
    "location": _KEYWORD,
    "author_id": _KEYWORD,
    "rating": _FLOAT,
    "title": {"type": "text"},
    "text": {"type": "text", "index_options": "offsets"},
    # Lower-cased lemmas from the tagger, joined by blanks: no plugin, no analyser of the server has a say in Korean.
    "tokens": {"type": "text", "analyzer": "whitespace"},
    "url": {"type": "keyword", "index": False, "doc_values": False},
    "lang": _KEYWORD,
    "created_at": _DATE,
    "collected_at": _DATE,
    "version": {"type": "long"},
    "sentiment": _KEYWORD,
    # double, not float: a page cursor must come back as it was written
    "sentiment_score": {"type": "double"},
    # A number, not a boolean: its average is the negative share, without a formula.
    "is_negative": {"type": "byte"},
    "themes": _KEYWORD,
    "negative_themes": _KEYWORD,
    "theme_sentiment": {"type": "object", "dynamic": True},
    "stage": _KEYWORD,
    "emotion": _KEYWORD,
    "urgency": _KEYWORD,
    "churn_risk": _FLOAT,
    "is_spam": {"type": "boolean"},
    "owner_reply_at": _DATE,
    "response_hours": _FLOAT,
    "case_status": _KEYWORD,
    "model": _KEYWORD,
    "evidence": {"type": "object", "enabled": False},
    "deleted": {"type": "boolean"},
}


def template(name: str) -> dict[str, Any]:
    """The index template for indices "{name}-v*". Strict: an unknown field is refused, not guessed at.

    theme_sentiment alone is open, since a brand adds themes of its own; its values are mapped to numbers.
    """
    return {
        "index_patterns": [f"{name}-v*"],
        "priority": 200,
        "template": {
            "settings": {
                "number_of_shards": 1,
                "number_of_replicas": 0,
                "refresh_interval": "5s",
                "index.query.default_field": ["title", "text", "tokens"],
                "index.mapping.total_fields.limit": 300,
            },
            "mappings": {
                "dynamic": "strict",
                "dynamic_templates": [
                    {"theme_tones": {"path_match": "theme_sentiment.*", "mapping": {"type": "float"}}}
                ],
                "_meta": {"schema_version": 1},
                "properties": PROPERTIES,
            },
        },
    }
