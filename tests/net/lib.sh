# lib.sh -- what the tests in namespaces share. Sourced, never run.
#
# Knows how to make namespaces with names of this run, wires between them, a
# bad wire, nodes in them, and how to take all of it away again whatever
# happened. Says TAP on stdout. Touches nothing outside of its namespaces but
# its own folder under TMPDIR and /etc/netns/<its namespaces>.

set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
BASTIDE_BUILD=${BASTIDE_BUILD:-$root/build}
tool="python3 $here/tool.py"

declare -A NSEC NPUB IP IP6 PEERS PID EXTRA_NODE EXTRA
nets=() tests_run=0 tests_bad=0

# ---- TAP
note() { printf '%s\n' "$*" | sed 's/^/# /'; }
ok() { tests_run=$((tests_run + 1)); echo "ok $tests_run $*"; }
not_ok() {
	tests_run=$((tests_run + 1)) tests_bad=$((tests_bad + 1))
	echo "not ok $tests_run $*"
}
skip() { tests_run=$((tests_run + 1)); echo "ok $tests_run $1 # skip $2"; }

# check NAME COMMAND...: one test; what the command said follows a failure.
check() {
	local name=$1
	shift
	# No subshell: a command may start and stop nodes.
	if "$@" >"$tmp/out" 2>&1; then ok "$name"; else
		not_ok "$name"
		note "\$ $*"
		note "$(tail -n 12 "$tmp/out" | cut -c1-300)"
	fi
}
refuses() { ! "$@"; }
# same A B: two texts are equal; says both when not.
same() { [ "$1" = "$2" ] || { printf 'wanted: %s\n   got: %s\n' "$1" "$2"; false; }; }
bail() { echo "Bail out! $*"; exit 1; }
finish() {
	echo "1..$tests_run"
	[ "$tests_bad" -eq 0 ] || for n in "${!PID[@]}"; do
		note "---- the last lines of node $n"
		note "$(tail -n "${TAIL:-15}" "$tmp/$n/log" 2>/dev/null | cut -c1-300)"
	done
	exit $((tests_bad > 0))
}

