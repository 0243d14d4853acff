"""pairs.py -- all pairs of a mesh by name, watched from one process.

	pairs.py [-c] [-w SECONDS] NAME=NETNS=NPUB...
	pairs.py -s <NAME=NPUB lines	whose address is the smallest

Opens a socket for names and one for pings in every namespace. Each node asks
its own node for the name of each other, then pings it until it answers; one
question at a time and pair, every 100 ms (more with many pairs). Says "first"
and "last" in seconds since it began, as JSON.

With -c it goes on until nothing was lost for 5 s and says "settled" too: when
the last ping left that nobody answered. Begin it just before what breaks the
mesh. Says "ready" on stderr when its clock starts.
"""
import ctypes
import hashlib
import json
import os
import select
import socket
import struct
import sys
import time

CLONE_NEWNET = 0x40000000
ICMP6_FILTER = 1
PATIENCE = 1.0          # a ping without an answer after that is lost
QUIET = 5.0


def enter(path):
    with open(path) as f:
        if ctypes.CDLL(None, use_errno=True).setns(f.fileno(), CLONE_NEWNET):
            sys.exit("setns %s: %s" % (path, os.strerror(ctypes.get_errno())))


class Node:
    def __init__(self, name, netns, npub):
        self.name, self.npub = name, npub
        enter("/run/netns/" + netns)
        self.dns = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        self.ping = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
        # Echo replies alone.
        block = bytearray(b"\xff" * 32)
        block[129 // 8 // 4 * 4 + 0:129 // 8 // 4 * 4 + 4] = struct.pack("=I", 0xffffffff & ~(1 << (129 % 32)))
        self.ping.setsockopt(socket.IPPROTO_ICMPV6, ICMP6_FILTER, bytes(block))
        for s in (self.dns, self.ping):
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
            s.setblocking(False)


class Pair:
    def __init__(self, number, a, b):
        self.number, self.a, self.b = number, a, b
        self.addr = None
        self.seq = 0
        self.out = {}           # seq: when it left
        self.answered = None
        self.lost = 0.0         # when the last lost one left

    def query(self):
        name = b"\x3f" + self.b.npub.encode() + b"\x04fips\0"
        return struct.pack("!6H", self.number, 0x0100, 1, 0, 0, 0) + name + struct.pack("!2H", 28, 1)

    def ask(self, now):
        try:
            if self.addr is None:
                self.a.dns.sendto(self.query(), ("::1", 53))
                return
            self.seq = self.seq + 1 & 0xffff
            self.a.ping.sendto(struct.pack("!BBHHH", 128, 0, 0, self.number, self.seq), (self.addr, 0))
            self.out[self.seq] = now
        except OSError:
            if self.addr is not None:
                self.lost = now

    def age(self, now):
        for seq in [s for s, t in self.out.items() if now - t > PATIENCE]:
            self.lost = max(self.lost, self.out.pop(seq))


def resolved(pairs, data):
    """The address in an answer to one of our questions, if there is one."""
    if len(data) < 28 or struct.unpack("!H", data[6:8])[0] == 0:
        return
    p = pairs.get(struct.unpack("!H", data[:2])[0])
    if p and p.addr is None and data[-16] == 0xfd:
        p.addr = socket.inet_ntop(socket.AF_INET6, data[-16:])
        p.ask(time.monotonic())


def echoed(pairs, data, who, now):
    number, seq = struct.unpack("!2H", data[4:8])
    p = pairs.get(number)
    if p and who[0] == p.addr and p.out.pop(seq, None) is not None and p.answered is None:
        p.answered = now


def take(pairs, node, sock):
    while True:
        try:
            data, who = sock.recvfrom(2000)
        except OSError:
            return
        if sock is node.dns:
            resolved(pairs, data)
        else:
            echoed(pairs, data, who, time.monotonic())


def watch(nodes, pairs, limit, settle):
    socks = {s: n for n in nodes for s in (n.dns, n.ping)}
    every = max(0.1, len(pairs) / 1000)
    step = every / max(1, len(pairs))
    ring, turn = list(pairs.values()), 0
    start = time.monotonic()
    print("ready", file=sys.stderr, flush=True)
    while True:
        now = time.monotonic()
        # Spread over the interval: a burst would measure itself.
        while start + turn * step <= now:
            p = ring[turn % len(ring)]
            turn += 1
            p.age(now)
            if settle or p.answered is None:
                p.ask(now)
        for s in select.select(list(socks), [], [], step)[0]:
            take(pairs, socks[s], s)
        done = all(p.answered for p in ring)
        quiet = now - max([start] + [p.lost for p in ring]) > QUIET
        if now - start > limit or (done and (quiet or not settle)):
            break
    times = sorted(p.answered - start for p in ring if p.answered)
    out = {"pairs": len(ring), "answered": len(times),
           "first": round(times[0], 3) if times else None,
           "last": round(times[-1], 3) if len(times) == len(ring) else None}
    slow = sorted((p for p in ring if p.answered), key=lambda p: -p.answered)[:5]
    out["slowest"] = {"%s-%s" % (p.a.name, p.b.name): round(p.answered - start, 3) for p in slow}
    if settle:
        lost = max(p.lost for p in ring)
        out["settled"] = round(max(0, lost - start), 3) if done and quiet else None
        out["hit"] = sum(p.lost > 0 for p in ring)
    if len(times) < len(ring):
        out["missing"] = ["%s-%s" % (p.a.name, p.b.name) for p in ring if not p.answered][:20]
    print(json.dumps(out))


def smallest(lines):
    """The name of the node that would be the root of all these."""
    letters = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"

    def address(npub):
        bits = "".join(format(letters.index(c), "05b") for c in npub[5:-6])
        return hashlib.sha256(int(bits[:256], 2).to_bytes(32, "big")).digest()
    return min((line.strip().split("=") for line in lines), key=lambda l: address(l[1]))[0]


def main(args):
    if args == ["-s"]:
        print(smallest(sys.stdin))
        return
    settle, limit = False, 60.0
    while args and args[0].startswith("-"):
        if args[0] == "-c":
            settle = True
        else:
            limit = float(args.pop(1))
        args.pop(0)
    nodes = [Node(*a.split("=")) for a in args]
    couples = [(a, b) for a in nodes for b in nodes if a is not b]
    pairs = {i: Pair(i, a, b) for i, (a, b) in enumerate(couples, 1)}
    watch(nodes, pairs, limit, settle)


main(sys.argv[1:])
