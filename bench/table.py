"""table.py -- the rows of a run as a table, as JSON and as a plot.

	table.py --rows FILE --idle FILE --versions FILE --missing TEXT
	    --netem TEXT --secs S --out PREFIX
	table.py --from PREFIX.json --out PREFIX

Minimum, median and maximum over all rounds, the disturbed ones too: nothing is
chosen. A sample is disturbed when somebody else used more than a tenth of a
processor meanwhile, more than 2 % was stolen, or the calibration loop before or
after it took a quarter longer than the run's best did.
"""
import argparse
import json
import os
import statistics
from xml.sax.saxutils import escape

FOREIGN, STEAL, SLOWER = 0.10, 0.02, 1.25

# key, title, divisor, digits, what is better
METRICS = [
    ("tcp1_gbit", "TCP 1, Gbit/s", 1, 2, "more"),
    ("tcp4_gbit", "TCP 4, Gbit/s", 1, 2, "more"),
    ("udp64_pps", "UDP 64 B, k/s", 1000, 1, "more"),
    ("udp1200_pps", "UDP 1200 B, k/s", 1000, 1, "more"),
    ("rtt_idle.median_us", "idle RTT, ms", 1000, 3, "less"),
    ("rtt_idle.p99_us", "its p99", 1000, 3, "less"),
    ("rtt_load.median_us", "RTT under TCP, ms", 1000, 2, "less"),
    ("rtt_load.p99_us", "its p99 ", 1000, 2, "less"),
    ("cpu_s_per_gb", "CPU s/GB, its own", 1, 2, "less"),
    ("machine_s_per_gb", "CPU s/GB, machine", 1, 2, "less"),
    ("memory_mib", "PSS, MiB", 1, 1, "less"),
    ("rss_mib", "RSS, MiB", 1, 1, "less"),
]
PLOTTED = ["tcp1_gbit", "udp64_pps", "rtt_load.median_us", "cpu_s_per_gb", "memory_mib"]

# What is wanted of Bastide: topology, metric, rival, at least or at most, factor.
AIMS = [
    ("pair", "tcp1_gbit", "fips", ">=", 2.0),
    ("pair", "tcp1_gbit", "wireguard-go-given", ">=", 1.0),
    ("pair", "tcp1_gbit", "yggdrasil-given", ">=", 1.2),
    ("pair", "tcp1_gbit", "wireguard-go", ">=", 2.5),
    ("pair", "tcp1_gbit", "nebula", ">=", 2.0),
    ("chain", "tcp1_gbit", "fips", ">=", 3.0),
    ("chain", "tcp1_gbit", "wireguard-go-given", ">=", 1.2),
    ("chain", "tcp1_gbit", "yggdrasil-given", ">=", 1.2),
    ("pair", "udp64_pps", "every", ">=", 1.5),
    ("pair", "rtt_idle.median_us", "wireguard-go-given", "<=", 1.0),
    ("pair", "rtt_load.median_us", "wireguard-go-given", "<=", 0.25),
    ("pair", "cpu_s_per_gb", "wireguard-go-given", "<=", 1.0),
    ("pair", "cpu_s_per_gb", "nebula", "<=", 0.5),
]
MEMORY_MIB, IDLE_MS = 40, 0.5       # of all rooms under load; with ten peers


def value(row, key):
    for k in key.split("."):
        row = row.get(k) if isinstance(row, dict) else None
    return row


def reasons(row, best):
    n, out = row["noise"], []
    if n["foreign"] > FOREIGN:
        out.append("others used %.0f %% of a processor" % (100 * n["foreign"]))
    if n["steal"] > STEAL:
        out.append("%.1f %% stolen" % (100 * n["steal"]))
    slow = max(n["calib_us"]) / best
    if slow > SLOWER:
        out.append("the calibration loop took %.2f times its best" % slow)
    return out


def summary(rows):
    out = {}
    for r in rows:
        s = out.setdefault(r["topology"], {}).setdefault(r["who"], {"rounds": 0, "disturbed": 0, "failed": []})
        s["rounds"] += 1
        s["disturbed"] += bool(r["disturbed"])
        s["failed"] += ["round %d, %s: %s" % (r["round"], k, v) for k, v in r.get("failed", {}).items()]
    for t, who in out.items():
        for w, s in who.items():
            for key, *_ in METRICS:
                v = [value(r, key) for r in rows if (r["topology"], r["who"]) == (t, w)]
                v = [x for x in v if x is not None]
                if v:
                    s[key] = [min(v), statistics.median(v), max(v)]
    return out


