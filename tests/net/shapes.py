"""shapes.py -- what a control socket's answers are made of.

	collect SOCKET NPUB	every read command that there is, as JSON: one line each
	shape FILE		of such lines "COMMAND PATH KIND..." for each value, lists folded
	diff OURS MODEL		two such shapes: each value of the model is in ours, of its kind,
				and nothing else
	reference SHAPE MODEL	the same of the reference, for what has no + before it in the model,
				which is ours alone; and what has a ? it need not have just then
"""
import json
import socket
import sys


def requests(npub):
    for what in ("status acl peers links tree sessions bloom mmp cache connections transports routing "
                 "identity_cache listening_sockets metrics stats_list stats_peers").split():
        yield "show_" + what, None
    span = {"window": "30s", "granularity": "1s"}
    yield "show_stats_history", dict(span, metric="mesh_size")
    yield "show_stats_history", dict(span, metric="srtt_ms", peer=npub)
    yield "show_stats_all_history", span
    yield "show_stats_all_history", dict(span, peer=npub)
    yield "show_stats_history_all_peers", dict(span, metric="srtt_ms")


def ask(path, request):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(20)
    s.connect(path)
    s.sendall(json.dumps(request).encode() + b"\n")
    s.shutdown(socket.SHUT_WR)
    data = b"".join(iter(lambda: s.recv(65536), b""))
    reply = json.loads(data)
    if reply["status"] != "ok":
        sys.exit("%s: %s" % (request, reply["message"]))
    return reply["data"]


def collect(path, npub):
    for command, params in requests(npub):
        request = {"command": command}
        if params:
            request["params"] = params
        print(json.dumps([command, ask(path, request)]))


def walk(value, path, found):
    if isinstance(value, dict):
        for key, inner in value.items():
            walk(inner, path + "." + key, found)
        if not value:
            found.setdefault(path, set()).add("{}")
    elif isinstance(value, list):
        found.setdefault(path, set()).add("[]")
        for inner in value:
            walk(inner, path + "[]", found)
    else:
        # 1 and 1.0 are two kinds: who reads an integer does not read the other.
        found.setdefault(path, set()).add({"NoneType": "null", "str": "text"}.get(
            type(value).__name__, type(value).__name__))


def shape(name):
    found = {}
    with open(name) as f:
        for line in f:
            command, data = json.loads(line)
            walk(data, command + " ", found)
    for path in sorted(found):
        print(path, *sorted(found[path]))


def read(name):
    """What stands before a path in the file, and kinds, by path."""
    shapes = {}
    with open(name) as f:
        for line in f:
            command, path, *kinds = line.split()
            mark = command[0] if command[0] in "+?" else ""
            shapes[command.lstrip("+?"), path] = mark, set(kinds)
    return shapes


def known(key, model):
    """The model's key for it; names that come and go are a star there."""
    star = (key[0], key[1].rpartition(".")[0] + ".*")
    return key if key in model else star if star in model else None


def wrong(mine, model, optional):
    for key, (mark, kinds) in sorted(model.items()):
        here = set().union(*(k for m, (_, k) in mine.items() if known(m, model) == key))
        if not here:
            if mark not in optional:
                yield "%s %s: missing" % key
        # What was measured nowhere is a null, and says nothing of its kind.
        elif here - {"null"} and kinds - {"null"} and here - {"null"} != kinds - {"null"}:
            yield "%s %s: %s, wanted %s" % (*key, sorted(here), sorted(kinds))
        elif "null" in here and "null" not in kinds:
            yield "%s %s: null, wanted %s" % (*key, sorted(kinds))
    for key in sorted(mine):
        if known(key, model) is None:
            yield "%s %s: not in the model" % key


def tell(lines):
    print("\n".join(lines))
    sys.exit(len(lines) > 0)


def diff(ours, model):
    tell(list(wrong(read(ours), read(model), ())))


def reference(theirs, model):
    theirs_alone = {k: v for k, v in read(model).items() if v[0] != "+"}
    tell(list(wrong(read(theirs), theirs_alone, ("?",))))


if __name__ == "__main__":
    {v.__name__: v for v in (collect, shape, diff, reference)}[sys.argv[1]](*sys.argv[2:])
