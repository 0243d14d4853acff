"""dird_load.py -- asks a directory on its local socket, and remembers what it acknowledged.

    load SOCKET FILE CLIENTS SECONDS [MAX]   offers from so many clients, one after the
                                       other, until the socket ends; a line of FILE for each
                                       that was acknowledged: entry, id
    look SOCKET FILE                   each of them is there; says how many
    shared SEGMENT                     how many entries share their commit with one before
"""
import http.client, json, os, socket, sys, threading, time


class Local(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=10)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(10)
        self.sock.connect(self.path)


def ask(path, method, what, body=None):
    c = Local(path)
    c.request(method, what, body and json.dumps(body))
    r = c.getresponse()
    text = r.read()
    c.close()
    return r.status, json.loads(text)


def client(path, out, lock, k, until, most, refused):
    i = 0
    while time.monotonic() < until and i < most:
        i += 1
        try:
            status, v = ask(path, "POST", "/v1/offers",
                            {"name": f"s{os.getpid()}-{k}-{i}", "kind": "http-mirror"})
        except (OSError, http.client.HTTPException, ValueError):
            return                      # killed: what was not answered was not acknowledged
        if status == 201:
            with lock:
                out.write(f"{v['entry']} {v['id']}\n")
                out.flush()
        else:
            refused.append((status, v["error"]["code"]))
            return


def load(path, name, clients, seconds, most=10**9):
    lock, refused = threading.Lock(), []
    until = time.monotonic() + float(seconds)
    with open(name, "a") as out:
        begun = time.monotonic()
        t = [threading.Thread(target=client, args=(path, out, lock, k, until, int(most), refused))
             for k in range(int(clients))]
        for x in t:
            x.start()
        for x in t:
            x.join()
    print("%.2f s" % (time.monotonic() - begun), *sorted(set(refused)))


def look(path, name):
    want = dict(line.split() for line in open(name) if line.endswith("\n"))
    have, n = {}, 0
    while n is not None:
        status, v = ask(path, "GET", f"/v1/entries?from={n}&limit=500")
        if status != 200:
            sys.exit(f"status {status}: {v}")
        have.update((str(e["entry"]), e["id"]) for e in v["entries"])
        n = v.get("next")
    gone = [e for e, i in want.items() if have.get(e) != i]
    if gone:
        sys.exit(f"{len(gone)} of {len(want)} acknowledged entries are gone, the first: {gone[0]}")
    print(len(want))


def shared(name):
    p, at, n = open(name, "rb").read(), 56, 0
    while (at := p.find(b"\xf7Br\xfe", at)) != -1:
        n += p[at + 4] == 1 and p[at + 5:at + 8] != b"\0\0\0"
        at += 20 + int.from_bytes(p[at + 8:at + 12], "little")
    print(n)


{"load": load, "look": look, "shared": shared}[sys.argv[1]](*sys.argv[2:])
