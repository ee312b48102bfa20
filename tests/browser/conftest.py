"""A real console in its own process, with a filled world, and a headless Chromium in front of it."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from desk.setup import create_user
from pipeline.index import Index
from tests.desk.conftest import database, databases, index, installation  # noqa: F401
from tests.desk.world import fill

PASSWORD = "a kettle full of tea"


@pytest.fixture(autouse=True, scope="package")
def _django_beside_playwright() -> Iterator[None]:
    # Playwright keeps an event loop in this thread, which Django takes for asynchronous code.
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        yield


@pytest.fixture
def console(database: str, index: Index, tmp_path: Path) -> Iterator[str]:  # noqa: F811
    """The address of a running console; kim is a responder, lee a lead."""
    create_user("kim", PASSWORD, "responder")
    create_user("lee", PASSWORD, "lead")
    create_user("park", PASSWORD, "admin")
    fill(index)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "moksori", "desk", "serve", "--port", str(port)]
    with (tmp_path / "serve.log").open("wb") as log:
        server = subprocess.Popen(command, env=os.environ, stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        try:
            return urllib.request.urlopen(f"{address}/login", timeout=5).status == 200
        except OSError:
            return False

    try:
        deadline = time.monotonic() + 60
        while not answers():
            assert server.poll() is None, (tmp_path / "serve.log").read_text()
            assert time.monotonic() < deadline, "the console does not answer"
        yield address
    finally:
        server.terminate()
        server.wait(timeout=20)


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, or the one that $CHROMIUM names."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=["--no-sandbox"]
        )
        yield browser
        browser.close()


def _is_complaint(message: ConsoleMessage) -> bool:
    return message.type == "error" and "409 (Conflict)" not in message.text  # a conflict is an answer, not a fault


@pytest.fixture
def open_page(chromium: Browser, console: str) -> Iterator[Callable[..., Page]]:
    """Open a page as a user, in a language and width; what the browser complains about fails the test."""
    complaints: list[str] = []
    contexts = []

    def open_(user: str, language: str = "ko", width: int = 1280, dark: bool = False) -> Page:
        context = chromium.new_context(
            base_url=console,
            locale=language,
            viewport={"width": width, "height": 844},
            device_scale_factor=1.5,
            color_scheme="dark" if dark else "light",
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text) if _is_complaint(message) else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto("/login")
        page.fill("input[name=username]", user)
        page.fill("input[name=password]", PASSWORD)
        page.click("button.main")
        page.wait_for_url("**/")
        return page

    yield open_
    for context in contexts:
        context.close()
    assert complaints == []
