#!/bin/bash
# t_topology.sh -- bastidectl topology draws the tree that there is: parents, children,
# depths, the root, links beside the tree; and what others called themselves cannot
# break the picture.
#
#	[FIPS_BIN=/path/to/fips] t_topology.sh
#
# A tree of six and one link more; with FIPS_BIN one of them is a reference node.
. "$(dirname "${BASH_SOURCE[0]}")/mesh.sh"
graph="python3 $here/graph.py"

bridge
t=(a b c d e f)
node "${t[@]}"
dials b a
dials c a
dials d b
dials e b
dials f c
dials f e		# beside the tree, wherever its root is
[ -z "${FIPS_BIN:-}" ] || REFERENCE=" c"
up "${t[@]}"
try_pairs "tree of six, ${FIPS_BIN:+one of them theirs, }all pairs by name" "${t[@]}"

# what NAME PYTHON: of what it says of the tree, as d.
what() {
	if is_theirs "$1"; then
		"$(dirname "$FIPS_BIN")/fipsctl" -s "$(sock "$1")" show tree
	else
		ctl "$1" --json show tree
	fi | python3 -c "import json,sys; d=json.load(sys.stdin); print($2)"
}
addr_of() { what "$1" 'd["my_node_addr"]'; }
declare -A ADDR
for n in "${t[@]}"; do ADDR[$n]=$(addr_of "$n"); done
# the tree, by what each node says of its own parent
truth() {
	local n
	for n in "${t[@]}"; do
		what "$n" '" ".join(["edge"] + sorted((d["parent"], d["my_node_addr"])) + ["solid"])
		    if not d["is_root"] else "root " + d["my_node_addr"]'
	done | sort
}
# beside NAME: edges of its links that are in no tree.
beside() {
	local l x y
	for l in "a b" "a c" "b d" "b e" "c f" "e f"; do
		read -r x y <<<"$l"
		[ "$x" = "$1" ] || [ "$y" = "$1" ] || continue
		l=$(printf '%s\n' "${ADDR[$x]}" "${ADDR[$y]}" | sort | tr '\n' ' ')
		grep -q "^edge ${l}solid$" "$tmp/truth" || echo "edge ${l}dashed"
	done
}
drawn_dot() { ctl "$1" topology --dot >"$tmp/$1.dot" && $graph dot "$tmp/$1.dot" >"$tmp/$1.graph"; }
# as_it_is NAME: its picture has the edges that there are, and no others.
as_it_is() {
	truth >"$tmp/truth"
	drawn_dot "$1" && same "$( (grep ^edge "$tmp/truth"; beside "$1") | sort)" "$(grep ^edge "$tmp/$1.graph")"
}
# deep NAME: its text has one line a node, each as far in as the node is deep.
deep() {
	local want n
	want=$(for n in "${t[@]}"; do what "$n" 'd["depth"]'; done | sort | tr '\n' ' ')
	ctl "$1" topology >"$tmp/$1.text"
	same "$want$(beside "$1" | grep -c .)" "$($graph depths "$tmp/$1.text")"
}
peers_of() { show "$1" peers 'len(d["peers"])'; }
priced() { ctl "$1" topology | grep -o 'peer, cost [0-9.]*)' | grep -cx 'peer, cost [0-9]*\.[0-9][0-9])' | grep -qx "$(peers_of "$1")"; }
for n in a b d f; do
	check "$n draws the edges that there are" wait_for 40 as_it_is "$n"
	as_it_is "$n" >"$tmp/why" 2>&1 || note "$(cat "$tmp/why")"
	check "and each node as deep as it is" wait_for 10 deep "$n"
	check "and who it is itself" test "$(grep -c 'npub1.*this node' "$tmp/$n.text")" -eq 1
	check "and who is the root, at the top" grep -q '^[^ ].*(root' <(head -n 1 "$tmp/$n.text")
	check "and what its links cost" wait_for 40 priced "$n"
done
note "$(cat "$tmp/f.text")"
check "one link is beside the tree of six" test "$(cat "$tmp"/[abdf].graph | grep dashed | sort -u | wc -l)" -le 1
if command -v dot >/dev/null; then
	check "Graphviz draws it" dot -Tsvg -o "$tmp/f.svg" "$tmp/f.dot"
else
	skip "Graphviz draws it" "it is not installed"
fi
down "${t[@]}"

# ---- a node, or its neighbours, that would break the picture
python3 - >"$tmp/replies" <<'END'
import json
addr = ["%032x" % i for i in range(8)]
names = ["plain", 'a"]; b [label="c', "back\\slash\\", "new\nline\r\n\t}", "\x1b[2J\x1b]0;x\x07",
         "\x9b2J\x85", "\u202eright to left\u2066", "<b>no markup</b> {|} \\N"]
peers = [{"node_addr": a, "display_name": n, "coords": [a, addr[0]] if i else [a], "depth": 1,
          "mmp": {"lqi": 1.25}} for i, (a, n) in enumerate(zip(addr, names))]
bad = [{"node_addr": '"; x', "display_name": "x", "coords": ['"; x' + "0" * 27, addr[0]]}, {}, 7]
print(json.dumps({
    "show_status": {"node_addr": addr[1], "display_name": names[1]},
    "show_tree": {"my_node_addr": addr[1], "root": addr[0], "my_coords": addr[1::-1], "peers": peers + bad},
    "show_cache": {"entries": peers + bad + [{"node_addr": addr[2], "display_name": "round",
        "coords": [addr[2], addr[3]]}, {"node_addr": addr[3], "coords": [addr[3], addr[2]]}]},
    "show_peers": {"peers": peers + bad}}))
END
$graph pretend "$tmp/false.sock" "$tmp/replies" 120 2>"$tmp/false.err" &
wait_for 5 grep -q listening "$tmp/false.err" || bail "no false node"
false_node() { "$BASTIDE_BUILD/bastidectl" -S "$tmp/false.sock" topology "$@"; }
false_node --dot >"$tmp/false.dot"
check "names that would break it are drawn by Graphviz's grammar" $graph dot "$tmp/false.dot"
note "$(cat "$tmp/out")"
check "as eight nodes" test "$(grep -c '^node' "$tmp/out")" -eq 8
false_node >"$tmp/false.text"
check "and as text one line each, and one beside" test "$(wc -l <"$tmp/false.text")" -ge 8 -a "$(wc -l <"$tmp/false.text")" -le 16
printable() { LC_ALL=C.UTF-8 refuses grep -nP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|[\x{80}-\x{9f}\x{202a}-\x{202e}\x{2066}-\x{2069}]' "$1"; }
check "with nothing that a terminal obeys" printable "$tmp/false.text"
check "nor in the graph" printable "$tmp/false.dot"
finish
