"""Refuses requests to private, local and reserved addresses, by the address that the host name leads to."""

import ipaddress
from typing import Self
from urllib.parse import urlsplit

from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest, NotConfigured
from scrapy.http import Request, Response
from scrapy.utils.defer import maybe_deferred_to_future
from twisted.internet.defer import Deferred
from twisted.internet.error import DNSLookupError


class PrivateAddress(IgnoreRequest):
    """The request would leave the public internet."""


def is_public(address: str) -> bool:
    """Whether an IP address lies in the public internet. An IPv4 address inside an IPv6 one counts as itself."""
    ip = ipaddress.ip_address(address.split("%")[0])
    inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None) if ip.version == 6 else None
    return (inner or ip).is_global and not (inner or ip).is_multicast


class PublicAddressesOnly:
    """Looks at every request, so also at redirects and robots.txt.

    Scrapy's resolver caches for the life of the process what is looked up here, so that the connection goes to the
    very address that was checked.
    """

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        if crawler.settings.getbool("MOKSORI_ALLOW_PRIVATE"):
            raise NotConfigured("this source may lie in a private network")
        return cls()

    async def process_request(self, request: Request) -> None:
        host = urlsplit(request.url).hostname or ""
        if not is_public(await _resolve(host)):
            raise PrivateAddress(f"{host} is a private address")

    def process_response(self, request: Request, response: Response) -> Response:
        if response.ip_address is not None and not is_public(str(response.ip_address)):
            raise PrivateAddress(f"{urlsplit(request.url).hostname} is a private address")
        return response


async def _resolve(host: str) -> str:
    from twisted.internet import reactor  # at import it would install another reactor than ours

    lookup: Deferred[str] = reactor.resolve(host)  # type: ignore[arg-type]  # twisted declares another
    try:
        return await maybe_deferred_to_future(lookup)
    except (OSError, DNSLookupError, UnicodeError) as error:
        raise IgnoreRequest(f"{host}: no such host: {error}") from None
