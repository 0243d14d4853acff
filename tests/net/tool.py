"""tool.py -- what the tests in namespaces send, watch and count.

	sink ADDR PORT			take one TCP stream, print its SHA-256
	source ADDR PORT BYTES		send one, print its SHA-256
	burst ADDR PORT COUNT SIZE	datagrams in pieces of twenty (UDP_SEGMENT), print their SHA-256
	gather ADDR PORT COUNT		take so many, say when twenty came, print the SHA-256 of them in order
	number ADDR PORT SIZE		until SIGTERM all the numbered datagrams it can, in pieces of twenty; print how many
	order ADDR PORT			until SIGTERM and then a second without, take them; print "came N passed M"
	watch IF HEX			until SIGTERM; then "frames N seen M"
	grab IF FILE SIZE		keep the first UDP payload of that size that comes in
	udp ADDR PORT FILE [TIMES [FROM]] send a file as a datagram
	sizes ADDR PORT FROM TO		send UDP of each size, print what came back
	echo ADDR PORT			answer datagrams with themselves
	garbage ADDR PORT COUNT SEED	bent, cut, long and random datagrams
	strangers ADDR PORT COUNT [FROM]	handshakes that nobody began; from there, and that port
	dns ADDR PORT COUNT SEED	the same for a DNS responder
	ctl SOCKET			bad clients of the control socket
	people FILE COUNT		a hosts file of made-up nodes
	lists SOCKET LEAST		many readers of one long list
	lines FILE MODEL		a text that both logs have stands in both at one level and target
	screens FILE MODEL WHO		fipstop has no complaint, and every label that it has in the model
	say SOCKET JSON			one request to a control socket, print the data of its answer
	scan PID HEX			how often the bytes stand in its memory
	key NSEC			its 32 bytes in hex
	idle PID... SECONDS		share of a core they used, in percent
	memory PID...			PSS and RSS together, in MiB
	alike FILE MODEL		every member of the model's JSON is in the other's, of one type
	first ADDR SECONDS		wait for the first answer to a ping, print when
"""
import hashlib
import json
import os
import random
import re
import select
import signal
import socket
import struct
import sys
import time

# UDP payload offset of a frame on Ethernet, or None.
def udp_payload(frame):
    if len(frame) < 42:
        return None
    kind = struct.unpack("!H", frame[12:14])[0]
    if kind == 0x0800 and frame[23] == 17:
        start = 14 + (frame[14] & 15) * 4 + 8
    elif kind == 0x86DD and frame[20] == 17:
        start = 62
    else:
        return None
    length = struct.unpack("!H", frame[start - 4:start - 2])[0] - 8
    return frame[start:start + length]


def sink(addr, port):
    s = socket.socket(socket.AF_INET6)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((addr, int(port)))
    s.listen(1)
    print("listening", file=sys.stderr, flush=True)
    c, _ = s.accept()
    h = hashlib.sha256()
    while True:
        b = c.recv(1 << 18)
        if not b:
            break
        h.update(b)
    print(h.hexdigest())


def source(addr, port, count):
    count, sent, h = int(count), 0, hashlib.sha256()
    block = os.urandom(1 << 16)
    s = socket.create_connection((addr, int(port)), timeout=20)
    s.settimeout(None)
    began = time.monotonic()
    while sent < count:
        # Every block differs, so that a block in the wrong place shows.
        b = (struct.pack("!Q", sent) + block)[:min(len(block), count - sent)]
        s.sendall(b)
        h.update(b)
        sent += len(b)
    s.shutdown(socket.SHUT_WR)
    s.recv(1)
    took = time.monotonic() - began
    print(h.hexdigest())
    print("%.2f s, %.1f MB/s" % (took, count / took / 1e6), file=sys.stderr)


def burst(addr, port, count, size):
    s = socket.socket(to(addr), socket.SOCK_DGRAM)
    s.setsockopt(17, 103, struct.pack("i", int(size)))    # UDP_SEGMENT
    s.settimeout(30)
    s.connect((addr, int(port)))
    h = hashlib.sha256()
    for i in range(0, int(count), 20):
        b = os.urandom(int(size) * 20)
        s.send(b)
        h.update(b)
        s.recv(1)           # no queue on the way is what we test
    print(h.hexdigest())


