#!/bin/bash
# t_hostile.sh -- a peer says everything that a peer can say, and means harm. Of
# each kind: it is counted by its reason and shown with who brought it, nobody else
# is blamed, the log stays short, honest echoes come back meanwhile. Twice all of
# it: the second time takes no more memory.
#
#	[ONLY='filter cut'] [RATE=10000] [SECS=0.5] [LIMIT_MIB=16] t_hostile.sh
#
# A - V - B, and the hostile peer E at V. docs/faults.md has the list.
. "$(dirname "${BASH_SOURCE[0]}")/mesh.sh"
RATE=${RATE:-10000} SECS=${SECS:-0.5} LIMIT_MIB=${LIMIT_MIB:-16}

# talk: a session of its own, for what follows.
# kind WHERE REASON...: at that node one of these reasons must be counted; and with
# E there, as messages of its own, as datagrams that it brought, or as frames that
# were not opened. "a" and "b" are far ends: there E's name is not to be seen.
table='
heartbeat v link_msg_rate
ancestry v link_msg_rate tree_stale
badsig v tree_sig
deep v tree_sig link_msg_rate
crooked v tree_path
sway v link_msg_rate
filter v filter_full
filters v filter_rate
last v filter_stale
hashes v mesh_malformed
lookup v lookup_rate lookup_nobody
lookup_v v lookup_rate
lookup_b v lookup_rate
proof v lookup_not_open
source b inner_auth
source_v v inner_auth inner_no_session
mtu b inner_auth
nowhere v dgram_no_route
ttl v dgram_ttl
cut v fsp_short
coords b fsp_rate
lure a inner_auth
setup v fsp_rate
far v fsp_rate
acks v fsp_unexpected
msg3s v fsp_unexpected
signals v fsp_signal
report v link_msg_short
nonsense v link_msg_unknown
below v tree_stale
astray a inner_auth
transit b inner_no_session
longer - frame_length
stray - frame_index
unsealed - link_auth
talk
inner_mtu v fsp_signal
inner_warm -
inner_report v fsp_short
inner_port v fsp_port
inner_ip6 v fsp_short
inner_type v fsp_unexpected
inner_again v inner_replay
inner_place -
bent v mesh_malformed
knock - link_rate_peer
answer - frame_index
'
hostile_peer
bridge
node v a b e
dials a v
dials b v
LEVEL=info
up v a b
check "A reaches B through V" wait_for 20 reaches a b
mkfifo "$tmp/orders"
exec 7<>"$tmp/orders"
NSEC=${NSEC[e]} ip netns exec "$(ns e)" "$evil" "${NPUB[v]}" "${IP[v]}" 2121 "${IP[e]}" \
    "${NPUB[a]}" "${NPUB[b]}" <&7 >"$tmp/evil" 2>"$tmp/evil.err" &
check "the hostile peer is a peer" wait_for 10 connected v e
done_with() { [ "$(grep -c "^$1 " "$tmp/evil")" -gt "$2" ]; }
# does KIND RATE SECONDS
does() {
	local was
	was=$(grep -c "^$1 " "$tmp/evil")
	echo "$*" >&7
	wait_for 15 done_with "$1" "$was"
}
talks() { does talk 1 5 && tail -n 1 "$tmp/evil" | grep 'messages 3'; }
# state WHERE REASON...: four numbers: of these reasons at that node, so far; what V
# says of E; for what it blames A and B; and how long its log is. A datagram is
# nobody's fault, but who brought it is shown.
state() {
	local at=$1
	shift
	{ ctl "$at" --json show status; ctl v --json show peers; } | python3 -c '
import json, sys
text = sys.stdin.read()
status, end = json.JSONDecoder().raw_decode(text)
peers = {p["npub"]: p for p in json.loads(text[end:])["peers"]}
own = lambda n: peers[n]["refused_messages"] + peers[n]["unopened_frames"]
e, a, b = sys.argv[1:4]
print(sum(status["refused"].get(r, 0) for r in sys.argv[4:]),
      own(e) + peers[e]["refused_datagrams"], own(a) + own(b), end=" ")' "${NPUB[e]}" "${NPUB[a]}" "${NPUB[b]}" "$@"
	stat -c %s "$tmp/v/log"
}
memory() { $tool memory $(rooms v) | awk '{ print $NF }'; }
# echoes: of 20 from A to B.
echoes() { in_net a ping -6 -q -n -c 20 -i 0.02 -W 1 "$to_b" | grep -o '[0-9]* received'; }
more() { [ "$2" -gt "$1" ] || { echo "$1 before, $2 after"; false; }; }
few() { [ "$1" -lt "$2" ] || { echo "$1 and not less than $2"; false; }; }
most() { [ "${1%% *}" -ge 10 ] || { echo "$1 of 20"; false; }; }

