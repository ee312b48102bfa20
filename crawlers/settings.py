"""Scrapy's settings for one source: politeness, limits and retries."""

from typing import Any, Final

from crawlers.registry import Source

USER_AGENT: Final = "moksori/1 (collects public customer reviews for the brand; obeys robots.txt)"
"""Says what we are. An operator with a contact page writes it into $MOKSORI_USER_AGENT."""


def scrapy_settings(source: Source, user_agent: str = USER_AGENT) -> dict[str, Any]:
    """The settings that this source is crawled with."""
    limits = source.limits
    return {
        "AUTOTHROTTLE_ENABLED": limits.delay_s > 0,
        "AUTOTHROTTLE_MAX_DELAY": max(60.0, limits.delay_s),
        "AUTOTHROTTLE_START_DELAY": limits.delay_s,
        "AUTOTHROTTLE_TARGET_CONCURRENCY": float(limits.concurrency),
        "CLOSESPIDER_TIMEOUT": limits.seconds,
        "CONCURRENT_ITEMS": 100,
        "CONCURRENT_REQUESTS": limits.concurrency * max(1, len(source.hosts)),
        "CONCURRENT_REQUESTS_PER_DOMAIN": limits.concurrency,
        "COOKIES_ENABLED": False,
        "DOWNLOAD_DELAY": limits.delay_s,
        "DOWNLOAD_MAXSIZE": limits.page_bytes,
        "DOWNLOAD_TIMEOUT": limits.timeout_s,
        "DOWNLOAD_VERIFY_CERTIFICATES": True,
        "DOWNLOAD_WARNSIZE": 0,
        "DOWNLOADER_MIDDLEWARES": {
            "crawlers.addresses.PublicAddressesOnly": 40,
            "crawlers.patience.Patience": 550,
            "scrapy.downloadermiddlewares.retry.RetryMiddleware": None,  # Patience does its work
            "scrapy.downloadermiddlewares.redirect.MetaRefreshMiddleware": None,
        },
        # A proxy would reach private addresses by itself, where the check of ours does not see them.
        "HTTPPROXY_ENABLED": not source.allow_private,
        "ITEM_PIPELINES": {"crawlers.collect.PublishPipeline": 100},
        "LOG_ENABLED": False,
        "MEMUSAGE_ENABLED": False,
        "MOKSORI_ALLOW_PRIVATE": source.allow_private,
        "MOKSORI_LONGEST_WAIT": limits.wait_s,
        "REDIRECT_MAX_TIMES": 5,
        "REFERRER_POLICY": "no-referrer",
        "RETRY_TIMES": limits.retries,
        "ROBOTSTXT_OBEY": True,
        "ROBOTSTXT_USER_AGENT": "moksori",
        "TELNETCONSOLE_ENABLED": False,
        "USER_AGENT": user_agent,
    }