# wait_for SECONDS COMMAND...: until it succeeds, or 1 after that long, which is what a
# machine of its own takes at most; one that is slow, or not ours alone, has three times as
# long. Where the time itself is what a test is about, PATIENCE=1.
wait_for() {
	local until=$((SECONDS + $1 * ${PATIENCE:-3} + 1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $until ] || return 1
		sleep 0.05
	done
}

# ---- everything made here goes away here
gone() { ! kill -0 "$1" 2>/dev/null; }
end() {
	kill -TERM "$1" 2>/dev/null || return 0
	wait_for "${2:-3}" gone "$1" || kill -KILL "$1" 2>/dev/null
	wait "$1" 2>/dev/null
}
cleanup() {
	local p n mine
	trap '' INT TERM HUP
	mine=$(jobs -p)		# children that live; a pid of old may be another's by now
	for p in $mine; do kill -TERM "$p" 2>/dev/null; done
	for p in $mine; do
		wait_for 3 gone "$p" || kill -KILL "$p" 2>/dev/null
	done
	for n in ${nets[@]+"${nets[@]}"}; do
		for p in $(ip netns pids "$n" 2>/dev/null); do
			kill -KILL "$p" 2>/dev/null
		done
		ip netns del "$n" 2>/dev/null
		rm -rf "/etc/netns/$n"
	done
	rmdir /etc/netns 2>/dev/null
	[ -n "${KEEP:-}" ] && note "kept: $tmp" || rm -rf "$tmp"
}

[ "$(id -u)" -eq 0 ] || bail "namespaces need root; run: sudo $0"
for need in ip ping dig curl python3; do
	command -v $need >/dev/null || bail "$need is missing; run: sudo sh scripts/deps.sh"
done
tmp=$(mktemp -d "${TMPDIR:-/tmp}/bastide-t.XXXXXX") || bail "no temporary folder"
# The rooms' accounts look at nothing in here; the node itself is root.
chmod 755 "$tmp"
trap cleanup EXIT
trap 'exit 130' INT TERM HUP

# ---- namespaces and wires
ns() { echo "bastide-t$$-$1"; }
# background NAME COMMAND...: in that namespace; its pid is left in $bg.
background() { ip netns exec "$(ns "$1")" "${@:2}" & bg=$!; }
in_net() { local n; n=$(ns "$1"); shift; ip netns exec "$n" "$@"; }

# net NAME...: a namespace that asks its own node for names.
net() {
	local n name
	for name in "$@"; do
		n=$(ns "$name")
		mkdir -p "/etc/netns/$n"
		[ -f /etc/resolv.conf ] && printf 'nameserver ::1\noptions timeout:2 attempts:1\n' \
		    >"/etc/netns/$n/resolv.conf"
		[ -f /etc/nsswitch.conf ] && echo 'hosts: files dns' >"/etc/netns/$n/nsswitch.conf"
		nets+=("$n")
		ip netns add "$n" || bail "cannot make a network namespace"
		ip -n "$n" link set lo up
		mkdir -p "$tmp/$name/run" "$tmp/$name/state"
	done
}

# address NAME DEV N: the N-th address of the test's network.
address() {
	local n
	n=$(ns "$1")
	IP[$1]=10.99.0.$3 IP6[$1]=2001:db8:99::$3
	ip -n "$n" addr add "10.99.0.$3/24" dev "$2"
	ip -n "$n" addr add "2001:db8:99::$3/64" dev "$2" nodad
	ip -n "$n" link set "$2" up
}

# wire A B: a good wire.
wire() {
	ip link add eth0 netns "$(ns "$1")" type veth peer name eth0 netns "$(ns "$2")" ||
	    bail "cannot make a veth pair"
	address "$1" eth0 1
	address "$2" eth0 2
}

# long_wire A B: the same through a third namespace, where bad_wire() can work.
long_wire() {
	net sky
	ip link add eth0 netns "$(ns "$1")" type veth peer name sa netns "$(ns sky)" &&
	    ip link add eth0 netns "$(ns "$2")" type veth peer name sb netns "$(ns sky)" ||
	    bail "cannot make a veth pair"
	# One datagram a frame: a lost one must not be sixty-four.
	ip -n "$(ns "$1")" link set eth0 gso_max_segs 1
	ip -n "$(ns "$2")" link set eth0 gso_max_segs 1
	in_net sky sysctl -qw net.ipv6.conf.all.disable_ipv6=1
	ip -n "$(ns sky)" link set sa up
	ip -n "$(ns sky)" link set sb up
	address "$1" eth0 1
	address "$2" eth0 2
	"${CC:-gcc}" -std=c11 -D_GNU_SOURCE -O2 -Wall -Wextra -o "$tmp/sky.bin" "$here/sky.c" ||
	    bail "cannot build the bad wire"
	sky_pid=
	weather 0 0 0
}
# weather LOSS REORDER DUPLICATE, in percent.
weather() {
	[ -z "$sky_pid" ] || end "$sky_pid"
	background sky "$tmp/sky.bin" sa sb "$1" "$2" "$3" 2>"$tmp/sky.log"
	sky_pid=$bg
	wait_for 3 grep -q up "$tmp/sky.log" || bail "the bad wire does not start"
}

# hostile_peer: build the one that means harm (evil.c), as $evil.
hostile_peer() {
	local o=$BASTIDE_BUILD/obj cc=${CC:-gcc} fast=
	case $("$cc" -dumpmachine) in x86_64-*) fast=-lIPSec_MB ;; esac
	evil=$tmp/evil.bin		# tests run at the same time
	"$cc" -std=c11 -D_GNU_SOURCE -O2 -I"$root/common" -I"$root/netd" -I"$root/cryptod" \
	    -o "$evil" "$here"/evil{,_say,_shake,_heard,_inner,_bend}.c "$o"/lib{netd,cryptod,common}.a \
	    -lsodium -lsecp256k1 -lcrypto $fast || bail "cannot build the hostile peer"
}

