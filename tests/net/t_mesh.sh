#!/bin/bash
# t_mesh.sh -- nodes that reach each other through others: chain, ring, star,
# random tree with some more links. All stand on one bridge; who dials whom
# makes the topology. Then a node dies and the others find each other again.
#
#	[FIPS_BIN=/path/to/fips] [ONLY='chain ring'] t_mesh.sh
#
# With FIPS_BIN chains and a mesh of both kinds of nodes too.
. "$(dirname "$0")/lib.sh"
ONLY=${ONLY:-chain ring star random mixed}

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
up() {
	local n
	for n in "$@"; do
		case " $REFERENCE " in
		*" $n "*)
			EXTRA_NODE[$n]=$'  control:\n    socket_path: '$(sock "$n")
			conf "$n"
			spawn_reference "$n" ;;
		*)
			conf "$n"
			spawn "$n" ;;
		esac
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

bridge

if wanted chain; then
	c=(c1 c2 c3 c4 c5)
	node "${c[@]}"
	for i in 0 1 2 3; do dials "${c[i]}" "${c[i + 1]}"; done
	up "${c[@]}"
	try_pairs "chain of 5: all pairs by name" "${c[@]}"
	check "chain of 5: one root" one_root "${c[@]}"
	check "chain of 5: ends four hops apart carry full-size packets" \
	    in_net c1 ping -6 -n -c 2 -i 0.2 -W 2 -s 1155 "${NPUB[c5]}.fips"
	check "chain of 5: 5 MB over TCP end to end arrive whole" transfer c1 c5 5000000
	for w in tree bloom cache routing; do
		check "chain of 5: show $w prints for people" ctl c3 show $w
	done
	check "chain of 5: the middle counts what it passed on" \
	    test "$(show c3 routing 'd["forwarding"]["forwarded_packets"]')" -gt 1000
	check "chain of 5: everybody counts five nodes" same 5 "$(show c1 status 'd["estimated_mesh_size"]')"
	# Whoever asked first has a proof; the other may know from its Setup alone.
	proofs() { show "$1" cache 'sum(e["proven"] for e in d["entries"])'; }
	check "chain of 5: places were proven" test $(($(proofs c1) + $(proofs c5))) -gt 0
	drawn() { ctl "$1" topology | tee /dev/stderr | grep -c . | grep -qx 5; }
	check "chain of 5: topology draws all five" drawn c1
	check "chain of 5: topology --dot draws four edges" same 4 "$(ctl c1 topology --dot | grep -c ' -- ')"
	stop c5 >/dev/null
	try_pairs "chain of 5: the end gone, the others still talk" c1 c2 c3 c4
	start c5
	try_pairs "chain of 5: the end back, all pairs again" "${c[@]}"
	check "chain of 5: every room lives, no error in a log" healthy "${c[@]}"
	down "${c[@]}"
fi

if wanted ring; then
	r=(r1 r2 r3 r4 r5 r6)
	node "${r[@]}"
	for i in 0 1 2 3 4 5; do dials "${r[i]}" "${r[(i + 1) % 6]}"; done
	up "${r[@]}"
	try_pairs "ring of 6: all pairs by name" "${r[@]}"
	kill -KILL "$(room r3 netd)"
	wait "${PID[r3]}" 2>/dev/null
	unset "PID[r3]"
	WITHIN=90 try_pairs "ring of 6: one dead without a word, the others talk again" r1 r2 r4 r5 r6
	check "ring of 6: every room lives, no error in a log" healthy r1 r2 r4 r5 r6
	down "${r[@]}"
fi

if wanted star; then
	s=(s0 s1 s2 s3 s4 s5 s6 s7)
	node "${s[@]}"
	for n in "${s[@]:1}"; do dials "$n" s0; done
	up "${s[@]}"
	try_pairs "star of 8: all pairs by name" "${s[@]}"
	stop s4 >/dev/null
	try_pairs "star of 8: a leaf gone, the others still talk" s0 s1 s2 s3 s5 s6 s7
	check "star of 8: every room lives, no error in a log" healthy s0 s1 s2 s3 s5 s6 s7
	down "${s[@]}"
fi

# A tree of N where each dials an earlier one, and X more links; SEED tells which.
if wanted random; then
	N=${N:-12} X=${X:-6}
	t=()
	for ((i = 0; i < N; i++)); do t+=("t$i"); done
	node "${t[@]}"
	RANDOM=${SEED:-7}
	for ((i = 1; i < N; i++)); do dials "t$i" "t$((RANDOM % i))"; done
	for ((i = 0; i < X; i++)); do
		a=$((RANDOM % N)) b=$((RANDOM % N))
		[ $a -eq $b ] || dials "t$a" "t$b"
	done
	up "${t[@]}"
	WITHIN=60 try_pairs "random tree of $N with $X links more: all pairs by name" "${t[@]}"
	check "random tree: one root" one_root "${t[@]}"
	check "random tree: every room lives, no error in a log" healthy "${t[@]}"
	down "${t[@]}"
fi

if wanted mixed && [ -z "${FIPS_BIN:-}" ]; then
	skip "both kinds of nodes make one mesh" "FIPS_BIN is not set"
elif wanted mixed; then
	[ -x "$FIPS_BIN" ] || bail "FIPS_BIN=$FIPS_BIN is no program"
	their_bad='Session AEAD decryption failed\|Excessive decrypt\|Unknown link message\|Unknown FMP\|panicked\|ERROR'
	# mixed TAG TEXT REFERENCE-NUMBERS: a chain of five, those as reference nodes.
	mixed() {
		local m=() i ours=() theirs=()
		for i in 1 2 3 4 5; do m+=("$1$i"); done
		node "${m[@]}"
		for i in 0 1 2 3; do dials "${m[i]}" "${m[i + 1]}"; done
		REFERENCE=
		for i in 1 2 3 4 5; do
			case $3 in *$i*) REFERENCE="$REFERENCE $1$i" theirs+=("$1$i") ;;
			*) ours+=("$1$i") ;; esac
		done
		up "${m[@]}"
		WITHIN=60 try_pairs "chain of 5, $2: all pairs by name" "${m[@]}"
		check "chain of 5, $2: no decrypt failure, no unknown frame" refuses \
		    grep -m 3 "$their_bad" $(for i in "${theirs[@]}"; do echo "$tmp/$i/log"; done)
		check "chain of 5, $2: every room lives, no error in a log" healthy "${ours[@]}"
		theirs_shows "$2" "${ours[0]}"
		note "memory of ${ours[0]}: $($tool memory $(rooms "${ours[0]}") | tr '\n' ' ')"
		down "${m[@]}"
	}
	# Their tool, our socket.
	theirs_shows() {
		local w fipsctl
		fipsctl=$(dirname "$FIPS_BIN")/fipsctl
		[ -x "$fipsctl" ] || return 0
		for w in status tree bloom cache routing mmp sessions; do
			check "chain of 5, $1: their fipsctl shows our $w" "$fipsctl" -s "$(sock "$2")" show $w
		done
	}
	mixed x "ours at the ends" 234
	mixed y "ours in the middle" 1245
	mixed z "ours everywhere but one" 3
fi
finish
