#!/bin/bash
# t_mesh.sh -- nodes that reach each other through others: chain, ring, star,
# random tree with some more links. All stand on one bridge; who dials whom
# makes the topology. Then a node dies and the others find each other again.
#
#	[ONLY='chain ring'] t_mesh.sh
. "$(dirname "$0")/mesh.sh"
ONLY=${ONLY:-chain ring star random}

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

finish
