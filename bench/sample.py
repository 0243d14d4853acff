"""sample.py -- one contestant, measured once; and what waits, when nobody sends.

	sample.py run --who W --topology T --round N --secs S --build DIR
	    --from NETNS --to NETNS --address A NODE=PID,PID...
	sample.py idle --secs S KEY/NODE=PID,PID...
	sample.py brief

run says one JSON object: streams, datagrams, round trips, processor time, memory
and what disturbed. idle: ms a second for each node. brief makes a line for
people of the first. Bounded: every program it starts has a limit in time.
"""
import argparse
import glob
import json
import os
import subprocess
import sys
import time

TICK = os.sysconf("SC_CLK_TCK")


# ---- what processes used
def cpu_s(pids):
    """Seconds of every thread, in nanoseconds' precision."""
    total = 0
    for p in pids:
        for f in glob.glob("/proc/%s/task/*/schedstat" % p):
            try:
                total += int(open(f).read().split()[0])
            except OSError:
                pass        # a thread that just ended
    return total / 1e9


def memory_mib(pids):
    pss = rss = 0
    for p in pids:
        try:
            for line in open("/proc/%s/smaps_rollup" % p):
                word = line.split()
                pss += int(word[1]) if word[0] == "Pss:" else 0
                rss += int(word[1]) if word[0] == "Rss:" else 0
        except OSError:
            pass
    return pss / 1024, rss / 1024


def nodes(words):
    out = {}
    for w in words:
        name, _, pids = w.rpartition("=")
        out[name] = [p for p in pids.split(",") if p]
    return out


# ---- what disturbs
def machine():
    """Busy and stolen seconds of all processors so far."""
    v = [int(x) / TICK for x in open("/proc/stat").readline().split()[1:9]]
    user, nice, system, idle, iowait, irq, softirq, steal = v
    return user + nice + system + irq + softirq, steal


def families():
    """Processes: parent and seconds so far, their dead children's too."""
    out = {}
    for d in os.listdir("/proc"):
        if not d.isdigit():
            continue
        try:
            with open("/proc/%s/stat" % d) as f:
                v = f.read().rpartition(")")[2].split()
        except OSError:
            continue
        out[int(d)] = (int(v[1]), sum(map(int, v[11:15])) / TICK)
    return out


def foreign_s(before, after, ours):
    """What processes used that are neither ours nor the kernel's."""
    me = os.getpid()
    above, p = set(), me    # whoever started us reaps what we started
    while p in after and p > 1:
        above.add(p)
        p = after[p][0]

    def total(table):
        known = {p: True for p in ours | {me, 2}}

        def is_ours(p):
            if p not in known:
                known[p] = False
                known[p] = p in table and table[p][0] > 0 and is_ours(table[p][0])
            return known[p]

        return sum(s for p, (_, s) in table.items() if p not in above and not is_ours(p))

    # One that ended meanwhile went over into what its parent's children used.
    return max(0, total(after) - total(before))


def calibrate(build):
    slow, fast = subprocess.run([build + "/calib"], stdout=subprocess.PIPE, timeout=20,
                                check=True, text=True).stdout.split()
    return int(slow)


# ---- the measurements
def tool(args, seconds):
    r = subprocess.run(args, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=seconds, text=True)
    if r.returncode:
        raise RuntimeError("%s: %s" % (os.path.basename(args[0]), r.stderr.strip()[-200:]))
    return json.loads(r.stdout)


def within(netns, args):
    return ["ip", "netns", "exec", netns] + args