# again KIND WHERE REASON...: no more than that; it may count as a repetition by now.
again() {
	does "$1" "$(rate_of "$1")" "$SECS" || bail "the hostile peer does not do $1"
	is_whole v && is_whole a && is_whole b || bail "$1 brought a node down"
}
# Each message 1 costs itself four key operations.
rate_of() { [ "$1" = knock ] && echo 1000 || echo "$RATE"; }

drops() { show v transports 'sum(t["stats"]["kernel_drops"] for t in d["transports"])'; }
# beside KIND ROUNDS: what comes back of echoes meanwhile; it was done so often before.
beside() {
	local came
	echo "$1 $(rate_of "$1") $SECS" >&7
	came=$(echoes)
	wait_for 15 done_with "$1" "$2" || came="0, for the hostile peer does not do it"
	echo "$came"
}
is_over() { show v bloom '[f["over_cap"] for f in d["peer_filters"] if f["peer"] == "'"$addr_e"'"][0]' | grep -qx True; }

# has_come: what the kind in hand makes others count is counted.
has_come() {
	read -ra is <<<"$(state $at "${why[@]}")"
	[ ${#why[@]} -eq 0 ] || [ "${is[0]}" -gt "${was[0]}" ] || return 1
	[ "$where" != v ] || [ "${is[1]}" -gt "${was[1]}" ]
}
# try KIND WHERE REASON...
try() {
	local kind=$1 where=$2 at=v came rounds was is why=("${@:3}")
	shift 2
	case $where in a | b) at=$where ;; esac
	read -ra was <<<"$(state $at "$@")"
	rounds=$(grep -c "^$kind " "$tmp/evil")
	came=$(beside "$kind" "$rounds")
	# Was it the machine that stood still? Then not a second time.
	most "$came" >"$tmp/out" || {
		note "beside $kind once $came; V's sockets dropped $(drops) so far"
		came=$(beside "$kind" $((rounds + 1)))
	}
	# What was sent last has yet to be read. A machine that stood still took too few
	# of them to get to the limit of this kind; the next ones do.
	wait_for 5 has_come || {
		note "$kind was not counted once; V's sockets dropped $(drops) so far"
		rounds=$(grep -c "^$kind " "$tmp/evil")
		came=$(beside "$kind" "$rounds")
		wait_for 5 has_come
	}
	[ $# -eq 0 ] || check "$kind is counted as $*" more "${was[0]}" "${is[0]}"
	[ "$where" != v ] || check "$kind is shown with who brought it" more "${was[1]}" "${is[1]}"
	check "beside $kind echoes of others come back" most "$came"
	[ "$kind" != filter ] || check "a filter that is too full is shown as that" is_over
	check "for $kind nobody else is blamed" few $((is[2] - was[2])) 5
	check "$kind does not fill the disk" few $((is[3] - was[3])) 100000
	is_whole v && is_whole a && is_whole b || bail "$kind brought a node down"
}
# all WHAT: each kind once.
all() {
	local kind where why
	while read -r kind where why; do
		[ -n "$kind" ] || continue
		[ -z "${ONLY:-}" ] || [ "$kind" = talk ] || wanted "$kind" || continue
		[ "$kind" != talk ] || { check "E has a session with V" talks; continue; }
		# shellcheck disable=SC2086
		"$1" "$kind" "$where" $why
	done <<<"$table"
}
to_b=$(mesh_addr b)
addr_e=$(show v peers '[p["node_addr"] for p in d["peers"] if p["npub"] == "'"${NPUB[e]}"'"][0]')
before=$(memory)
all try
first=$(memory)
all again
second=$(memory)
note "MiB of V: $before before, $first after each kind once, $second after each twice"
within() { echo "$1 $2 $3" | awk '{ exit !($2 - $1 < $3) }'; }
check "memory stays bounded" within "$before" "$first" "$LIMIT_MIB"
check "and the same again takes no more" within "$first" "$second" 2
note "$(show v status '{k:v for k,v in d["refused"].items() if v}')"
check "A reaches B after all of it" wait_for 20 reaches a b
check "every room lives, no error in a log" healthy v a b
finish
