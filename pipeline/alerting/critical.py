"""Finds the single reviews that cannot wait: a danger, a threat to sue, the press, a leak, someone to look after."""

from zoneinfo import ZoneInfo

from pipeline.alerting.detection import Detection, Quote
from pipeline.alerting.phrases import find
from pipeline.alerting.rules import AlertRules, CriticalRule
from pipeline.models import Review, TaggedReview


def critical_key(review: Review) -> str:
    """The name of a review's alert: its id stands where a trend has its theme."""
    return "|".join((review.brand, review.source, review.product or "*", review.id, "critical"))


def judge(tagged: TaggedReview, rules: AlertRules, timezone: str) -> Detection | None:
    """What the first rule that fits this review says of it; advertising fits none."""
    if tagged.tags.spam:
        return None
    for rule in rules.critical:
        if fits(rule, tagged):
            return _detection(rule, tagged, timezone)
    return None


def fits(rule: CriticalRule, tagged: TaggedReview) -> bool:
    """Whether all conditions of the rule hold."""
    review, tags, scope = tagged.review, tagged.tags, rule.scope
    phrases = _phrases(rule)
    return (
        _among(review.brand, scope.brands)
        and _among(review.source, scope.sources)
        and _among(review.product, scope.products)
        and _among(tags.lang, scope.languages)
        and (not scope.themes or any(theme.name in scope.themes for theme in tags.themes))
        and _among(tags.urgency, rule.urgency)
        and _among(tags.sentiment, rule.sentiment)
        and _among(review.author_id, rule.authors)
        and (rule.rating_at_most is None or (review.rating is not None and review.rating <= rule.rating_at_most))
        and (not phrases or bool(find(phrases, review.text) or find(phrases, review.title)))
    )


def _among(value: str | None, wanted: tuple[str, ...]) -> bool:
    return not wanted or value in wanted


def _phrases(rule: CriticalRule) -> tuple[str, ...]:
    return (*rule.phrases.ko, *rule.phrases.en)


def _detection(rule: CriticalRule, tagged: TaggedReview, timezone: str) -> Detection:
    review = tagged.review
    day = review.created_at.astimezone(ZoneInfo(timezone)).date()
    start, end = find(_phrases(rule), review.text) or (None, None)
    quote = Quote(
        id=review.id,
        text=review.text,
        created_at=review.created_at,
        rating=review.rating,
        url=review.url,
        start=start,
        end=end,
    )
    return Detection(
        key=critical_key(review),
        kind="critical",
        rule=rule.name,
        brand=review.brand,
        source=review.source,
        product=review.product,
        since=day,
        until=day,
        observed=1,
        expected=0.0,
        total=1,
        p_value=0.0,
        severity=rule.severity,
        quotes=[quote],
    )
