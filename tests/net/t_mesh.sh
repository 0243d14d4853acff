#!/bin/bash
# t_mesh.sh -- nodes that reach each other through others: chain, mesh, ring, star,
# random tree with some more links. All stand on one bridge; who dials whom
# makes the topology. Then a node dies and the others find each other again.
#
#	[ONLY='chain ring'] t_mesh.sh
. "$(dirname "$0")/mesh.sh"
ONLY=${ONLY:-chain mesh ring star random}

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
	stop c5 KILL >/dev/null
	try_pairs "chain of 5: the end dead without a word, the others still talk" c1 c2 c3 c4
	start c5
	try_pairs "chain of 5: the end back, all pairs again" "${c[@]}"
	check "chain of 5: every room lives, no error in a log" healthy "${c[@]}"
	# It dials c4 alone, and nobody tells it of c2, for whom it is gone in 30 s.
	stop c3 KILL
	boot c3
	PATIENCE=1 WITHIN=25 try_pairs "chain of 5: the middle killed and back, all pairs before it counts as gone" "${c[@]}"
	down "${c[@]}"
fi

# dies NAME: its netd, without a word; the others hear nothing of it.
dies() {
	kill -KILL "$(room "$1" netd)"
	wait "${PID[$1]}" 2>/dev/null
	unset "PID[$1]"
}

if wanted mesh; then
	m=(m1 m2 m3 m4 m5)
	node "${m[@]}"
	for i in 1 2 3 4; do
		for ((k = 0; k < i; k++)); do dials "${m[i]}" "${m[k]}"; done
	done
	up "${m[@]}"
	try_pairs "mesh of 5: all pairs by name" "${m[@]}"
	dies m2
	try_pairs "mesh of 5: one dead without a word, the others still talk" m1 m3 m4 m5
	check "mesh of 5: every room lives, no error in a log" healthy m1 m3 m4 m5
	down m1 m3 m4 m5
fi

if wanted ring; then
	r=(r1 r2 r3 r4 r5 r6)
	node "${r[@]}"
	for i in 0 1 2 3 4 5; do dials "${r[i]}" "${r[(i + 1) % 6]}"; done
	up "${r[@]}"
	try_pairs "ring of 6: all pairs by name" "${r[@]}"
	dies r3
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
	dies s4
	try_pairs "star of 8: a leaf dead without a word, the others still talk" s0 s1 s2 s3 s5 s6 s7
	check "star of 8: every room lives, no error in a log" healthy s0 s1 s2 s3 s5 s6 s7
	down "${s[@]}"
fi

# busiest NAME...: of the nodes without which the rest still hangs together, the one
# with the most links.
busiest() {
	local n p
	for n in "$@"; do
		for p in ${PEERS[$n]}; do echo "$n $p"; done
	done | python3 -c '
import sys
links = {tuple(sorted(l.split())) for l in sys.stdin}
nodes = {n for l in links for n in l}
def whole(gone):
    left, todo = nodes - {gone}, [min(nodes - {gone})]
    while todo:
        at = todo.pop()
        if at in left:
            left.remove(at)
            todo += [b for l in links if at in l for b in l]
    return not left
degree = lambda n: sum(n in l for l in links)
print(max((n for n in sorted(nodes) if whole(n)), key=degree))'
}

# A tree of N where each dials an earlier one, and X more links; SEED tells which.
if wanted random; then
	N=${N:-20} X=${X:-10}
	t=() rest=()
	for ((i = 0; i < N; i++)); do t+=("t$i"); done
	node "${t[@]}"
	RANDOM=${SEED:-7}
	for ((i = 1; i < N; i++)); do dials "t$i" "t$((RANDOM % i))"; done
	for ((i = 0; i < X; )); do
		a=$((RANDOM % N)) b=$((RANDOM % N))
		[ $a -ne $b ] || continue
		case "${PEERS[t$a]} :${PEERS[t$b]} " in *" t$b "*:* | *:*" t$a "*) continue ;; esac
		dials "t$a" "t$b"
		i=$((i + 1))
	done
	up "${t[@]}"
	WITHIN=60 try_pairs "random tree of $N with $X links more: all pairs by name" "${t[@]}"
	check "random tree: one root" one_root "${t[@]}"
	victim=$(busiest "${t[@]}")
	for n in "${t[@]}"; do [ "$n" = "$victim" ] || rest+=("$n"); done
	dies "$victim"
	WITHIN=90 try_pairs "random tree: $victim dead without a word, all others talk again" "${rest[@]}"
	check "random tree: every room lives, no error in a log" healthy "${rest[@]}"
	down "${rest[@]}"
fi

finish
