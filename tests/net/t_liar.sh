#!/bin/bash
# t_liar.sh -- what a peer says of places: of its own, so deep that messages grow
# beyond what they may be; of others', to have what is for them sent astray.
#
# A - V - C - B, and a hostile peer E at V. V is the root, and its links are wide.
. "$(dirname "${BASH_SOURCE[0]}")/mesh.sh"

hostile_peer

bridge
node v a c b e
# Of these five V has the smallest address.
first=$($tool smallest "${NPUB[v]}" "${NPUB[a]}" "${NPUB[c]}" "${NPUB[b]}" "${NPUB[e]}")
for n in a c b e; do
	[ "${NPUB[$n]}" = "$first" ] || continue
	swap=${NSEC[v]} NSEC[v]=${NSEC[$n]} NSEC[$n]=$swap
	swap=${NPUB[v]} NPUB[v]=${NPUB[$n]} NPUB[$n]=$swap
done
dials a v
dials c v
dials b c
BIND=$'0.0.0.0:2121"\n    mtu: 1472 # "'
LEVEL=info
up v a c b
check "A reaches B through V and C" wait_for 20 reaches a b
check "V is the root" same "$(show v tree 'd["is_root"]')" True

mkfifo "$tmp/orders"
exec 7<>"$tmp/orders"
NSEC=${NSEC[e]} ip netns exec "$(ns e)" "$evil" "${NPUB[v]}" "${IP[v]}" 2121 "${IP[e]}" \
    "${NPUB[a]}" "${NPUB[b]}" <&7 >"$tmp/evil" 2>"$tmp/evil.err" &
check "the hostile peer is a peer" wait_for 10 connected v e
done_with() { grep -q "^$1 " "$tmp/evil"; }
does() { # KIND RATE SECONDS
	echo "$*" >&7
	wait_for $(($3 + 10)) done_with "$1"
}

# ---- B's place, wrong, again and again
to_b=$(mesh_addr b)
answered() { in_net a ping -6 -q -n -c 1000 -i 0.005 -W 1 "$to_b" | grep -o '[0-9]* received'; }
before=$(answered)
echo "lure ${RATE:-20000} 0" >&7
sleep 1
during=$(answered)
note "echoes of 1000 before: $before, beside the lies: $during"
most() { [ "${1%% *}" -ge 900 ]; }
check "before the lies echoes come back" most "$before"
check "beside lies about B's place they still do" most "$during"
echo "stop 0 0" >&7
wait_for 5 done_with lure
note "$(show v status '{k:v for k,v in d["refused"].items() if v}') $(show v routing 'd["error_signals"]')"

# ---- a number as large as there is
does last 500 2
check "the last number of a filter is shown as a large one" same \
    "$(show v peers 'max(p["filter_sequence"] for p in d["peers"])')" 9223372036854775807

# ---- places that cannot be, and who has to read of them
said() { grep -c 'invalid ancestry' "$tmp/v/log"; }
does crooked 2000 3
note "V says so $(said) times, of $(counter v tree_path)"
check "places that cannot be are said" test "$(said)" -gt 0
check "and do not fill the disk" test "$(said)" -lt 40

# ---- a place so deep that no handshake holds two such
does deeper 500 2
does far 500 3
in_net v ping -6 -n -c 1 -W 1 "${NPUB[e]}.fips" >"$tmp/out" 2>&1
note "V's depth: $(show v tree 'd["depth"]')"
for n in v a c b; do check "after all of it $n stands" is_whole $n; done
finish