# ---- text
def cell(v, scale, digits):
    return "-" if v is None else "%.*f (%.*f..%.*f)" % (
        digits, v[1] / scale, digits, v[0] / scale, digits, v[2] / scale)


def columns(lines):
    width = [max(len(l[i]) for l in lines) for i in range(len(lines[0]))]
    return ["| " + " | ".join(c.ljust(w) for c, w in zip(l, width)) + " |" for l in lines]


def table_of(who):
    names = list(who)
    lines = [[""] + names, ["---"] * (len(names) + 1)]
    for key, title, scale, digits, _ in METRICS:
        if any(key in s for s in who.values()):
            lines.append([title] + [cell(who[w].get(key), scale, digits) for w in names])
    lines.append(["rounds, disturbed"] + ["%d, %d" % (who[w]["rounds"], who[w]["disturbed"]) for w in names])
    # Contestants down, figures across: lines stay short.
    turned = [list(l) for l in zip(*[l for i, l in enumerate(lines) if i != 1])]
    return columns([turned[0], ["---"] * len(turned[0])] + turned[1:])


def idle_lines(idle):
    best = {}
    for key, v in idle.items():
        who = key.split("/")[0]
        if who not in best or v["ms_per_s"] > best[who]["ms_per_s"]:
            best[who] = v
    lines = [["", "ms a second", "memory then, MiB (PSS)"], ["---"] * 3]
    return columns(lines + [[k, "%.3f" % v["ms_per_s"], "%.1f" % v["memory_mib"]] for k, v in sorted(best.items())])


def verdict(ok):
    return "reached" if ok else "MISSED"


def aim(d, t, key, rival, sign, factor):
    """One line of the list of aims; None when the rival was not there."""
    who = d["summary"].get(t, {})
    title, mine = {m[0]: m[1] for m in METRICS}[key], who.get("bastide", {}).get(key)
    others = [w for w in who if w not in ("bastide", "raw")] if rival == "every" else [rival]
    others = [w for w in others if key in who.get(w, {})]
    if not mine or not others:
        return None
    worst = max(others, key=lambda w: who[w][key][1]) if rival == "every" else rival
    got = mine[1] / who[worst][key][1] if who[worst][key][1] else float("inf")
    ok = got >= factor if sign == ">=" else got <= factor
    return ["%s: %s" % (t, title), worst, "%s %.2f" % (sign, factor), "%.2f" % got, verdict(ok)]


def aims(d):
    lines = [["Bastide's median divided by the rival's", "rival", "aim", "got", ""], ["---"] * 5]
    lines += [l for l in (aim(d, *a) for a in AIMS) if l]
    loaded = [s["bastide"]["memory_mib"][2] for s in d["summary"].values() if "memory_mib" in s.get("bastide", {})]
    if loaded:
        lines.append(["most memory of all rooms under TCP, MiB (PSS)", "-", "<= %d" % MEMORY_MIB,
                      "%.1f" % max(loaded), verdict(max(loaded) <= MEMORY_MIB)])
    # Of all the nodes in the star only its middle has ten peers.
    ten = [v["ms_per_s"] for k, v in d["idle"].items() if k == "bastide.ten/bastide-ten-0"]
    if ten:
        lines.append(["idle with 10 peers, ms of processor a second", "-", "<= %.1f" % IDLE_MS,
                      "%.3f" % ten[0], verdict(ten[0] <= IDLE_MS)])
    return columns(lines)


def text(d):
    out = [d["machine"], "streams of %d s; netem: %s; median (minimum..maximum)" % (d["secs"], d["netem"]), ""]
    out += ["%s: %s" % v for v in d["versions"].items()]
    out += ["missing: " + d["missing"].strip()] if d["missing"].strip() else []
    for t, who in d["summary"].items():
        out += ["", t + ":", ""] + table_of(who)
    out += ["", "idle, of the busiest node:", ""] + idle_lines(d["idle"])
    if len(aims(d)) > 2:
        out += ["", "aims:", ""] + aims(d)
    failed = ["%s.%s, %s" % (w, t, f) for t, who in d["summary"].items() for w, s in who.items() for f in s["failed"]]
    out += ["", "failed:"] + failed if failed else []
    bad = [r for r in d["rows"] if r["disturbed"]]
    out += ["", "disturbed samples: %d of %d" % (len(bad), len(d["rows"]))]
    out += ["  round %d, %s.%s, load %.1f: %s" % (r["round"], r["who"], r["topology"], r["noise"]["load1"],
                                                 "; ".join(r["disturbed"])) for r in bad]
    return "\n".join(out) + "\n"


