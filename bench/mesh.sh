#!/bin/bash
# mesh.sh -- how soon everybody in a mesh reaches everybody, by name, and how
# soon again after a node died. The reference in the same run, same topology and
# same keys, when FIPS_BIN is given.
#
#	[FIPS_BIN=/path/to/fips] [ONLY='chain mesh ring star random'] [SEED=1]
#	[WITHIN=90] [JSON=file] [ROOT=1] bench/mesh.sh
#
# ROOT=1: the node that dies is the root of the tree, and everybody's place with it.
LEVEL=${LEVEL:-info}
. "$(dirname "$0")/../tests/net/lib.sh"
ONLY=${ONLY:-chain mesh ring star random} SEED=${SEED:-1} WITHIN=${WITHIN:-90}
JSON=${JSON:-$BASTIDE_BUILD/bench-mesh.json}
here=$(cd "$(dirname "$0")" && pwd)
: >"$tmp/rows"

# node NAME...: in its namespace, on a bridge that all share.
last=0
node() {
	local name
	for name in "$@"; do
		net "$name"
		last=$((last + 1))
		ip link add eth0 netns "$(ns "$name")" type veth peer name "p$last" netns "$(ns hub)" ||
		    bail "cannot make a veth pair"
		ip -n "$(ns hub)" link set "p$last" master br0 up
		address "$name" eth0 "$last"
		identity "$name"
	done
}
net hub
ip -n "$(ns hub)" link add br0 type bridge && ip -n "$(ns hub)" link set br0 up ||
    bail "cannot make a bridge"
in_net hub sysctl -qw net.ipv6.conf.all.disable_ipv6=1

# topology KIND N: lines "who dials whom" by number. The random tree has half as
# many links more as it has nodes. Then "kill I": of the nodes that are no cut
# the one with the most links, by chance when there are several.
topology() {
	python3 - "$1" "$2" "$SEED" <<-'END'
	import random, sys
	kind, n, rng = sys.argv[1], int(sys.argv[2]), random.Random(int(sys.argv[3]))
	if kind == "chain":
	    links = [(i, i + 1) for i in range(n - 1)]
	elif kind == "ring":
	    links = [(i, (i + 1) % n) for i in range(n)]
	elif kind == "star":
	    links = [(i, 0) for i in range(1, n)]
	elif kind == "mesh":
	    links = [(i, j) for i in range(n) for j in range(i)]
	else:
	    links = [(i, rng.randrange(i)) for i in range(1, n)]
	    while len(links) < n - 1 + n // 2:
	        a, b = rng.sample(range(n), 2)
	        if (a, b) not in links and (b, a) not in links:
	            links.append((a, b))
	def whole_without(gone):
	    left = set(range(n)) - {gone}
	    todo = [min(left)]
	    while todo:
	        at = todo.pop()
	        if at in left:
	            left.remove(at)
	            todo += [b for a, b in links if a == at] + [a for a, b in links if b == at]
	    return not left
	free = [i for i in range(n) if whole_without(i)]
	degree = lambda i: sum(i in l for l in links)
	most = max(map(degree, free))
	for a, b in links:
	    print("link", a, b)
	print("kill", rng.choice([i for i in free if degree(i) == most]), most)
	END
}

# lay KIND N: namespaces, keys and PEERS of a topology; its nodes in ${t[@]},
# who is to die in $victim.
lay() {
	local i what a b
	t=()
	for ((i = 0; i < $2; i++)); do t+=("$1$i"); done
	node "${t[@]}"
	for i in "${t[@]}"; do PEERS[$i]=; done
	while read -r what a b; do
		if [ "$what" = kill ]; then victim=$1$a
		else PEERS[$1$a]="${PEERS[$1$a]} $1$b"; fi
	done < <(topology "$1" "$2")
	[ -z "${ROOT:-}" ] || crown "$victim" "${t[@]}"
}