class Sample:
    def __init__(self, a):
        self.a, self.nodes = a, nodes(a.nodes)
        self.pids = [p for n in self.nodes.values() for p in n]
        self.row = {"who": a.who, "topology": a.topology, "round": a.round}

    def ping(self, count, every_us):
        return [self.a.build + "/pinger", getattr(self.a, "from"), self.a.address,
                str(count), str(every_us)]

    def stream(self, streams, beside=None):
        """iperf3's reply; beside(seconds) runs while it sends."""
        a = self.a
        server = subprocess.Popen(within(a.to, ["iperf3", "-s", "-1", "-B", a.address]),
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            self.listening(server)
            before = cpu_s(self.pids), machine()[0]
            client = subprocess.Popen(
                within(getattr(a, "from"), ["iperf3", "-c", a.address, "-J", "-t", str(a.secs),
                                            "-P", str(streams), "--connect-timeout", "3000"]),
                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            try:
                if beside:
                    beside(a.secs)
                reply = json.loads(client.communicate(timeout=a.secs + 15)[0])
            finally:
                client.kill()
                client.wait()
            after = cpu_s(self.pids), machine()[0]
        finally:
            server.kill()
            server.wait()
        if "error" in reply:
            raise RuntimeError("iperf3: " + reply["error"])
        got = reply["end"]["sum_received"]
        return got, after[0] - before[0], after[1] - before[1]

    def listening(self, server):
        """Until port 5201 is open in the far namespace; asks no packet of it."""
        for _ in range(100):
            for f in ("tcp", "tcp6"):
                try:
                    if any(":1451 " in l and " 0A " in l for l in open("/proc/%d/net/%s" % (server.pid, f))):
                        return
                except OSError:
                    pass
            time.sleep(0.03)
        raise RuntimeError("iperf3 does not listen")

    def one_stream(self):
        def beside(seconds):
            pings = subprocess.Popen(self.ping(int((seconds - 1) * 200), 5000), stdout=subprocess.PIPE,
                                     stderr=subprocess.PIPE, text=True)
            try:
                time.sleep(seconds * 0.6)
                mem = [memory_mib(p) for p in self.nodes.values() if p]
                out = pings.communicate(timeout=seconds + 10)[0]
            finally:
                pings.kill()
                pings.wait()
            if mem:
                self.row["memory_mib"], self.row["rss_mib"] = (round(max(x), 1) for x in zip(*mem))
            if out:
                self.row["rtt_load"] = json.loads(out)

        got, ours, all_of_it = self.stream(1, beside)
        gb = got["bytes"] / 1e9
        self.row["tcp1_gbit"] = round(got["bits_per_second"] / 1e9, 4)
        if gb > 0:
            self.row["cpu_s_per_gb"] = round(ours / gb, 3) if self.pids else None
            self.row["machine_s_per_gb"] = round(all_of_it / gb, 3)

    def datagrams(self, size):
        # The small ones by what is in them; the large ones whole, since an overlay
        # that carries 1280 bytes of itself has no room for 1200 of ours and headers.
        inside = size if size < 1000 else size - (48 if ":" in self.a.address else 28)
        r = tool([self.a.build + "/pps", getattr(self.a, "from"), self.a.to, self.a.address, str(inside)], 40)
        self.row["udp%d_pps" % size] = r["pps"]
        self.row.setdefault("trials", {})[str(size)] = r["trials"]

    def part(self, name, work):
        """A part that fails is said; the others are still worth having."""
        self.settle()
        try:
            work()
        except (RuntimeError, subprocess.TimeoutExpired, ValueError, KeyError) as e:
            self.row.setdefault("failed", {})[name] = str(e)[:200]

    def settle(self):
        """Until its queues are empty: it would go on into what is measured next."""
        for _ in range(30):
            before = cpu_s(self.pids)
            time.sleep(0.1)
            if cpu_s(self.pids) - before < 0.005:
                return

    def idle_pings(self):
        self.row["rtt_idle"] = tool(self.ping(400, 2000), 10)

    def four_streams(self):
        self.row["tcp4_gbit"] = round(self.stream(4)[0]["bits_per_second"] / 1e9, 4)

    def all(self):
        a = self.a
        noise = {"load1": float(open("/proc/loadavg").read().split()[0]), "calib_us": [calibrate(a.build)]}
        before, began, stolen = families(), time.monotonic(), machine()[1]
        self.part("rtt_idle", self.idle_pings)
        self.part("tcp1_gbit", self.one_stream)
        if a.topology == "pair":
            self.part("tcp4_gbit", self.four_streams)
        if a.topology != "ten":
            self.part("udp64_pps", lambda: self.datagrams(64))
        if a.topology == "pair":
            self.part("udp1200_pps", lambda: self.datagrams(1200))
        self.settle()
        took = time.monotonic() - began
        noise["steal"] = round((machine()[1] - stolen) / took, 4)
        noise["foreign"] = round(foreign_s(before, families(), set(map(int, self.pids))) / took, 4)
        noise["calib_us"].append(calibrate(a.build))
        self.row["seconds"] = round(took, 1)
        self.row["noise"] = noise
        print(json.dumps(self.row))


def idle(a):
    groups = nodes(a.nodes)
    before = {k: cpu_s(p) for k, p in groups.items()}
    time.sleep(a.secs)
    print(json.dumps({k: {"ms_per_s": round((cpu_s(p) - before[k]) / a.secs * 1000, 4),
                          "memory_mib": round(memory_mib(p)[0], 1)}
                      for k, p in groups.items() if p}))


def brief():
    r = json.loads(sys.stdin.read())
    say = lambda k, scale, form: "-" if r.get(k) is None else form % (r[k] / scale)
    rtt = lambda k: "-" if k not in r else "%.0f" % r[k]["median_us"]
    print("  %-22s %6s Gbit/s  %5s s/GB  64 B %6s k/s  rtt %5s us, loaded %6s  %6s MiB  calib %s foreign %.2f %s" % (
        r["who"] + "." + r["topology"], say("tcp1_gbit", 1, "%.3f"), say("cpu_s_per_gb", 1, "%.2f"),
        say("udp64_pps", 1e3, "%.1f"), rtt("rtt_idle"), rtt("rtt_load"), say("memory_mib", 1, "%.1f"),
        "%d,%d" % tuple(c / 1000 for c in r["noise"]["calib_us"]), r["noise"]["foreign"],
        "; ".join("%s: %s" % f for f in r.get("failed", {}).items())), flush=True)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("what", choices=["run", "idle", "brief"])
    for o in ("who", "topology", "build", "from", "to", "address"):
        p.add_argument("--" + o)
    p.add_argument("--round", type=int)
    p.add_argument("--secs", type=int, default=3)
    p.add_argument("nodes", nargs="*")
    a = p.parse_intermixed_args()
    {"run": lambda: Sample(a).all(), "idle": lambda: idle(a), "brief": brief}[a.what]()


main()
