#!/bin/bash
# t_mesh_mixed.sh -- FIPS v0.4.1 nodes and ours make one mesh.
#
#	FIPS_BIN=/path/to/fips [CHURN_MINUTES=2] [ONLY='chain mesh churn']
#	    [PURE=1] t_mesh_mixed.sh
#
# Chains and meshes of both kinds, all pairs by name; then churn: each minute a
# node dies and comes back, and a link is cut and mended. PURE=1 runs the churn
# with reference nodes alone, to tell what belongs to them.
. "$(dirname "$0")/mesh.sh"
ONLY=${ONLY:-chain mesh churn}
CHURN_MINUTES=${CHURN_MINUTES:-2}

if [ -z "${FIPS_BIN:-}" ]; then
	skip "both kinds of nodes make one mesh" "FIPS_BIN is not set"
	finish
fi
[ -x "$FIPS_BIN" ] || bail "FIPS_BIN=$FIPS_BIN is no program"

bad_lines='ecryption failed\|Excessive decrypt\|Unknown \(link\|FMP\|FSP\|session message\|plaintext\)\|alformed\|panicked'
bad_reasons='link_auth inner_auth frame_version frame_phase frame_flags
    frame_length link_msg_unknown link_msg_short mesh_malformed tree_sender
    tree_path tree_sig dgram_short fsp_short fsp_version coords lookup_path'

# refused NAME: what it refused so far and never should; a node that is started
# again counts from nothing, so this is asked for before each death too.
refused() {
	show "$1" status '"\n".join("'"$1"' %s: %d" % (r, d["refused"][r])
	    for r in """'"$bad_reasons"'""".split() if d["refused"].get(r))' | grep .
}
# spoken NAME: bad lines of its log. An Ack or Msg3 for its rekey that it cannot read
# is one that we sent on purpose (docs/faults.md, 18).
spoken() {
	sed 's/\x1b\[[0-9;]*m//g' "$tmp/$1/log" | grep "$bad_lines" |
	    grep -v 'Failed to process rekey XK msg'
}
# of_ours: of what a reference node says, all but what it says of another one.
of_ours() {
	local n hex who=none
	for n in $REFERENCE; do
		hex=$(sed 's/\x1b\[[0-9;]*m//g' "$tmp/$n/log" | grep -om 1 'node_addr: [0-9a-f]*')
		who="$who|$n|${hex:11:8}\.\.\.|${NPUB[$n]:0:9}\.\.\.${NPUB[$n]: -4}"
	done
	grep -Ev "src=($who)( |\$)"
}
clean() {
	local n rc=0
	for n in "$@"; do
		if is_theirs "$n"; then
			spoken "$n" | of_ours | head -n 5 | grep . && rc=1
		else
			spoken "$n" | head -n 5 | grep . && rc=1
			! refused "$n" || rc=1
		fi
	done
	[ ! -s "$tmp/refused" ] || { cat "$tmp/refused"; rc=1; }
	return $rc
}
# alike OURS THEIRS WHAT...: their fipsctl shows of ours what it shows of theirs.
alike() {
	local ours=$1 theirs=$2 fipsctl
	fipsctl=$(dirname "$FIPS_BIN")/fipsctl
	shift 2
	"$fipsctl" -s "$(sock "$ours")" "$@" >"$tmp/ours.json" &&
	    "$fipsctl" -s "$(sock "$theirs")" "$@" >"$tmp/theirs.json" &&
	    $tool alike "$tmp/ours.json" "$tmp/theirs.json"
}
their_tool() {
	local w
	[ -x "$(dirname "$FIPS_BIN")/fipsctl" ] || return
	for w in status peers links tree sessions bloom mmp cache connections transports \
	    routing identity-cache; do
		check "their fipsctl shows $w of ours as of theirs" alike "$1" "$2" show $w
	done
	for w in list metrics peers "history mesh_size" "history bytes_in --peer ${NPUB[$3]}" \
	    "history tree_depth --window 1h --granularity 1m"; do
		# shellcheck disable=SC2086
		check "their fipsctl shows stats ${w%% --peer*} of ours as of theirs" \
		    alike "$1" "$2" stats $w
	done
	check "their fipsctl shows the access list of ours as of theirs" alike "$1" "$2" acl show
	check "their fipsctl draws a line of ours" drawn_line "$1"
	check "their fipsctl makes ours part from a peer" fipsctl_of "$1" disconnect "${NPUB[$3]}"
	check "their fipsctl makes ours meet it again" fipsctl_of "$1" connect "${NPUB[$3]}" \
	    "${IP[$3]}:2121" udp
	check "their fipsctl is told when ours does not know somebody" refuses fipsctl_of "$1" \
	    disconnect "$(nobody)"
	# What fipstop asks beyond that.
	for w in '{"command":"show_listening_sockets"}' \
	    '{"command":"show_stats_all_history","params":{"window":"1m","granularity":"1s"}}' \
	    '{"command":"show_stats_all_history","params":{"peer":"'"${NPUB[$3]}"'","window":"1m"}}' \
	    '{"command":"show_stats_history_all_peers","params":{"metric":"srtt_ms","window":"1m"}}'; do
		check "ours answers $(cut -d'"' -f4 <<<"$w") $(grep -o peer\" <<<"$w" | head -c4) as theirs" \
		    alike_said "$1" "$2" "$w"
	done
}
fipsctl_of() { "$(dirname "$FIPS_BIN")/fipsctl" -s "$(sock "$1")" "${@:2}"; }
drawn_line() { fipsctl_of "$1" stats history bytes_in --plot | tee /dev/stderr | grep -q '[▁▂▃▄▅▆▇█]'; }
alike_said() {
	$tool say "$(sock "$1")" "$3" >"$tmp/ours.json" &&
	    $tool say "$(sock "$2")" "$3" >"$tmp/theirs.json" &&
	    $tool alike "$tmp/ours.json" "$tmp/theirs.json"
}

