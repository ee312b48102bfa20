"""Makes the mail of an outbox row: plain text, HTML and the chart, the same bytes for every try."""

import re
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage, Message, MIMEPart
from email.policy import SMTP, Policy
from email.utils import format_datetime, getaddresses

from desk.outbox import chart, week_chart
from desk.outbox.models import OutboxMessage
from desk.outbox.off import off_url
from desk.outbox.transports import Refused
from pipeline.errors import SettingsError


class _OneLine(UnstructuredHeader, BaseHeader):
    """An id or address that no program would know again if it were folded; it may have 998 characters (RFC 5322)."""

    max_count = 1

    def fold(self, *, policy: "Policy[Message[str, str]]") -> str:
        return f"{self.name}: {self}{policy.linesep}"


_HEADERS = HeaderRegistry()
for _name in ("in-reply-to", "references", "list-unsubscribe"):
    _HEADERS.map_to_type(_name, _OneLine)
_POLICY = SMTP.clone(header_factory=_HEADERS)
_ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]\\]+@[^\s@<>,;:\"()\[\]\\]+")


def build(row: OutboxMessage, sender: str) -> EmailMessage:
    """The mail. Raises Refused for a recipient that is no address, SettingsError for such a sender.

    Message-ID is the dedupe key: a second copy, sent because a worker died after sending, can be recognised. Later
    mails about an alert answer the first one, so that mail programs show them together.
    """
    from_ = _address(sender)
    if from_ is None:
        raise SettingsError(f"mail: sender: {sender!r} is no address. Write for example: moksori <moksori@example.com>")
    to = _address(row.recipient)
    if to is None:
        raise Refused(f"{row.recipient!r} is no address. Mend mail: recipients in moksori.yaml")
    message = EmailMessage(policy=_POLICY)
    message["From"], message["To"] = from_, to
    message["Subject"] = _header_text(row.subject)
    message["Date"] = format_datetime(row.created_at)
    message["Message-ID"] = f"<{row.dedupe_key}@{from_.domain}>"
    if row.answers:
        message["In-Reply-To"] = message["References"] = f"<{row.answers}@{from_.domain}>"
    message["Auto-Submitted"] = "auto-generated"
    _offer_to_turn_off(message, off_url(row.recipient))
    message.set_content(row.text)
    message.add_alternative(row.html, subtype="html")
    if row.chart is not None:
        html = list(message.iter_parts())[1]
        assert isinstance(html, MIMEPart)
        picture = week_chart.draw(row.chart) if "week" in row.chart else chart.draw(row.chart)
        html.add_related(picture, "image", "png", cid="<chart>", filename="chart.png", disposition="inline")
    _fix_boundaries(message, row.dedupe_key)
    return message


def _offer_to_turn_off(message: EmailMessage, url: str) -> None:
    message["List-Unsubscribe"] = f"<{url}>"
    if url.startswith("https://"):  # RFC 8058 asks for it: a mail program posts there by itself
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"


def _header_text(text: str) -> str:
    # The email package decodes encoded words in what it is given: "=?utf-8?q?=0ABcc:…?=" would become a header.
    return " ".join(text.replace("=?", "= ?").split())


def _address(written: str) -> Address | None:
    found = getaddresses([written])
    if len(found) != 1:
        return None
    name, address = found[0]
    if not _ADDRESS.fullmatch(address) or any(ord(character) < 32 for character in written):
        return None
    return Address(display_name=_header_text(name), addr_spec=address)


def _fix_boundaries(message: EmailMessage, key: str) -> None:
    # Random by default; fixed ones make a resend equal byte by byte.
    for number, part in enumerate(part for part in message.walk() if part.is_multipart()):
        part.set_boundary(f"=-{key}-{number}")