def gather(addr, port, count):
    s = socket.socket(to(addr), socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, 33, 8 << 20)    # SO_RCVBUFFORCE
    s.bind((addr, int(port)))
    s.settimeout(30)
    h = hashlib.sha256()
    print("listening", file=sys.stderr, flush=True)
    for n in range(1, int(count) + 1):
        data, who = s.recvfrom(70000)
        h.update(data)
        if n % 20 == 0:
            s.sendto(b"n", who)
    print(h.hexdigest())


def number(addr, port, size):
    s = socket.socket(to(addr), socket.SOCK_DGRAM)
    s.setsockopt(17, 103, struct.pack("i", int(size)))    # UDP_SEGMENT
    s.connect((addr, int(port)))
    rest, n, over = bytes(int(size) - 8), 0, []
    signal.signal(signal.SIGTERM, lambda *_: over.append(1))
    print("sending", file=sys.stderr, flush=True)
    while not over:
        s.send(b"".join(struct.pack("!Q", n + i) + rest for i in range(20)))
        n += 20
    print(n)


def order(addr, port):
    """passed: came after one that was sent later."""
    s = socket.socket(to(addr), socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, 33, 8 << 20)    # SO_RCVBUFFORCE
    s.bind((addr, int(port)))
    s.settimeout(1)
    came, passed, last, over = 0, 0, -1, []
    signal.signal(signal.SIGTERM, lambda *_: over.append(1))
    print("listening", file=sys.stderr, flush=True)
    while True:
        try:
            n = struct.unpack("!Q", s.recv(70000)[:8])[0]
        except TimeoutError:
            if over:
                break
            continue
        came, passed, last = came + 1, passed + (n < last), max(n, last)
    print("came %d passed %d" % (came, passed))