# ---- plot
BAR, GAP, LEFT, WIDE, FIGURE = 14, 6, 150, 360, 70
PANEL = LEFT + WIDE + FIGURE + 30


def bars(who, key, scale, digits, x, y, title):
    """A panel: a bar to the median, a line from minimum to maximum."""
    names = [w for w in who if key in who[w]]
    most = max([who[w][key][2] for w in names if w != "raw"] or [1]) or 1
    at = lambda v: x + LEFT + WIDE * min(v / most, 1)
    out = ['<text x="%d" y="%d" font-weight="bold">%s</text>' % (x, y, escape(title))]
    for i, w in enumerate(names):
        low, mid, high = who[w][key]
        top = y + 10 + i * (BAR + GAP)
        centre = top + BAR / 2
        fill = {"bastide": "#1b6ca8", "raw": "#cccccc"}.get(w, "#8fa3b0")
        out += ['<text x="%d" y="%.0f" text-anchor="end">%s</text>' % (x + LEFT - 6, centre + 4, escape(w)),
                '<rect x="%d" y="%d" width="%.1f" height="%d" fill="%s"/>' % (
                    x + LEFT, top, max(0.5, at(mid) - x - LEFT), BAR, fill),
                '<path d="M%.1f %.1fH%.1fM%.1f %.1fv8M%.1f %.1fv8" stroke="#222"/>' % (
                    at(low), centre, at(high), at(low), centre - 4, at(high), centre - 4),
                '<text x="%.1f" y="%.0f">%.*f%s</text>' % (max(at(high), at(mid)) + 6, centre + 4, digits,
                                                          mid / scale, " (beyond)" if mid > most else "")]
    return out, 10 + len(names) * (BAR + GAP) + 30


def plot(d):
    out, y, width = [], 60, PANEL
    shown = [t for t in d["summary"] if t in ("pair", "chain")]
    for key, title, scale, digits, better in METRICS:
        if key not in PLOTTED:
            continue
        tall = 0
        for i, t in enumerate(shown):
            if any(key in s for s in d["summary"][t].values()):
                b, h = bars(d["summary"][t], key, scale, digits, 20 + i * PANEL, y,
                            "%s: %s (%s is better)" % (t, title, better))
                out, tall, width = out + b, max(tall, h), max(width, (i + 1) * PANEL)
        y += tall
    head = ['<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="12">'
            % (width + 20, y), '<rect width="100%" height="100%" fill="white"/>',
            '<text x="20" y="26" font-size="15">%s</text>' % escape(d["machine"])]
    return "\n".join(head + out + ["</svg>"]) + "\n"


# ---- all of it
def gather(a):
    rows = [json.loads(l) for l in open(a.rows)]
    best = min((c for r in rows for c in r["noise"]["calib_us"]), default=1)
    for r in rows:
        r["disturbed"] = reasons(r, best)
    model = [l.split(":", 1)[1].strip() for l in open("/proc/cpuinfo") if l.startswith("model name")] or ["unknown"]
    return {"machine": "%s %s, %d cores, %s" % (os.uname().sysname, os.uname().release, os.cpu_count(), model[0]),
            "secs": a.secs, "netem": a.netem, "missing": a.missing, "calib_best_us": best,
            "versions": dict(l.rstrip("\n").split("\t") for l in open(a.versions)),
            "summary": summary(rows), "idle": json.load(open(a.idle)), "rows": rows}


def main():
    p = argparse.ArgumentParser()
    for o in ("rows", "idle", "versions", "missing", "netem", "from", "out"):
        p.add_argument("--" + o)
    p.add_argument("--secs", type=int, default=3)
    a = p.parse_args()
    d = json.load(open(getattr(a, "from"))) if getattr(a, "from") else gather(a)
    open(a.out + ".txt", "w").write(text(d))
    open(a.out + ".svg", "w").write(plot(d))
    json.dump(d, open(a.out + ".json", "w"), indent=1)
    print(text(d), end="")


main()
