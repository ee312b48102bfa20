"""Sends the saved objects to a Kibana: waits until it is up, puts the console's address in, checks what it answers.

Kibana's saved-object API: POST /api/saved_objects/_import?overwrite=true, multipart, answered 200 even on failure.
"""

import base64
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any, Final

from moksori.kibana.objects import CONSOLE
from moksori.kibana.panels import DATA_VIEW
from pipeline.errors import MoksoriError, Unavailable

_BOUNDARY: Final = "moksori-saved-objects"
_READY_WITHIN_S: Final = 300
_PAUSE_S: Final = 3


def send(
    url: str, file: str, console_url: str, user: str | None, password: str | None, waiting: Callable[[str], None]
) -> int:
    """Import the objects into the Kibana at `url`, and make the data view its default. Returns the number of objects.

    May be run again. Raises Unavailable when Kibana does not come up, MoksoriError when it refuses an object.
    """
    headers = {"kbn-xsrf": "true"}
    if user:
        token = base64.b64encode(f"{user}:{password or ''}".encode()).decode()
        headers["Authorization"] = f"Basic {token}"
    _wait_until_up(url, headers, waiting)
    text = file.replace(CONSOLE, console_url.rstrip("/"))
    expected = len(text.splitlines())
    body = (
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="moksori.ndjson"\r\n'
        f"Content-Type: application/ndjson\r\n\r\n{text}\r\n--{_BOUNDARY}--\r\n"
    ).encode()
    kind = {"Content-Type": f"multipart/form-data; boundary={_BOUNDARY}"}
    answer = _ask(f"{url}/api/saved_objects/_import?overwrite=true", headers | kind, body)
    if not answer.get("success") or answer.get("successCount") != expected:
        errors = answer.get("errors") or [answer]
        first = errors[0]
        raise MoksoriError(f"kibana refused {len(errors)} of {expected} objects; the first: {json.dumps(first)[:300]}")
    choice = json.dumps({"data_view_id": DATA_VIEW, "force": True}).encode()
    _ask(f"{url}/api/data_views/default", headers | {"Content-Type": "application/json"}, choice)
    return expected


def _wait_until_up(url: str, headers: dict[str, str], waiting: Callable[[str], None]) -> None:
    deadline = time.monotonic() + _READY_WITHIN_S
    while True:
        try:
            status = _ask(f"{url}/api/status", headers)
            if status.get("status", {}).get("overall", {}).get("level") == "available":
                return
            why = "it is still starting"
        except Unavailable as error:
            why = str(error)
        if time.monotonic() > deadline:
            raise Unavailable(f"{url}: kibana is not up after {_READY_WITHIN_S} s: {why}")
        waiting(why)
        time.sleep(_PAUSE_S)


def _ask(url: str, headers: dict[str, str], body: bytes | None = None) -> dict[str, Any]:
    request = urllib.request.Request(url, data=body, headers=headers)  # noqa: S310  (the operator's own Kibana)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            found: dict[str, Any] = json.load(answer)
            return found
    except urllib.error.HTTPError as error:
        text = error.read().decode(errors="replace")[:300]
        if error.code in (429, 502, 503, 504):
            raise Unavailable(f"{url}: {error.code} {text}") from None
        raise MoksoriError(f"{url}: {error.code} {text}") from None
    except (OSError, ValueError) as error:
        raise Unavailable(f"{url}: {error}") from None