# ---- nodes
# identity NAME...: a fresh key.
identity() {
	local name out
	for name in "$@"; do
		out=$("$BASTIDE_BUILD/bastidectl" keygen --stdout) || bail "keygen failed"
		NSEC[$name]=$(grep -o 'nsec1[a-z0-9]*' <<<"$out" | head -n 1)
		NPUB[$name]=$(grep -o 'npub1[a-z0-9]*' <<<"$out" | head -n 1)
		[ ${#NPUB[$name]} -eq 63 ] || bail "keygen printed no npub: $out"
	done
}

# peer_lines NAME...: entries of peers: that dial them.
peer_lines() {
	local p
	for p in "$@"; do
		cat <<-END
		  - npub: "${NPUB[$p]}"
		    alias: "$p"
		    addresses:
		      - transport: udp
		        addr: "${PEER_ADDR:-${IP[$p]}:2121}"
		    connect_policy: auto_connect
		END
	done
}

# conf NAME: write its configuration from NSEC, PEERS, EXTRA_NODE and EXTRA.
conf() {
	local f=$tmp/$1/fips.yaml
	( umask 077
	{
		echo "node:"
		if [ -n "${NSEC[$1]:-}" ]; then
			printf '  identity:\n    nsec: "%s"\n' "${NSEC[$1]}"
		fi
		echo "  log_level: ${LEVEL:-debug}"
		printf '%s\n' "${EXTRA_NODE[$1]:-}"
		cat <<-END
		tun:
		  enabled: true
		  name: fips0
		  $([ -n "${TUN_MTU-1280}" ] && echo "mtu: ${TUN_MTU-1280}")
		dns:
		  enabled: true
		  bind_addr: "::1"
		  port: 53
		transports:
		  udp:
		    bind_addr: "${BIND:-0.0.0.0:2121}"
		END
		printf '%s\n' "${EXTRA[$1]:-}"
		if [ -n "${PEERS[$1]:-}" ]; then
			echo "peers:"
			# shellcheck disable=SC2086
			peer_lines ${PEERS[$1]}
		fi
	} >"$f" )
}
sock() { echo "$tmp/$1/run/control.sock"; }
ctl() { local n=$1; shift; "$BASTIDE_BUILD/bastidectl" -S "$(sock "$n")" "$@"; }
# show NAME WHAT PYTHON-EXPRESSION: of the reply's data, as d.
show() {
	ctl "$1" --json show "$2" | python3 -c "import json,sys; d=json.load(sys.stdin); print($3)"
}
is_up() { ctl "$1" show status; }

# spawn NAME: privd in the namespace, its log appended to tmp/NAME/log.
spawn() {
	ip netns exec "$(ns "$1")" "$BASTIDE_BUILD/privd" -c "$tmp/$1/fips.yaml" \
	    -r "$tmp/$1/run" -s "$tmp/$1/state" >>"$tmp/$1/log" 2>&1 </dev/null &
	PID[$1]=$!
}
# start NAME...: and wait until it answers people.
start() {
	local n
	for n in "$@"; do spawn "$n"; done
	for n in "$@"; do
		wait_for 10 is_up "$n" || {
			note "$(tail -n 20 "$tmp/$n/log")"
			bail "node $n does not start"
		}
	done
}
# The same with the reference daemon.
spawn_reference() {
	RUST_LOG=${LEVEL:-debug} ip netns exec "$(ns "$1")" "$FIPS_BIN" \
	    -c "$tmp/$1/fips.yaml" >>"$tmp/$1/log" 2>&1 </dev/null &
	PID[$1]=$!
}
start_reference() {
	spawn_reference "$1"
	wait_for 10 test -S "$(sock "$1")" || bail "the reference node $1 does not start"
}
# stop NAME [SIGNAL]: and answer with its exit status.
stop() {
	local p=${PID[$1]} rc
	kill "-${2:-TERM}" "$p" 2>/dev/null
	wait_for 5 gone "$p" || { kill -KILL "$p" 2>/dev/null; note "node $1 would not stop"; }
	wait "$p" 2>/dev/null
	rc=$?
	unset "PID[$1]"
	return $rc
}
# room NAME ROOM: pid of a room of that node.
room() { pgrep -P "${PID[$1]}" -x "$2"; }
is_whole() {
	local r
	kill -0 "${PID[$1]}" && for r in netd cryptod; do room "$1" $r >/dev/null || return 1; done
}
rooms() { echo "${PID[$1]}" $(pgrep -P "${PID[$1]}"); }
mesh_addr() { show "$1" status 'd["ipv6_addr"]'; }
connected() { show "$1" peers '[p for p in d["peers"] if p["npub"]=="'"${NPUB[$2]}"'"][0]["connectivity"]' | grep -qx connected; }
unconnected() { ! connected "$1" "$2"; }
# meet A B: both ends have the link.
meet() {
	wait_for 15 connected "$1" "$2" && wait_for 15 connected "$2" "$1"
}
# reaches FROM TO [PING ARGS]: by the name that everybody has.
reaches() {
	local from=$1 to=${NPUB[$2]}.fips
	shift 2
	in_net "$from" ping -6 -n -c 1 -W 2 "$@" "$to"
}
# pinging FROM NAME: twenty times a second until stop_pings, each answer in $tmp/pings.
pinging() {
	background "$1" ping -6 -n -i 0.05 -W 2 "$2" >"$tmp/pings" 2>&1
	pings=$bg
}
answers() { grep -c 'bytes from' "$tmp/pings"; }
has_answers() { [ "$(answers)" -ge "$1" ]; }
# stop_pings: once a second's worth more was answered, and so what left up to now; or
# after a quarter of a minute without.
stop_pings() {
	wait_for 5 has_answers $(($(answers) + 20))
	kill -INT "$pings"
	wait "$pings"
}
# unbroken LEAST: so many were answered, and each that left before the last of these. Of
# what left after it nobody knows, and it is no more than can be under way: five seconds
# of a machine that stands still, and not what goes unanswered in a quarter of a minute.
unbroken() {
	tail -n 3 "$tmp/pings"
	awk -v least="$1" '
	    /bytes from/ && match($0, /icmp_seq=[0-9]+/) {
		n = substr($0, RSTART + 9, RLENGTH - 9) + 0
		if (n > last) last = n
		came[n] = 1
	    }
	    /packets transmitted/ { sent = $1 }
	    END {
		for (n = 1; n <= last; n++) if (!(n in came)) { print "no answer to", n; bad = 1 }
		print last, "is the last that was answered, of", sent + 0
		exit bad || last < least || sent < last || sent - last > 100
	    }' "$tmp/pings"
}
# counter NAME REASON: how often it refused for that reason.
counter() { show "$1" status 'd["refused"].get("'"$2"'",0)'; }

# stream FROM TO ADDRESS BYTES [WITHIN]: TCP to that address of TO; checksums
# must agree. Leaves the time it took in tmp/took.
stream() {
	local sink rc=0
	background "$2" $tool sink "$3" 7000 >"$tmp/sink" 2>"$tmp/sink.err"
	sink=$bg
	: >"$tmp/took"
	wait_for 5 grep -q listening "$tmp/sink.err" || { cat "$tmp/sink.err"; return 1; }
	timeout "${5:-60}" ip netns exec "$(ns "$1")" $tool source "$3" 7000 "$4" \
	    >"$tmp/source" 2>"$tmp/took" || rc=1
	[ $rc -eq 0 ] || kill $sink 2>/dev/null
	wait $sink 2>/dev/null
	cat "$tmp/took"
	[ $rc -eq 0 ] && [ -s "$tmp/sink" ] && same "$(cat "$tmp/source")" "$(cat "$tmp/sink")"
}
# transfer FROM TO BYTES [WITHIN]: the same between two of our nodes.
transfer() { stream "$1" "$2" "$(mesh_addr "$2")" "$3" "${4:-60}"; }
