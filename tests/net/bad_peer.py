"""bad_peer.py -- a node of the mesh that answers for a directory, badly.

bad_peer.py ADDRESS PORT MODE-FILE EXPORT-FILE: MODE-FILE is read at each
request, EXPORT-FILE is a good journal's export to take lines from.
"""
import hashlib
import json
import socket
import sys
import threading
import time

address, port, mode_file, export_file = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
ZERO = bytes(32)


def head(length):
    size = b"" if length is None else b"Content-Length: %d\r\n" % length
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n" + size + b"\r\n"


def raw_of(envelope, sig):
    text = json.dumps(envelope, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
    return b"bastide/v1/" + envelope["type"].encode() + b"\n" + text.encode() + sig


class Log:
    """Lines whose chain of hashes is right, whatever they say."""

    def __init__(self):
        self.chain = ZERO
        self.lines = []

    def add(self, envelope, sig):
        self.chain = hashlib.blake2b(self.chain + raw_of(envelope, sig), digest_size=32).digest()
        self.lines.append(json.dumps({"chain": self.chain.hex(), "envelope": envelope,
                                      "sig": sig.hex()}, separators=(",", ":"), sort_keys=True,
                                     ensure_ascii=False).encode() + b"\n")


def good():
    return [json.loads(line) for line in open(export_file, encoding="utf-8")]


def repeated():
    log = Log()
    while len(log.lines) < 4000:
        for e in good():
            log.add(e["envelope"], bytes.fromhex(e["sig"]))
    return log


def strangers():
    log = Log()
    for i in range(2000):
        log.add({"author": "did:plc:%032x" % i, "body": {"subject": "did:plc:%032x" % (i + 1)},
                 "created_at": "2026-01-01T00:00:00Z", "prev": "", "seq": 0, "type": "Attest"},
                bytes(64))
    return log


def page(log, start):
    return b"".join(log.lines[start:start + 1000])


def serve(conn, logs):
    with conn:
        asked = b""
        while b"\r\n\r\n" not in asked:
            more = conn.recv(4096)
            if not more:
                return
            asked += more
        path = asked.split(b" ")[1].decode()
        start = int(path.split("from=")[1].split("&")[0]) if "from=" in path else 0
        mode = open(mode_file, encoding="utf-8").read().strip()
        print(mode, path, flush=True)
        if mode == "endless":
            conn.sendall(head(None))
            while True:
                conn.sendall(b"x" * 65536)
        elif mode == "long":
            conn.sendall(head(10) + b"x" * 100000)
        elif mode == "huge":
            conn.sendall(head(10 ** 9))
            time.sleep(5)
        elif mode == "short":
            conn.sendall(head(1000) + b"x")
        elif mode == "broken":
            conn.sendall(head(6) + b"hello\n")
        elif mode == "same":
            body = page(logs["repeat"], 0)
            conn.sendall(head(len(body)) + body)
        else:
            body = page(logs[mode], start)
            conn.sendall(head(len(body)) + body)


def main():
    logs = {"repeat": repeated(), "strangers": strangers()}
    s = socket.create_server((address, port), family=socket.AF_INET6)
    print("listening", flush=True)

    def one(conn):
        try:
            serve(conn, logs)
        except OSError as e:
            print("cut", type(e).__name__, flush=True)

    while True:
        conn, _ = s.accept()
        threading.Thread(target=one, args=(conn,), daemon=True).start()


main()
