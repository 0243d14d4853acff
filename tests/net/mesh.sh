# mesh.sh -- what the tests of many nodes share. Sourced, never run.
#
# Knows lib.sh, and on top of it: one bridge where all nodes stand, who dials
# whom, and whether everybody reaches everybody.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# bridge: where the wires of all nodes end.
bridge() {
	net hub
	ip -n "$(ns hub)" link add br0 type bridge || bail "cannot make a bridge"
	ip -n "$(ns hub)" link set br0 up
	in_net hub sysctl -qw net.ipv6.conf.all.disable_ipv6=1
}
# node NAME: on the bridge, with an address and an identity.
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
		PEERS[$name]=
	done
}
# dials A B: and A finds the way.
dials() { PEERS[$1]="${PEERS[$1]} $2"; }

# up NAME...: configured and started; those in REFERENCE as reference nodes.
REFERENCE=
is_theirs() { case " $REFERENCE " in *" $1 "*) return 0 ;; esac; return 1; }
boot() { if is_theirs "$1"; then spawn_reference "$1"; else spawn "$1"; fi; }
up() {
	local n
	for n in "$@"; do
		if is_theirs "$n"; then
			EXTRA_NODE[$n]=$'  control:\n    socket_path: '$(sock "$n")
		fi
		conf "$n"
		boot "$n"
	done
	for n in "$@"; do
		wait_for 20 test -S "$(sock "$n")" || bail "node $n does not start"
	done
}
down() {
	local n
	for n in "$@"; do [ -z "${PID[$n]:-}" ] || stop "$n" >/dev/null; done
}

# pairs NAME...: from each to each, by name, until all have answered. Says what
# it took to the first and to the last. WITHIN seconds.
from_one() {
	local from=$1 to todo="${*:2}" left
	while [ -n "$todo" ]; do
		left=
		for to in $todo; do
			if reaches "$from" "$to" -W 1 >/dev/null 2>&1; then
				echo "$EPOCHREALTIME $from $to"
			else
				left="$left $to"
			fi
		done
		todo=$left
	done
}
pairs() {
	local n to others waits=() start=$EPOCHREALTIME rc=0
	: >"$tmp/pairs"
	for n in "$@"; do
		others=
		for to in "$@"; do [ "$n" = "$to" ] || others="$others $to"; done
		# shellcheck disable=SC2086
		( trap - EXIT INT TERM HUP; from_one "$n" $others >>"$tmp/pairs" ) &
		waits+=("$!")
	done
	wait_for "${WITHIN:-40}" all_said $(($# * ($# - 1))) || rc=1
	for n in "${waits[@]}"; do kill "$n" 2>/dev/null; wait "$n" 2>/dev/null; done
	sort "$tmp/pairs" | awk -v s="$start" -v want=$(($# * ($# - 1))) '
		NR == 1 { first = $1 - s } { last = $1 - s }
		END { printf "%d of %d pairs, first after %.2f s, last after %.2f s\n",
		    NR, want, first, last }' | tee "$tmp/took"
	[ $rc -eq 0 ] || missing "$@"
	return $rc
}
all_said() { [ "$(wc -l <"$tmp/pairs")" -eq "$1" ]; }
missing() {
	local a b
	for a in "$@"; do for b in "$@"; do
		[ "$a" = "$b" ] || grep -q " $a $b\$" "$tmp/pairs" || echo "no answer: $a to $b"
	done; done | head -n 20
}
# try_pairs TEXT NAME...: as one test.
try_pairs() {
	check "$1" pairs "${@:2}"
	note "$(cat "$tmp/took")"
}

depth_of() { show "$1" tree 'd["depth"]'; }
root_of() { show "$1" tree 'd["root"]'; }
one_root() {
	local n want
	want=$(root_of "$1")
	for n in "$@"; do same "$want" "$(root_of "$n")" || return 1; done
}
wanted() { case " $ONLY " in *" $1 "*) return 0 ;; esac; return 1; }
our_bad='"level": *"ERROR"\|AddressSanitizer\|runtime error'
healthy() {
	local n
	for n in "$@"; do
		! grep -m 3 "$our_bad" "$tmp/$n/log" || return 1
		[ -z "${PID[$n]:-}" ] || is_whole "$n" || { echo "$n is not whole"; return 1; }
	done
}
# nobody: the name of a node that there is not.
nobody() { "$BASTIDE_BUILD/bastidectl" keygen --stdout | grep -o 'npub1[a-z0-9]*' | head -n 1; }