def pace(addr, port, pps, size):
    s = socket.socket(to(addr), socket.SOCK_DGRAM)
    s.connect((addr, int(port)))
    block, pps, sent, began = bytes(int(size)), int(pps), 0, time.monotonic()
    while True:
        due = int((time.monotonic() - began) * pps) - sent
        # What was missed in a long pause of ours stays missed.
        for _ in range(min(due, pps // 20)):
            try:
                s.send(block)
            except OSError:
                pass
        sent += due
        time.sleep(0.002)


def count(addr, port):
    s = socket.socket(to(addr), socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, 33, 8 << 20)    # SO_RCVBUFFORCE
    s.bind((addr, int(port)))
    s.settimeout(0.02)
    n, due, buf = 0, 0, bytearray(2048)
    print("listening", file=sys.stderr, flush=True)
    while True:
        try:
            s.recv_into(buf)
            n += 1
        except TimeoutError:
            pass
        if time.time() >= due:
            due = time.time() + 0.1
            print("%.3f %d" % (time.time(), n), flush=True)


def packets(ifname):
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    s.setsockopt(socket.SOL_SOCKET, 33, 8 << 20)    # SO_RCVBUFFORCE
    s.bind((ifname, 0))
    return s


def watch(ifname, pattern):
    s, want = packets(ifname), bytes.fromhex(pattern)
    frames = seen = 0
    over = []
    signal.signal(signal.SIGTERM, lambda *_: over.append(1))
    print("listening", file=sys.stderr, flush=True)
    while True:
        if not select.select([s], [], [], 0 if over else 0.2)[0]:
            if over:        # and nothing that came before is left
                break
            continue
        frame = s.recv(70000)
        frames += 1
        seen += want in frame
    print("frames %d seen %d" % (frames, seen))


def grab(ifname, path, size):
    s = packets(ifname)
    print("listening", file=sys.stderr, flush=True)
    while True:
        frame, who = s.recvfrom(70000)
        p = udp_payload(frame)
        # 4: on its way out of here
        if who[2] != 4 and p is not None and len(p) == int(size):
            break
    with open(path, "wb") as f:
        f.write(p)


def to(addr):
    return socket.AF_INET6 if ":" in addr else socket.AF_INET


def udp(addr, port, path, times="1", source=""):
    s = socket.socket(to(addr), socket.SOCK_DGRAM)
    s.bind((source, 0))
    with open(path, "rb") as f:
        data = f.read()
    for _ in range(int(times)):
        s.sendto(data, (addr, int(port)))


def echo(addr, port):
    s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    s.bind((addr, int(port)))
    print("listening", file=sys.stderr, flush=True)
    while True:
        data, who = s.recvfrom(70000)
        s.sendto(data, who)


def sizes(addr, port, first, last):
    """IPv6 packets of each size, as a UDP program would send them: path MTU
    discovery on, EMSGSIZE and fragments left to the kernel."""
    s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    s.settimeout(1)
    s.connect((addr, int(port)))
    lost = []
    for size in range(int(first), int(last) + 1):
        data = os.urandom(size - 48)
        for _ in range(3):
            try:
                s.send(data)
                if s.recv(70000) == data:
                    break
            except (socket.timeout, OSError):
                continue
        else:
            lost.append(size)
            if len(lost) == 5:          # that is answer enough
                break
    print("lost", *lost)
    sys.exit(len(lost) > 0)


def bend(rng, seeds):
    """One malformed message made of a good one."""
    b = bytearray(rng.choice(seeds))
    kind = rng.randrange(5)
    if kind == 0:                       # cut
        del b[rng.randrange(len(b)):]
    elif kind == 1:                     # longer
        b += rng.randbytes(rng.randrange(1, 1400))
    elif kind == 2:                     # bits
        for _ in range(rng.randrange(1, 9)):
            b[rng.randrange(len(b))] ^= 1 << rng.randrange(8)
    elif kind == 3:                     # noise
        b = bytearray(rng.randbytes(rng.randrange(0, 2000)))
    else:                               # a lying length
        if len(b) > 4:
            b[2:4] = rng.randbytes(2)
    return bytes(b)


def garbage(addr, port, count, seed):
    rng = random.Random(int(seed))
    s = socket.socket(to(addr), socket.SOCK_DGRAM)
    msg1 = b"\x01\0\x6e\0" + rng.randbytes(110)
    seeds = [
        msg1,
        b"\x02\0\x41\0" + rng.randbytes(65),
        b"\0\0\x05\0" + rng.randbytes(4) + bytes(8) + rng.randbytes(21),
        b"\0\x07\x40\0" + rng.randbytes(4 + 8 + 80),
        b"\x10" + rng.randbytes(40),
        b"\x0f\0\0\0",
    ]
    for i in range(int(count)):
        s.sendto(bend(rng, seeds), (addr, int(port)))
        if i % 50 == 49:                # a socket buffer is not what we test
            time.sleep(0.002)
    s.sendto(rng.randbytes(9000), (addr, int(port)))
    s.sendto(b"", (addr, int(port)))


def strangers(addr, port, count, source=None):
    s = socket.socket(to(addr), socket.SOCK_DGRAM)
    if source:
        s.bind((source, int(port)))
    for i in range(int(count)):
        s.sendto(b"\x01\0\x6e\0" + os.urandom(4) + b"\x02" + os.urandom(105), (addr, int(port)))
        if i % 50 == 49:
            time.sleep(0.002)


def dns(addr, port, count, seed):
    rng = random.Random(int(seed))
    s = socket.socket(to(addr), socket.SOCK_DGRAM)
    head = struct.pack("!6H", 7, 0x0100, 1, 0, 0, 0)
    label = b"\x3fnpub1" + b"q" * 58
    tail = struct.pack("!2H", 28, 1)
    seeds = [
        head + label + b"\x04fips\0" + tail,
        head + b"\xc0\x0c" + tail,                       # a loop
        head + (b"\x3f" + b"a" * 63) * 7 + b"\0" + tail,
        struct.pack("!6H", 7, 0x0100, 65535, 9, 9, 9) + b"\x01a\0" + tail,
        head[:11],
    ]
    for i in range(int(count)):
        s.sendto(seeds[i % 5] if i < 50 else bend(rng, seeds), (addr, int(port)))
        if i % 50 == 49:
            time.sleep(0.002)


def client(path, timeout=8):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(timeout)
    s.connect(path)
    return s


def ask(path, data, half_close=True):
    s = client(path)
    try:
        s.sendall(data)
        if half_close:
            s.shutdown(socket.SHUT_WR)
    except BrokenPipeError:
        pass
    out = b""
    try:
        while True:
            b = s.recv(65536)
            if not b:
                break
            out += b
    except ConnectionResetError:
        pass
    return out


def say(path, request):
    reply = json.loads(ask(path, request.encode() + b"\n"))
    if reply["status"] != "ok":
        sys.exit(reply["message"])
    print(json.dumps(reply["data"]))


def spoken(path):
    """Text of each line without its fields: where it came from. Ours is JSON."""
    found = {}
    with open(path, errors="replace") as f:
        for line in f:
            line = re.sub(r"\x1b\[[0-9;]*m", "", line)
            if line.startswith("{"):
                r = json.loads(line)
                said = r["level"], r["target"], r["msg"]
            else:
                m = re.match(r"\S+ +([A-Z]+) ([\w:]+): (.*)", line)
                if not m:
                    continue
                said = m.groups()
            text = re.sub(r"( [a-z_0-9]+=.*)?$", "", said[2])
            found.setdefault(text, set()).add(said[:2])
    return found


def lines(name, model):
    mine, theirs = spoken(name), spoken(model)
    both = set(mine) & set(theirs)
    bad = ["%s: %s, model %s" % (t, mine[t], theirs[t]) for t in sorted(both) if not mine[t] <= theirs[t]]
    print("%d texts in both\n" % len(both) + "\n".join(bad))
    sys.exit(len(bad) > 0 or len(both) < 15)


def labels(path):
    """What stands before a colon, in a frame and above a graph; and the last line."""
    with open(path) as f:
        text = f.read()
    last = [line for line in text.splitlines() if line.strip()][-1]
    text = re.sub(r"\S*:\S*:\S*|\S*npub1\S*|\b[0-9a-f]*[0-9][0-9a-f]*\b", "", text)
    found = re.findall(r"([A-Z][A-Za-z _-]*?|[a-z]{3,}) *:", text)
    found += re.findall(r"[\u250c\u256d] ([A-Za-z][A-Za-z ]*)", text)
    found += re.findall(r"([a-z_]+) *\[[a-z/]+\]", text)
    return {" ".join(x.split()) for x in found}, last


def screens(name, model, who):
    """who: a pattern of the names of nodes, which are no labels."""
    (mine, last), (theirs, _) = labels(name), labels(model)
    theirs = {x for x in theirs if not re.fullmatch(who, x)}
    if theirs - mine or "Connected" not in last or "rror" in last or not theirs:
        print("missing:", theirs - mine, "last line:", last)
        sys.exit(1)


def ctl(path):
    bad = []

    def want(what, data, text):
        out = ask(path, data)
        if text not in out or b'"error"' not in out:
            bad.append("%s: %r" % (what, out[:200]))

    want("nothing", b"", b"empty request")
    want("an empty line", b"\n", b"invalid request")
    want("not JSON", b"hello\n", b"invalid request")
    want("no command", b"{}\n", b"invalid request")
    want("half of it", b'{"command":"show_st', b"invalid request")
    want("a list", b"[1,2]\n", b"invalid request")
    want("bytes", b"\xff\xfe\0\0\n", b"invalid request")
    want("a command of no table", b'{"command":"fly"}\n', b"unknown command: fly")
    want("no params", b'{"command":"connect"}\n', b"missing params for connect")
    want("bad npub", b'{"command":"disconnect","params":{"npub":"npub1x"}}\n', b"npub")
    want("wrong type", b'{"command":"disconnect","params":{"npub":7}}\n', b"npub")
    if not ask(path, b'{"command":"show_status","params":' + b"[" * 2000 + b"]" * 2000 + b"}\n"):
        bad.append("deep: no answer")
    out = ask(path, b'{"command":"' + b"a" * 9000 + b'"}\n')
    if out and b"too large" not in out:
        bad.append("too large: %r" % out[:200])
    # A client that says nothing loses its place after five seconds; the others do not
    # wait for that.
    slow = [client(path, 60) for _ in range(20)]
    began = time.monotonic()
    out = ask(path, b'{"command":"show_status"}\n')
    if b'"ok"' not in out or time.monotonic() - began > 4:
        bad.append("a slow client holds the others up: %r" % out[:100])
    slow[0].sendall(b'{"com')
    out, cut = b"", True
    try:
        while b"\n" not in out:
            b = slow[0].recv(4096)
            if not b:
                break
            out += b
    except ConnectionResetError:
        pass
    except socket.timeout:
        cut = False
    if not cut or (out and b"timeout" not in out):
        bad.append("slow client: %r after %.1f s" % (out, time.monotonic() - began))
    # One that never reads its answer.
    deaf = client(path)
    deaf.sendall(b'{"command":"show_status"}\n')
    if b'"ok"' not in ask(path, b'{"command":"show_status"}\n'):
        bad.append("a deaf client holds the others up")
    print("\n".join(bad))
    sys.exit(len(bad) > 0)


def crowd(path):
    """Forty clients that say nothing keep nobody out."""
    silent = []
    for _ in range(40):
        silent.append(client(path))
        time.sleep(0.02)    # the backlog is short
    began = time.monotonic()
    answer = ask(path, b'{"command":"show_status"}\n')
    took = time.monotonic() - began
    for s in silent:
        s.close()
    assert b'"ok"' in answer[:40], answer[:80]
    assert took < 4, took       # none of the silent is cut before that


def people(name, count):
    """A hosts file of so many made-up nodes: their names are kept for good."""
    chars = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"

    def check(values):
        c = 1
        for v in values:
            top, c = c >> 25, (c & 0x1ffffff) << 5 ^ v
            for i, g in enumerate((0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3)):
                c ^= g if top >> i & 1 else 0
        return c

    with open(name, "w") as f:
        for n in range(int(count)):
            bits = int.from_bytes(hashlib.sha256(b"node %d" % n).digest(), "big") << 4
            data = [bits >> 5 * i & 31 for i in reversed(range(52))]
            head = [ord(c) >> 5 for c in "npub"] + [0] + [ord(c) & 31 for c in "npub"]
            c = check(head + data + [0] * 6) ^ 1
            data += [c >> 5 * i & 31 for i in reversed(range(6))]
            f.write("node%d npub1%s\n" % (n, "".join(chars[v] for v in data)))


def lists(path, least):
    """A long list, asked for by many at once: some read slowly, some not at
    all, some leave in the middle. Who reads has each row once, in a line that
    is what one dump of it all would be; others need not wait for that."""
    request = b'{"command":"show_identity_cache"}\n'
    readers, deaf, gone = ([client(path) for _ in range(n)] for n in (12, 6, 6))
    for s in readers + deaf + gone:
        s.sendall(request)
    for s in gone:
        assert s.recv(1000)
        s.close()
    began = time.monotonic()
    assert b'"ok"' in ask(path, b'{"command":"show_status"}\n')
    assert time.monotonic() - began < 4, "a list holds the others up"
    texts = {s: b"" for s in readers}
    left = list(readers)
    while left:
        for s in left[:]:
            b = s.recv(16384)
            texts[s] += b
            if not b:
                left.remove(s)
    for text in texts.values():
        head, data = b'{"status":"ok","data":', json.loads(text)["data"]
        rows = [e["node_addr"] for e in data["entries"]]
        assert len(rows) == len(set(rows)) == data["count"] >= int(least), len(rows)
        again = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert text == head + again.encode() + b"}\n", text[:200]
    for s in deaf:
        s.close()


def scan(pid, pattern):
    want, found = bytes.fromhex(pattern), 0
    with open("/proc/%s/maps" % pid) as maps, open("/proc/%s/mem" % pid, "rb", 0) as mem:
        for line in maps:
            m = re.match(r"([0-9a-f]+)-([0-9a-f]+) (\S+) .*?(\[v\w+\])?$", line)
            if m[4]:                    # the kernel's own pages
                continue
            at, end, tail = int(m[1], 16), int(m[2], 16), b""
            while at < end:
                try:
                    mem.seek(at)
                    b = mem.read(min(1 << 20, end - at))
                except (OSError, ValueError, OverflowError):
                    b = b""
                if not b:
                    at += 4096          # a guard page
                    tail = b""
                    continue
                found += (tail + b).count(want)
                tail, at = b[-(len(want) - 1):], at + len(b)
    print(found)


def bech32(text):
    bits = 0
    for c in text[5:57]:
        bits = bits << 5 | "qpzry9x8gf2tvdw0s3jn54khce6mua7l".index(c)
    return (bits >> 4).to_bytes(32, "big")


def key(nsec):
    print(bech32(nsec).hex())


def smallest(*npubs):
    """Which of these nodes has the smallest address."""
    print(min(npubs, key=lambda n: hashlib.sha256(bech32(n)).digest()[:16]))


def cpu_s(pids):
    """Seconds on a core, all threads; the scheduler's own clock where it has one."""
    total = 0.0
    for p in pids:
        for t in os.listdir("/proc/%s/task" % p):
            try:
                with open("/proc/%s/task/%s/schedstat" % (p, t)) as f:
                    total += int(f.read().split()[0]) / 1e9
            except FileNotFoundError:
                with open("/proc/%s/task/%s/stat" % (p, t)) as f:
                    used = f.read().rsplit(")", 1)[1].split()[11:13]
                total += sum(map(int, used)) / os.sysconf("SC_CLK_TCK")
    return total


def idle(*args):
    pids, seconds = args[:-1], float(args[-1])
    before = cpu_s(pids)
    time.sleep(seconds)
    print("%.3f" % (100 * (cpu_s(pids) - before) / seconds))


def memory(*pids):
    pss = rss = 0
    for p in pids:
        with open("/proc/%s/smaps_rollup" % p) as f:
            for line in f:
                word = line.split()
                pss += int(word[1]) if word[0] == "Pss:" else 0
                rss += int(word[1]) if word[0] == "Rss:" else 0
    print("%.1f %.1f" % (pss / 1024, rss / 1024))


def first(addr, seconds):
    """When the first ping is answered, by the wall clock. Starts before there
    is any way to the address, asks every 2 ms."""
    s = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
    s.setblocking(False)
    print("listening", file=sys.stderr, flush=True)
    until = time.monotonic() + float(seconds)
    n = 0
    while time.monotonic() < until:
        try:
            s.sendto(struct.pack("!BBHHH", 128, 0, 0, os.getpid() & 0xffff, n & 0xffff), (addr, 0))
        except OSError:
            pass                        # no route yet
        n += 1
        while select.select([s], [], [], 0.002)[0]:
            data, who = s.recvfrom(2000)
            if data[0] == 129 and who[0] == addr:
                print("%.6f" % time.time())
                return
    sys.exit(1)


def members(value, path, found):
    """Where numbers, texts and nulls stand in a JSON value, lists folded."""
    if isinstance(value, dict):
        for key, inner in value.items():
            members(inner, path + "." + key, found)
    elif isinstance(value, list):
        for inner in value:
            members(inner, path + "[]", found)
    else:
        kind = "number" if type(value) in (int, float) else type(value).__name__
        found.setdefault(path, set()).add(kind)
    return found


def alike(name, model):
    with open(name) as f, open(model) as g:
        mine, theirs = members(json.load(f), "", {}), members(json.load(g), "", {})
    bad = 0
    for path, kinds in sorted(theirs.items()):
        here = mine.get(path, set())
        # A list that is empty here and a null in one of the two say nothing.
        if here - {"NoneType"} and kinds - {"NoneType"}:
            same = bool(here & kinds)
        else:
            same = bool(here) or "[]" in path
        if not same:
            print("%s: model has %s, here %s" % (path, kinds, here or "nothing"))
            bad = 1
    sys.exit(bad)


if __name__ == "__main__":
    verbs = (sink, source, burst, gather, number, order, watch, grab, udp, echo, sizes, garbage, strangers, dns, lines, screens, say, ctl, crowd, people, lists, scan, key, idle,
             memory, alike, first, pace, count, smallest)
    {v.__name__: v for v in verbs}[sys.argv[1]](*sys.argv[2:])
