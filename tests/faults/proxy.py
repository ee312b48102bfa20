"""A proxy before Elasticsearch that fails as servers and networks fail: on command, a given number of times."""

import http.client
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal
from urllib.parse import urlsplit

Fault = Literal["429", "503", "applied, then silence", "half refused", "cut before", "cut after"]


class Proxy:
    """Passes requests on; bulk requests meet the fault that is set, `times` times."""

    def __init__(self, target: str) -> None:
        self.target = urlsplit(target)
        self.fault: Fault | None = None
        self.times = 0
        self.met = 0
        self.lock = threading.Lock()
        self.released = threading.Event()

    def next_fault(self, path: str) -> Fault | None:
        with self.lock:
            if "_bulk" not in path or self.fault is None or self.times == 0:
                return None
            self.times -= 1
            self.met += 1
            return self.fault

    def fail(self, fault: Fault, times: int) -> None:
        with self.lock:
            self.fault, self.times = fault, times


@contextmanager
def proxied(target: str) -> Iterator[tuple[Proxy, str]]:
    """A running proxy before `target`, and its own address."""
    proxy = Proxy(target)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            fault = proxy.next_fault(self.path)
            if fault in ("429", "503"):
                self.answer(int(fault), {"error": {"type": "overloaded", "reason": fault}, "status": int(fault)})
            elif fault == "cut before":
                self.cut()
            elif fault == "half refused":
                self.half(body)
            else:
                status, headers, content = self.ask(body)
                if fault == "cut after":
                    self.cut()
                elif fault == "applied, then silence":
                    proxy.released.wait(20)
                    self.cut()
                else:
                    self.reply(status, headers, content)

        do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = handle_any  # noqa: N815

        def half(self, body: bytes) -> None:
            """The second half of the items never reaches the server, and is refused for lack of room."""
            lines = body.splitlines(keepends=True)
            middle = len(lines) // 4 * 2
            status, headers, content = self.ask(b"".join(lines[:middle]))
            answer = json.loads(content)
            refused = {"type": "es_rejected_execution_exception", "reason": "queue full"}
            for action in lines[middle::2]:
                answer["items"].append(
                    {"index": {"_id": json.loads(action)["index"]["_id"], "status": 429, "error": refused}}
                )
            answer["errors"] = True
            self.reply(status, headers, json.dumps(answer).encode())

        def ask(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
            connection = http.client.HTTPConnection(proxy.target.hostname or "", proxy.target.port)
            passed = {
                k: v for k, v in self.headers.items() if k.lower() not in ("host", "content-length", "connection")
            }
            connection.request(self.command, self.path, body, passed)
            answer = connection.getresponse()
            content = answer.read()
            connection.close()
            return answer.status, answer.getheaders(), content

        def answer(self, status: int, value: Any) -> None:
            kind = "application/vnd.elasticsearch+json; compatible-with=9"
            headers = [("Content-Type", kind), ("X-Elastic-Product", "Elasticsearch")]
            self.reply(status, headers, json.dumps(value).encode())

        def reply(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
            self.send_response(status)
            for name, value in headers:
                if name.lower() not in ("content-length", "transfer-encoding", "connection", "content-encoding"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        def cut(self) -> None:
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True

        def log_message(self, *_: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: Any) -> None:
            pass  # cut connections are meant

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield proxy, f"http://127.0.0.1:{server.server_port}"
    finally:
        proxy.released.set()
        server.shutdown()
        server.server_close()
