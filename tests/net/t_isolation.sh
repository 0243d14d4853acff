#!/bin/bash
# t_isolation.sh -- nothing readable on the wire, no key where there should be
# none. Each probe first shows that it can see what it looks for.
. "$(dirname "$0")/lib.sh"

net a b
wire a b
identity a b
PEERS[a]=b
conf a
conf b
start a b
check "two nodes find each other" meet a b
check "ping reaches" reaches a b

# ---- the wire
secret=$(head -c 12 /dev/urandom | xxd -p)
# seen COMMAND...: frames on the wire that hold the pattern while it runs.
seen() {
	background b $tool watch eth0 "$secret" >"$tmp/seen" 2>"$tmp/watch"
	local w=$bg
	wait_for 3 grep -q listening "$tmp/watch"
	"$@" >/dev/null 2>&1
	sleep 0.3
	end "$w"
	awk '{ print $4 }' "$tmp/seen"
}
check "the probe sees the pattern outside of the tunnel" \
    test "$(seen in_net a ping -n -c 5 -i 0.1 -p "$secret" -s 200 10.99.0.2)" -ge 10
inside=$(seen in_net a ping -6 -n -c 20 -i 0.1 -p "$secret" -s 200 b.fips)
frames=$(awk '{ print $2 }' "$tmp/seen")
check "it looked at the frames of the tunnel too" test "$frames" -ge 40
check "and never saw the pattern there" same 0 "$inside"
# The tunnel must have carried what we looked for.
background b $tool watch fips0 "$secret" >"$tmp/inner" 2>"$tmp/watch"
inner=$bg
wait_for 3 grep -q listening "$tmp/watch"
in_net a ping -6 -n -c 5 -i 0.1 -p "$secret" -s 200 b.fips >/dev/null
end $inner
check "the pattern does come out of the tunnel" test "$(awk '{ print $4 }' "$tmp/inner")" -ge 5

# ---- memory
hex=$($tool key "${NSEC[a]}")
text=$(printf %s "${NSEC[a]}" | xxd -p | tr -d '\n')
in_room() { $tool scan "$(room a "$1")" "$2"; }
check "the probe finds the key in cryptod" test "$(in_room cryptod "$hex")" -ge 1
check "the key is not in netd" same 0 "$(in_room netd "$hex")"
check "nor in privd" same 0 "$($tool scan "${PID[a]}" "$hex")"
check "its text is not in netd" same 0 "$(in_room netd "$text")"
check "nor in privd, who read the file around it" same 0 "$($tool scan "${PID[a]}" "$text")"
check "nor left behind in cryptod" same 0 "$(in_room cryptod "$text")"
check "the probe does read netd" test "$(in_room netd "$(printf %s "${NPUB[a]}" | xxd -p | tr -d '\n')")" -ge 1
check "the probe does read privd" test "$($tool scan "${PID[a]}" "$(printf fips.yaml | xxd -p)")" -ge 1

# ---- what is on the disk
check "no file in the state or runtime folder holds the key" \
    refuses grep -rqs "${NSEC[a]}" "$tmp/a/run" "$tmp/a/state" "$tmp/a/log"

# ---- netd's network is the namespace's, cryptod's is empty
devices() { nsenter -t "$(room a "$1")" -n ip -o link | awk -F': ' '{ print $2 }' | tr '\n' ' '; }
check "cryptod has no interface but a dead lo" same "lo " "$(devices cryptod)"
check "and lo is down" grep -q DOWN <(nsenter -t "$(room a cryptod)" -n ip -o link)
finish
