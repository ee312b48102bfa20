"""The invented brand's shop: category pages, and product pages with paged reviews as schema.org data."""

import json
from collections.abc import Callable, Mapping
from html import escape
from typing import Any, Final
from urllib.parse import quote

from moksori.demo.phrases import Product, products
from moksori.demo.stage import Answer, Stage
from moksori.demo.world import BRAND, ZONE, Said

PAGE_SIZE: Final = 100
SLOW_S: Final = 1.0
CATEGORIES: Final = {"bedding": "침구", "home": "리빙", "kitchen": "주방", "care": "생활·케어"}
_ROBOTS: Final = b"User-agent: *\nDisallow: /admin/\nDisallow: /products/preview/\n"
_FEW: Final = 8
"""Products on one category page."""


class ShopSite:
    """Answers like a shop. Beside good pages it has what real shops have: a product that is gone, one that redirects in
    a circle, one that robots.txt forbids, a slow page and broken data."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._products = {product.slug: product for product in products()}

    def answer(self, path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
        page = int(query.get("page", "1")) if query.get("page", "1").isdecimal() else 1
        match path.strip("/").split("/"):
            case ["robots.txt"]:
                return Answer(_ROBOTS, content_type="text/plain")
            case [""]:
                return _html(BRAND, "".join(f'<a href="/category/{slug}">{n}</a> ' for slug, n in CATEGORIES.items()))
            case ["category", slug] if slug in CATEGORIES:
                return self._category(slug, page)
            case ["products", "forever-mug"]:
                return Answer(status=302, headers=[("Location", "/products/forever-cup")])
            case ["products", "forever-cup"]:
                return Answer(status=302, headers=[("Location", "/products/forever-mug")])
            case ["products", slug] if slug in self._products:
                return self._product(self._products[slug], page)
        return Answer("<h1>없는 페이지입니다</h1>".encode(), status=404)

    def _category(self, slug: str, page: int) -> Answer:
        links = [(f"/products/{p.slug}", p.name) for p in self._products.values() if p.category == slug]
        if slug == "kitchen":
            links += [("/products/old-kettle", "단종 주전자"), ("/products/forever-mug", "영원 머그")]
            links += [("/products/preview/spring", "봄 신상품 미리보기")]
        shown = links[(page - 1) * _FEW : page * _FEW]
        items = "".join(f'<li><a href="{escape(href)}">{escape(name)}</a></li>' for href, name in shown)
        more = f'<a rel="next" href="/category/{slug}?page={page + 1}">다음</a>' if len(links) > page * _FEW else ""
        return _html(CATEGORIES[slug], f"<ul>{items}</ul>{more}<a href='/admin/login'>관리자</a>")

    def _product(self, product: Product, page: int) -> Answer:
        reviews = [one for one in self._stage.seen("shop") if one.product is product]
        shown = reviews[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
        build = _BUILDERS[product.page if product.page in _BUILDERS else "plain"]
        more = len(reviews) > page * PAGE_SIZE
        link = f'<a rel="next" href="/products/{product.slug}?page={page + 1}">다음 후기</a>' if more else ""
        answer = _html(product.name, build(product, shown, self._stage) + link)
        if product.page == "slow" and page == 1:
            return Answer(answer.body, delay_s=SLOW_S)
        return answer


def _html(title: str, body: str) -> Answer:
    head = f'<meta charset="utf-8"><title>{escape(title)} | {BRAND}</title>'
    return Answer(
        f"<!doctype html><html lang=ko><head>{head}</head><body><h1>{escape(title)}</h1>{body}</body></html>".encode()
    )


def _json_ld(product: Product, reviews: list[Said], stage: Stage) -> dict[str, Any]:
    return {
        "@context": "https://schema.org", "@type": "Product", "name": product.name, "sku": product.slug,
        "url": f"/products/{quote(product.slug)}", "brand": {"@type": "Brand", "name": BRAND},
        "aggregateRating": {"@type": "AggregateRating", "ratingValue": "4.4", "reviewCount": str(len(reviews))},
        "review": [_review(one, stage) for one in reviews],
    }  # fmt: skip


def _review(one: Said, stage: Stage) -> dict[str, Any]:
    review: dict[str, Any] = {
        "@type": "Review", "@id": f"#r{one.number}", "author": {"@type": "Person", "name": one.author},
        "datePublished": one.at.astimezone(ZONE).isoformat(), "reviewBody": stage.text(one), "inLanguage": one.language,
    }  # fmt: skip
    if one.stars:
        review["reviewRating"] = {
            "@type": "Rating",
            "ratingValue": str(one.stars),
            "bestRating": "5",
            "worstRating": "1",
        }
    return review


def _plain(product: Product, reviews: list[Said], stage: Stage) -> str:
    data = json.dumps(_json_ld(product, reviews, stage), ensure_ascii=False).replace("</", "<\\/")
    return f'<script type="application/ld+json">{data}</script>'


def _broken(product: Product, reviews: list[Said], stage: Stage) -> str:
    """As templates print it: a comment around it, commas too many, raw line ends inside of texts."""
    data = json.dumps(_json_ld(product, reviews, stage), ensure_ascii=False).replace("</", "<\\/")
    data = data.replace("요 ", "요\n").replace("}]", "},]")
    return f'<script type="application/ld+json">\n<!--\n{data}\n//-->\n</script>'


def _microdata(product: Product, reviews: list[Said], stage: Stage) -> str:
    parts = [
        f'<div itemscope itemtype="https://schema.org/Product"><span itemprop="name">{escape(product.name)}</span>'
    ]
    parts.append(f'<meta itemprop="sku" content="{product.slug}">')
    for one in reviews:
        stars = f'<meta itemprop="ratingValue" content="{one.stars}"><meta itemprop="bestRating" content="5">'
        rating = f'<div itemprop="reviewRating" itemscope itemtype="https://schema.org/Rating">{stars}</div>'
        parts.append(
            f'<article itemprop="review" itemscope itemtype="https://schema.org/Review" itemid="#r{one.number}">'
            f'<b itemprop="author">{escape(one.author)}</b>'
            f'<time itemprop="datePublished" datetime="{one.at.astimezone(ZONE).isoformat()}"></time>'
            f'<p itemprop="reviewBody">{escape(stage.text(one))}</p>{rating if one.stars else ""}</article>'
        )
    return "".join(parts) + "</div>"


_BUILDERS: Final[dict[str, Callable[[Product, list[Said], Stage], str]]] = {
    "broken": _broken,
    "microdata": _microdata,
    "plain": _plain,
}
