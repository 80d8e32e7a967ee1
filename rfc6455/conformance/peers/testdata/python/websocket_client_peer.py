"""The package websocket-client as a peer: `websocket_client_peer.py client URL...`.

What a URL asks for is in the doc comment of the Go package. With trace in the
URL the package's own trace is on, and becomes part of the report; with
unchecked it does not check text for UTF-8, which takes it seconds for 16 MiB.
"""

import json
import logging
import struct
import sys
from urllib.parse import parse_qsl, urlsplit

import websocket
from websocket import ABNF


class Trace(logging.Handler):
    """Keep what the package says of each frame, without the payload."""

    def __init__(self):
        super().__init__()
        self.lines = []

    def emit(self, record):
        line = record.getMessage()
        if "decoded: " in line:
            self.lines.append(line.split(" data=")[0])


def echo(ws, query):
    while True:
        opcode, frame = ws.recv_data_frame()
        if opcode == ABNF.OPCODE_CLOSE:
            return frame
        ws.send(frame.data, opcode)


def fragments(ws, query):
    size = int(query["size"])
    while True:
        opcode, frame = ws.recv_data_frame()
        if opcode == ABNF.OPCODE_CLOSE:
            return frame
        for at in range(0, len(frame.data), size):
            last = at + size >= len(frame.data)
            part = frame.data[at : at + size]
            ws.send_frame(ABNF.create_frame(part, opcode, int(last)))
            opcode = ABNF.OPCODE_CONT


def ping(ws, query):
    ws.ping(query.get("payload", ""))
    opcode, frame = ws.recv_data_frame(control_frame=True)
    assert opcode == ABNF.OPCODE_PONG, opcode
    ws.send(frame.data)
    return echo(ws, query)


def close(ws, query):
    if "code" in query:
        ws.send_close(int(query["code"]), query.get("reason", "").encode())
    else:
        ws.send(b"", ABNF.OPCODE_CLOSE)
    return ws.recv_frame()


TASKS = {"/echo": echo, "/fragments": fragments, "/ping": ping, "/close": close}


def perform(url):
    """Do what the URL asks for, and return the report."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    report = {"target": parts.path + "?" + parts.query}
    trace = Trace()
    websocket.enableTrace("trace" in query, trace)
    try:
        ws = websocket.create_connection(url, skip_utf8_validation="unchecked" in query)
        payload = TASKS[parts.path](ws, query).data
        report["code"] = struct.unpack("!H", payload[:2])[0] if payload else 1005
        report["reason"] = payload[2:].decode()
        ws.shutdown()
    except Exception as failure:
        report["error"] = repr(failure)
    logging.getLogger("websocket").removeHandler(trace)
    report["trace"] = trace.lines
    return report


for url in sys.argv[2:]:
    print(json.dumps(perform(url)), flush=True)