# crown NAME NAME...: of all their identities the first gets the smallest address.
crown() {
	local n nsec npub
	n=$(for n in "${@:2}"; do echo "$n=${NPUB[$n]}"; done | python3 "$here/pairs.py" -s)
	nsec=${NSEC[$n]} npub=${NPUB[$n]}
	NSEC[$n]=${NSEC[$1]} NPUB[$n]=${NPUB[$1]}
	NSEC[$1]=$nsec NPUB[$1]=$npub
}

# watch_pairs OUT ARGS NAME...: pairs.py in the background, its clock running.
watch_pairs() {
	local out=$1 args=$2 n who=()
	shift 2
	for n in "$@"; do who+=("$n=$(ns "$n")=${NPUB[$n]}"); done
	: >"$tmp/ready"
	# shellcheck disable=SC2086
	python3 "$here/pairs.py" $args -w "$WITHIN" "${who[@]}" >"$out" 2>"$tmp/ready" &
	watcher=$!
	wait_for 10 grep -q ready "$tmp/ready" || bail "pairs.py: $(cat "$tmp/ready")"
}

# die NAME: all its processes at once, and its wire, so that nobody hears of it.
die() {
	local p
	p=$(rooms "$1")
	ip -n "$(ns "$1")" link set eth0 down
	# shellcheck disable=SC2086
	kill -KILL $p 2>/dev/null
	wait "${PID[$1]}" 2>/dev/null
	unset "PID[$1]"
}

# trial KIND SPAWN TITLE: one mesh of one kind of node, from nothing to nothing.
trial() {
	local n rest=() load
	for n in "${t[@]}"; do
		[ "$2" = spawn_reference ] && EXTRA_NODE[$n]=$'  control:\n    socket_path: '$(sock "$n")
		rm -f "$(sock "$n")"
		conf "$n"
		[ "$n" = "$victim" ] || rest+=("$n")
	done
	watch_pairs "$tmp/up" "" "${t[@]}"
	for n in "${t[@]}"; do $2 "$n"; done
	wait "$watcher"
	sleep 12	# places are told and told again before anything breaks
	watch_pairs "$tmp/again" -c "${rest[@]}"
	die "$victim"
	wait "$watcher"
	read -r load _ </proc/loadavg
	for n in "${rest[@]}"; do stop "$n" >/dev/null; done
	ip -n "$(ns "$victim")" link set eth0 up
	printf '{"mesh": "%s", "nodes": %d, "who": "%s", "up": %s, "again": %s, "load": %s}\n' \
	    "$1" "${#t[@]}" "$3" "$(cat "$tmp/up")" "$(cat "$tmp/again")" "$load" >>"$tmp/rows"
	tail -n 1 "$tmp/rows" | table
}

table() {
	python3 -c '
import json, sys
say = lambda x: "-" if x is None else "%.2f" % x
for line in sys.stdin:
    r = json.loads(line)
    u, a = r["up"], r["again"]
    print("%-12s %-11s %4d/%-4d %7s %7s   %4d/%-4d %5d %8s %8s %6.1f" % (
        "%s of %d" % (r["mesh"], r["nodes"]), r["who"], u["answered"], u["pairs"],
        say(u["first"]), say(u["last"]), a["answered"], a["pairs"], a["hit"],
        say(a["last"]), say(a["settled"]), r["load"]), flush=True)'
}

echo "$(uname -srm), $(nproc) cores; seed $SEED; seconds"
printf '%-12s %-11s %9s %7s %7s   %9s %5s %8s %8s %6s\n' "" "" pairs first last \
    "one dead" hit again settled load
for what in chain:5 mesh:5 ring:6 star:8 random:20; do
	case " $ONLY " in *" ${what%:*} "*) ;; *) continue ;; esac
	lay "${what%:*}" "${what#*:}"
	trial "${what%:*}" spawn Bastide
	[ -z "${FIPS_BIN:-}" ] || trial "${what%:*}" spawn_reference reference
done
python3 -c 'import json, sys; json.dump([json.loads(l) for l in sys.stdin], sys.stdout, indent=1)' \
    <"$tmp/rows" >"$JSON"
echo "as JSON: $JSON"
