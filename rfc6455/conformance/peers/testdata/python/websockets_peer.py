"""The package websockets as a peer: `websockets_peer.py client URL...` or `... server`.

What a URL asks for is in the doc comment of the Go package.
"""

import asyncio
import json
import sys
from urllib.parse import parse_qsl, urlsplit

from websockets.exceptions import ConnectionClosed
from websockets.extensions.permessage_deflate import (
    ClientPerMessageDeflateFactory,
    ServerPerMessageDeflateFactory,
)
from websockets.legacy.client import connect
from websockets.legacy.server import WebSocketServerProtocol, serve

# No Pings of its own, and patience with a machine that has much else to do.
OPTIONS = {
    "compression": None,
    "max_size": 16 << 20,
    "ping_interval": None,
    "close_timeout": 60,
}


async def echo(ws, query):
    async for message in ws:
        await ws.send(message)


async def fragments(ws, query):
    size = int(query["size"])
    async for message in ws:
        await ws.send([message[at : at + size] for at in range(0, len(message), size)])


async def ping(ws, query):
    payload = query.get("payload", "")
    await (await ws.ping(payload))
    await ws.send(payload)
    await ws.wait_closed()


async def close(ws, query):
    await ws.close(int(query["code"]), query.get("reason", ""))


TASKS = {"/echo": echo, "/fragments": fragments, "/ping": ping, "/close": close}


def parse(url):
    parts = urlsplit(url)
    return parts.path + "?" + parts.query, TASKS[parts.path], dict(parse_qsl(parts.query))


def deflate(factory, query):
    """Return the extensions that a URL asks for; None sends no header at all."""
    if "deflate" not in query:
        return None
    names = ("server_no_context_takeover", "client_no_context_takeover")
    options = {name: name in query for name in names}
    for name in ("server_max_window_bits", "client_max_window_bits"):
        if name in query:
            options[name] = int(query[name])
    return [factory(**options)]


def output(line):
    print(json.dumps(line), flush=True)


async def perform(ws, url):
    """Do a task, and print a report when the connection has ended."""
    target, task, query = parse(url)
    error = ""
    try:
        await task(ws, query)
    except ConnectionClosed as closed:
        if closed.rcvd is None:
            error = str(closed)
    except Exception as failure:
        error = repr(failure)
    await ws.wait_closed()
    output({"target": target, "code": ws.close_code, "reason": ws.close_reason, "error": error})


class Server(WebSocketServerProtocol):
    """A connection whose URL says which extensions the server has."""

    def process_extensions(self, headers, available_extensions):
        extensions = deflate(ServerPerMessageDeflateFactory, parse(self.path)[2])
        return super().process_extensions(headers, extensions)


async def client(urls):
    for url in urls:
        target, _, query = parse(url)
        extensions = deflate(ClientPerMessageDeflateFactory, query)
        try:
            async with connect(url, extensions=extensions, **OPTIONS) as ws:
                await perform(ws, url)
        except Exception as failure:
            output({"target": target, "error": repr(failure)})


async def server():
    handler = lambda ws: perform(ws, ws.path)
    async with serve(handler, "127.0.0.1", 0, create_protocol=Server, **OPTIONS) as running:
        output({"url": "ws://127.0.0.1:%d" % running.sockets[0].getsockname()[1]})
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if sys.argv[1] == "client":
    asyncio.run(client(sys.argv[2:]))
else:
    asyncio.run(server())
