"""Our collecting of a shop against a bare Scrapy spider on the same local site."""

import json
import multiprocessing
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

import scrapy
from scrapy.crawler import CrawlerProcess

from benchmarks.material import DAY
from benchmarks.side_by_side import in_turn
from crawlers.collect import collect
from crawlers.registry import Limits, ShopSource
from moksori.bench import Figure, Lab, Server
from moksori.demo.servers import serve_site
from moksori.demo.shop_site import CATEGORIES, ShopSite
from moksori.demo.stage import Answer, Stage
from moksori.demo.world import BRAND, World
from pipeline.stream import RAW, open_stream

NEEDS: Final[tuple[Server, ...]] = ()
_CONCURRENCY: Final = 4
_FRESH: Final = multiprocessing.get_context("spawn")


def run(lab: Lab) -> Iterator[Figure]:
    """Both read every review of the demo's shop without pauses, four requests at a time, each in a fresh process."""
    mine, theirs = _FRESH.Pipe()
    site = _FRESH.Process(target=_serve, args=(lab.size(10_000), theirs), daemon=True)
    site.start()
    address = mine.recv()
    rounds = iter(range(10_000))

    def ours() -> float:
        return _apart(_collect, address, lab.folder / str(next(rounds)))

    def bare() -> float:
        return _apart(_bare, address, lab.folder / f"{next(rounds)}.jsonl")

    yield from in_turn(lab.runs, ours, bare).figures("our crawling", "bare Scrapy", "reviews/s", 0.9)
    mine.send("enough")
    site.join()


def _apart(crawl: Any, *arguments: Any) -> float:
    with ProcessPoolExecutor(1, mp_context=_FRESH) as pool:
        return float(pool.submit(crawl, *arguments).result())


class _Quick:
    """The demo's shop without its slow page, whose second of waiting would hide the work. Pages are built once."""

    def __init__(self, said: int) -> None:
        world = World.generate(7, DAY)
        self._shop = ShopSite(Stage(replace(world, said=world.said[:said])))
        self._built: dict[str, Answer] = {}

    def answer(self, path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
        key = f"{path}?{query.get('page', '')}"
        if key not in self._built:
            self._built[key] = replace(self._shop.answer(path, query, headers), delay_s=0)
        return self._built[key]


def _serve(said: int, orders: Connection) -> None:
    with serve_site(_Quick(said)) as address:
        orders.send(address)
        orders.recv()


def _starts(address: str) -> list[str]:
    return [f"{address}/category/{slug}" for slug in CATEGORIES]


def _collect(address: str, folder: Path) -> float:
    """Reviews a second, from the start of the crawl to the last acknowledgement."""
    source = ShopSource(
        name="shop", kind="shop", brand=BRAND, start=_starts(address), allow_private=True,
        limits=Limits(delay_s=0, concurrency=_CONCURRENCY),
    )  # fmt: skip
    folder.mkdir()
    stream = open_stream(f"sqlite:///{folder}/stream.db")
    started = time.perf_counter()
    (ended,) = collect([source], stream, folder)
    seconds = time.perf_counter() - started
    published = stream.lag(RAW, "bench")
    stream.close()
    assert published == ended.published > 0, ended
    return published / seconds


class _Spider(scrapy.Spider):
    """What one writes in a quarter of an hour: the same pages, the same fields, no care for what is broken."""

    name = "bare"

    def __init__(self, address: str) -> None:
        super().__init__()
        self.start_urls = _starts(address)

    def parse(self, response: Any) -> Iterator[Any]:
        for link in response.css('a[href*="/products/"]::attr(href)'):
            yield response.follow(link.get(), self.parse_product)
        yield from response.follow_all(css='a[rel="next"]', callback=self.parse)

    def parse_product(self, response: Any) -> Iterator[Any]:
        for script in response.css('script[type="application/ld+json"]::text').getall():
            mended = script.strip().removeprefix("<!--").removesuffix("//-->").replace("},]", "}]")
            product = json.loads(mended, strict=False)
            for each in product["review"]:
                yield {
                    "product": product["name"], "id": each["@id"], "author": each["author"]["name"],
                    "at": each["datePublished"], "text": each["reviewBody"],
                    "stars": each.get("reviewRating", {}).get("ratingValue"),
                }  # fmt: skip
        name = response.css('[itemprop="name"]::text').get()
        for each in response.css('[itemprop="review"]'):
            yield {
                "product": name, "id": each.attrib["itemid"], "author": each.css('[itemprop="author"]::text').get(),
                "at": each.css("time::attr(datetime)").get(), "text": each.css('[itemprop="reviewBody"]::text').get(),
                "stars": each.css('[itemprop="ratingValue"]::attr(content)').get(),
            }  # fmt: skip
        yield from response.follow_all(css='a[rel="next"]', callback=self.parse_product)


def _bare(address: str, file: Path) -> float:
    """Reviews a second, from the start of the crawl to the last line of its JSONL file."""
    process = CrawlerProcess(
        {
            "CONCURRENT_REQUESTS_PER_DOMAIN": _CONCURRENCY, "DOWNLOAD_DELAY": 0, "COOKIES_ENABLED": False,
            "FEEDS": {str(file): {"format": "jsonlines"}}, "LOG_ENABLED": False, "ROBOTSTXT_OBEY": True,
            "TELNETCONSOLE_ENABLED": False,
        }
    )  # fmt: skip
    process.crawl(_Spider, address=address)
    started = time.perf_counter()
    process.start()
    seconds = time.perf_counter() - started
    return len(file.read_text(encoding="utf-8").splitlines()) / seconds