# Every screen of their fipstop has the same labels for ours as for theirs: its name, and
# the keys that lead from it to the next.
fipstop='node Tab
peers Down Enter
peer Tab
transports Down Enter
transport Tab
sessions Down Enter
session Tab
tree Tab
filters Tab
performance Tab
routing Tab
graphs m
graphs-by-peer Enter
graph-of-one-peer m
graphs-of-one-peer Tab
gateway ?
help Escape'
screens() {
	local i keys n top
	top=$(dirname "$FIPS_BIN")/fipstop
	for n in "$@"; do
		tmux -L "bastide-t$$-$n" -f /dev/null new-session -d -x 180 -y 60 \
		    "$top -s $(sock "$n") -r 1 2>$tmp/fipstop.$n"
	done
	while read -r i keys; do
		sleep 2.5
		for n in "$@"; do
			tmux -L "bastide-t$$-$n" capture-pane -p >"$tmp/screen.$n.$i"
			# shellcheck disable=SC2086
			tmux -L "bastide-t$$-$n" send-keys $keys
		done
	done <<<"$fipstop"
	for n in "$@"; do tmux -L "bastide-t$$-$n" kill-server; done
}
same_screen() { $tool screens "$tmp/screen.$1.$3" "$tmp/screen.$2.$3" "${1%?}[a-e]"; }
their_screens() {
	local i
	command -v tmux >/dev/null && [ -x "$(dirname "$FIPS_BIN")/fipstop" ] || {
		skip "every screen of their fipstop" "no tmux or no fipstop"
		return
	}
	screens "$1" "$2"
	for i in $(cut -d' ' -f1 <<<"$fipstop"); do
		check "their fipstop shows $i of ours as of theirs" same_screen "$1" "$2" $i
	done
}
# strange A B: what seldom happens happens to both, so that both write of it.
strange() {
	local n
	for n in "$@"; do
		in_net qa bash -c "printf '\\x10%039d' 0 >/dev/udp/${IP[$n]}/2121"
		fipsctl_of "$n" connect "$(nobody)" 10.99.0.250:2121 udp || return 1
	done
}
# wrote NAME: of all that was strange, at the latest when a handshake is given up.
wrote() {
	wait_for 40 grep -q 'Stale handshake connection timed out' "$tmp/$1/log" &&
	    grep -q 'Unknown FMP version, dropping' "$tmp/$1/log"
}
ours_of() {
	local n
	for n in "$@"; do is_theirs "$n" || echo "$n"; done
}
: >"$tmp/refused"

# mixed TEXT NAME...: who dials whom is known; those in REFERENCE are theirs.
mixed() {
	local text=$1
	shift
	up "$@"
	WITHIN=60 try_pairs "$text: all pairs by name" "$@"
	check "$text: no decrypt failure, no unknown frame" clean "$@"
	# shellcheck disable=SC2046
	check "$text: every room lives, no error in a log" healthy $(ours_of "$@")
}
# chain TAG TEXT LENGTH NUMBERS-OF-REFERENCE-NODES
chain() {
	local m=() i
	REFERENCE=
	for ((i = 1; i <= $3; i++)); do
		m+=("$1$i")
		case $4 in *$i*) REFERENCE="$REFERENCE $1$i" ;; esac
	done
	node "${m[@]}"
	for ((i = 1; i < $3; i++)); do dials "$1$i" "$1$((i + 1))"; done
	mixed "chain of $3, $2" "${m[@]}"
	down "${m[@]}"
}
# mesh TAG TEXT LETTERS-OF-REFERENCE-NODES: a-d a-e c-d c-e d-e, and b at c.
links=("a d" "a e" "b c" "c d" "c e" "d e")
mesh() {
	local l x
	m=() REFERENCE=
	for l in a b c d e; do
		m+=("$1$l")
		case $3 in *$l*) REFERENCE="$REFERENCE $1$l" ;; esac
	done
	node "${m[@]}"
	for l in "${links[@]}"; do
		read -r l x <<<"$l"
		dials "$1$l" "$1$x"
	done
	mixed "mesh of 5, $2" "${m[@]}"
}

