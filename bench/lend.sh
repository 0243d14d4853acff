#!/bin/bash
# lend.sh -- what lending costs: from a service user's sudo call to granted;
# grants a second through privd, beside nft started once for each; and what
# 10,000 live grants weigh.
#
#	[CALLS=100] [LIVE=10000] bench/lend.sh
LEVEL=info
. "$(dirname "$0")/../tests/net/lib.sh"
CALLS=${CALLS:-100} LIVE=${LIVE:-10000}
for need in sudo nft iperf3; do command -v $need >/dev/null || bail "$need is missing; run: sudo sh scripts/deps.sh check bench"; done
[ -x "$BASTIDE_BUILD/lend_bench" ] || bail "lend_bench is not built; run: make bench-lend"

net a b
wire a b
identity a b
PEERS[b]=a
EXTRA[a]="bastide:
  lending:
    allow: \"tor-exit=tcp/9050\"
    max_grants: 65535"
conf a
conf b
start a b
meet b a || bail "the two do not meet"
addr_a=$(mesh_addr a) addr_b=$(mesh_addr b)
sub=did:plc:0123456789abcdef0123456789abcdef
background a iperf3 -s -B "$addr_a" -p 9050 >/dev/null
wait_for 5 in_net a sh -c 'ss -Hltn sport = :9050 | grep -q .' || bail "nobody listens"
echo "$(uname -srm), $(nproc) cores, $(awk -F': ' '/model name/ { print $2; exit }' /proc/cpuinfo); load $(cut -d' ' -f1 /proc/loadavg)"

. "$root/tests/net/web.sh"
cat >"$tmp/calls.py" <<'END2'
import statistics, subprocess, sys, time
n, sub = int(sys.argv[1]), sys.argv[2]
def run(*c):
    t = time.perf_counter()
    subprocess.run(c, check=True, stdout=subprocess.DEVNULL)
    return (time.perf_counter() - t) * 1000
def say(name, ms):
    ms.sort()
    print("  %-44s median %6.1f ms   p95 %6.1f ms   (%d)" % (name, statistics.median(ms), ms[int(len(ms) * .95)], len(ms)))
mac = lambda i: ("/usr/sbin/macroctl", "tor-exit", "grant", "--sub", sub, "--src-ip", "fd12::%x" % (i + 1), "--for", "60")
say("sudo -n macroctl grant, to granted", [run("sudo", "-n", *mac(i)) for i in range(n)])
say("of it sudo alone (macroctl list)", [run("sudo", "-n", "/usr/sbin/macroctl", "list") for i in range(n)])
END2
echo "a call"
web /usr/bin/python3 "$tmp/calls.py" "$CALLS" "$sub" || bail "the service user cannot call"

echo "grants a second"
for w in 1 16; do
	read -r rate _ < <("$BASTIDE_BUILD/lend_bench" "$tmp/a/run/privd.sock" 1000 $w)
	printf '  through privd, recorded, %2d under way        %8s /s\n' $w "$rate"
done
in_net a nft add table inet other
in_net a nft add set inet other grants '{ type ipv6_addr . inet_proto . inet_service; flags timeout; size 65535; }'
t0=$EPOCHREALTIME
for i in $(seq 200); do in_net a nft add element inet other grants "{ fd78::$i . tcp . 9050 timeout 3600s }"; done
printf '  nft started for each, not recorded           %8s /s\n' "$(python3 -c "print(round(200 / ($EPOCHREALTIME - $t0)))")"
in_net a nft delete table inet other

# stream: Mbit/s from B to A's lent port, and what a ping costs there.
stream_to() { in_net b iperf3 -c "$addr_a" -p 9050 -t "${1:-5}" -J | python3 -c 'import json,sys; print(round(json.load(sys.stdin)["end"]["sum_received"]["bits_per_second"] / 1e6))'; }
"$BASTIDE_BUILD/macroctl" -r "$tmp/a/run" tor-exit grant --sub $sub --src-ip "$addr_b" --for 3600 >/dev/null || bail "no grant"
weigh() { "$BASTIDE_BUILD/macroctl" -r "$tmp/a/run" status | grep -o '"src"' | wc -l; }
slab() { awk '/^(Slab|VmallocUsed|Percpu):/ { n += $2 } END { print n }' /proc/meminfo; }
house() { python3 "$here/tool.py" memory $(rooms a) | cut -d' ' -f1; }
echo "live grants"
few=$(weigh) slab0=$(slab) mem0=$(house)
one=$(stream_to)
read -r rate _ < <("$BASTIDE_BUILD/lend_bench" "$tmp/a/run/privd.sock" "$LIVE" 16)
sleep 1
many=$(weigh) slab1=$(slab) mem1=$(house)
all=$(stream_to)
printf '  %6d grants   house %5s MiB   %5s Mbit/s to a lent port\n' "$few" "$mem0" "$one"
printf '  %6d grants   house %5s MiB   %5s Mbit/s   kernel %s KiB more, made at %s /s\n' "$many" "$mem1" "$all" $((slab1 - slab0)) "$rate"
t0=$EPOCHREALTIME
weigh >/dev/null
printf '  a list of them all (macroctl status)         %8s ms\n' "$(python3 -c "print(round(($EPOCHREALTIME - $t0) * 1000))")"
