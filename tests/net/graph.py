"""graph.py -- what a picture of the tree says, for the tests.

	dot FILE	read it as Graphviz's grammar has it, strictly; print "node ID LABEL" and
			"edge ID ID STYLE" (solid or dashed), sorted
	depths FILE	of the text drawing: the depth of each line, sorted; then who is not in the tree
	pretend SOCKET FILE SECONDS
			be a node whose replies stand in FILE, by command
"""
import json
import os
import re
import socket
import sys
import time

TOKEN = re.compile(r'\s*(?:("(?:[^"\\\n]|\\["\\nlr])*")|(--|->)|([][{};,=])|'
                   r'([A-Za-z_][A-Za-z_0-9]*|-?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?))(?![A-Za-z_0-9.]))')


def wrong(why, at=""):
    sys.exit("no graph: %s %r" % (why, at[:60]))


def tokens(text):
    out, at = [], 0
    text = text.rstrip()
    if not all(c in "\n\t" or c.isprintable() for c in text):
        wrong("what cannot be printed", next(c for c in text if c not in "\n\t" and not c.isprintable()))
    while at < len(text):
        m = TOKEN.match(text, at)
        if not m:
            wrong("no token", text[at:])
        out.append(m.group(0).strip())
        at = m.end()
    return out


class Graph:
    """graph ID { statements }, undirected; no subgraphs, no ports."""

    def __init__(self, text):
        self.tok, self.nodes, self.edges = tokens(text), {}, []
        self.want("graph")
        self.ident()
        self.want("{")
        while self.tok and self.tok[0] != "}":
            self.statement()
            if self.tok and self.tok[0] == ";":
                self.tok.pop(0)
        self.want("}")
        if self.tok:
            wrong("something behind its end", self.tok[0])

    def want(self, what):
        if not self.tok or self.tok.pop(0) != what:
            wrong("wanted " + what)

    def ident(self):
        t = self.tok.pop(0) if self.tok else ""
        if not t or t in "[]{};,=" or t in ("--", "->") or \
                t.lower() in ("graph", "node", "edge", "digraph", "subgraph", "strict"):
            wrong("no name", t)
        return re.sub(r"\\(.)", r"\1", t[1:-1]) if t[0] == '"' else t

    def attributes(self):
        found = {}
        while self.tok and self.tok[0] == "[":
            self.tok.pop(0)
            while self.tok and self.tok[0] != "]":
                key = self.ident()
                self.want("=")
                found[key] = self.ident()
                if self.tok and self.tok[0] in ",;":
                    self.tok.pop(0)
            self.want("]")
        return found

    def statement(self):
        if self.tok[0] in ("node", "edge", "graph"):
            self.tok.pop(0)
            self.attributes()
            return
        ends = [self.ident()]
        while self.tok and self.tok[0] in ("--", "->"):
            self.want("--")
            ends.append(self.ident())
        with_ = self.attributes()
        if len(ends) == 1:
            self.nodes[ends[0]] = with_
        for a, b in zip(ends, ends[1:]):
            self.edges.append((a, b, with_))


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def dot(path):
    g = Graph(read(path))
    for a, b, _ in g.edges:
        if a not in g.nodes or b not in g.nodes:
            wrong("an end that is no node", a + " " + b)
    lines = ["node %s %s" % (n, w.get("label", "")) for n, w in g.nodes.items()]
    lines += ["edge %s %s" % (" ".join(sorted((a, b))), w.get("style", "solid"))
              for a, b, w in g.edges]
    print("\n".join(sorted(lines)))


def depths(path):
    found, beside = [], []
    for line in read(path).splitlines():
        if line.startswith("beside the tree: "):
            beside.append(line)
            continue
        found.append(len(re.match(r"(?:[|] {2}| {3})*(?:[|`]- )?", line).group(0)) // 3)
    print(" ".join(map(str, sorted(found))), len(beside))


def pretend(path, replies, seconds):
    said = json.loads(read(replies))
    s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    s.bind(path)
    s.listen(8)
    print("listening", file=sys.stderr, flush=True)
    until = time.monotonic() + float(seconds)
    while time.monotonic() < until:
        s.settimeout(max(0.01, until - time.monotonic()))
        try:
            c, _ = s.accept()
        except socket.timeout:
            break
        with c:
            c.settimeout(20)
            command = json.loads(c.recv(4096))["command"]
            c.sendall(json.dumps({"status": "ok", "data": said.get(command, {})}).encode() + b"\n")
    os.unlink(path)


if __name__ == "__main__":
    {v.__name__: v for v in (dot, depths, pretend)}[sys.argv[1]](*sys.argv[2:])