# sever A B / mend A B: frames between them go to nobody, and arrive again.
no_neighbour() {
	ip -n "$(ns "$1")" neigh "$3" "${IP[$2]}" dev eth0 \
	    ${4:+lladdr "$4" nud permanent}
}
sever() {
	no_neighbour "$1" "$2" replace 02:00:00:00:00:99
	no_neighbour "$2" "$1" replace 02:00:00:00:00:99
}
mend() {
	no_neighbour "$1" "$2" del
	no_neighbour "$2" "$1" del
}
# recovered: every pair talks, and says how soon. Two of theirs may not: one that
# waits for new keys of a peer that died hears no new handshake (v0.4.1), and one
# whose tree changed asks for nobody's place. That is told, and is no failure.
recovered() {
	local a b rc=0
	: >"$tmp/theirs"
	PATIENCE=1 pairs "${m[@]}" >/dev/null || missing "${m[@]}" >"$tmp/theirs"
	cat "$tmp/took"
	while read -r _ _ a _ b; do
		is_theirs "$a" && is_theirs "$b" || rc=1
		echo "no answer: $a to $b"
	done <"$tmp/theirs"
	return $rc
}
# one_minute N TAG: the N-th node dies and comes back, the N-th link is cut.
one_minute() {
	local began=$SECONDS victim a b how=TERM down=5 rc=0
	victim=${m[$1 % ${#m[@]}]}
	read -r a b <<<"${links[$1 % ${#links[@]}]}"
	a=$2$a b=$2$b
	[ $(($1 % 2)) -eq 0 ] && how=KILL
	[ $(($1 % 3)) -eq 2 ] && down=35	# longer than a silent peer lives
	is_theirs "$victim" || refused "$victim" >>"$tmp/refused"
	stop "$victim" $how >/dev/null
	sleep 8
	boot "$victim"
	sever "$a" "$b"
	sleep $down
	mend "$a" "$b"
	recovered >"$tmp/minute" || rc=1
	echo "minute $(($1 + 1)): $victim $how, $a-$b cut $down s: $(grep . "$tmp/minute")"
	while [ $((SECONDS - began)) -lt 60 ]; do sleep 1; done
	return $rc
}
churn() {
	local i rc=0
	: >"$tmp/churn"
	for ((i = 0; i < CHURN_MINUTES; i++)); do
		one_minute $i "$1" >>"$tmp/churn" || rc=1
	done
	return $rc
}
# at_the_end: as recovered, but for two of theirs too: what they believe of each
# other ends when they were silent for 90 s.
at_the_end() {
	recovered || return 1
	[ ! -s "$tmp/theirs" ] || { sleep 95; WITHIN=60 pairs "${m[@]}"; }
}
# churned TAG TEXT LETTERS
churned() {
	mesh "$1" "$2" "$3"
	check "mesh of 5, $2: all pairs recover in each of $CHURN_MINUTES minutes" churn "$1"
	note "$(cat "$tmp/churn")"
	check "mesh of 5, $2: all pairs at the end" at_the_end
	note "$(cat "$tmp/took")"
	check "mesh of 5, $2: no decrypt failure, no unknown frame after that" clean "${m[@]}"
	note "lines that one of theirs has about another: $(for x in $REFERENCE; do spoken "$x"; done |
	    grep -c .)"
	# shellcheck disable=SC2046
	check "mesh of 5, $2: every room lives after that" healthy $(ours_of "${m[@]}")
	down "${m[@]}"
}

bridge
if wanted chain; then
	chain u "a reference node in the middle" 3 2
	chain v "ours in the middle" 3 13
	chain x "ours at the ends" 5 234
	chain y "ours in the middle" 5 1245
	chain z "ours everywhere but one" 5 3
	chain w "theirs everywhere but an end" 5 2345
fi
if wanted mesh; then
	mesh p "three theirs" "ace"
	down "${m[@]}"
	mesh q "three ours" "bd"
	their_tool qe qd qa
	check "strangers knock at both kinds" strange qe qd
	their_screens qe qd
	check "ours writes of them" wrote qe
	check "and so does theirs" wrote qd
	down "${m[@]}"
	cat "$tmp"/qa/log "$tmp"/qc/log "$tmp"/qe/log >"$tmp/log.ours"
	cat "$tmp"/qb/log "$tmp"/qd/log >"$tmp/log.theirs"
	check "lines that both kinds write have one level and one target" \
	    $tool lines "$tmp/log.ours" "$tmp/log.theirs"
	note "$(head -n 1 "$tmp/out")"
	down "${m[@]}"
fi
if wanted churn; then
	if [ -n "${PURE:-}" ]; then
		churned r "churn, all theirs" abcde
	else
		churned s "churn, three ours" "${THEIRS:-bd}"
	fi
fi
finish
