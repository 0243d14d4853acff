#!/bin/bash
# t_pair.sh -- two nodes on one wire: names, packets of every size, TCP, what
# the control socket says, and that a stop leaves nothing behind.
. "$(dirname "$0")/lib.sh"

net a b
wire a b
identity a b
PEERS[a]=b
PEERS[b]=a
EXTRA[a]='bastide: {cryptod: {aead: libsodium}}'
EXTRA[b]='bastide: {cryptod: {aead: libcrypto, workers: 3}}'
conf a
conf b
echo "${NPUB[b]}" >"$tmp/a/peers.allow"
start a b
check "two nodes find each other" meet a b
check "ping by npub reaches the peer" reaches a b
check "and back" reaches b a
check "ping by alias reaches the peer" in_net a ping -6 -n -c 2 -i 0.1 -W 2 b.fips
burst() { in_net a ping -6 -q -n -c 50 -i 0.01 -W 10 b.fips | tee /dev/stderr | grep -q ' 0% packet loss'; }
check "every ping of a burst is answered" burst
addr_b=$(mesh_addr b)

# ---- packets of the sizes that a tunnel likes least
background b $tool echo "$addr_b" 7001 2>"$tmp/echo"
wait_for 3 grep -q listening "$tmp/echo"
check "UDP of 1204 to 1280 bytes passes both ways, each size" \
    in_net a $tool sizes "$addr_b" 7001 1204 1280
check "UDP of a few small sizes passes" in_net a $tool sizes "$addr_b" 7001 48 60
check "UDP longer than the tunnel arrives in fragments" \
    in_net a $tool sizes "$addr_b" 7001 2998 3000
check "ping of 1280 bytes passes" in_net a ping -6 -n -c 1 -W 2 -s 1232 b.fips

check "100 MB over TCP arrive whole" transfer a b 100000000
note "$(cat "$tmp/took")"
check "10 MB the other way arrive whole" transfer b a 10000000
note "$(cat "$tmp/took")"

# ---- names
answer() { in_net a dig +short +time=10 +tries=1 -p 53 @::1 "$@"; }
status_of() { in_net a dig +time=10 +tries=1 -p 53 @::1 "$@"; }
check "AAAA of an npub is its mesh address" same "$addr_b" "$(answer AAAA "${NPUB[b]}.fips")"
check "AAAA of an alias is the same" same "$addr_b" "$(answer AAAA b.fips)"
check "names do not care about case" same "$addr_b" "$(answer AAAA B.FIPS)"
nodata() { status_of "$1" b.fips | tee /dev/stderr | grep -q 'status: NOERROR.*' &&
    [ -z "$(answer "$1" b.fips)" ]; }
check "A of a name that exists is NODATA" nodata A
check "TXT of a name that exists is NODATA" nodata TXT
nxdomain() { status_of AAAA "$1" | grep -q 'status: NXDOMAIN'; }
check "a name that nobody has is NXDOMAIN" nxdomain nobody.fips
check "an npub with a wrong checksum is NXDOMAIN" nxdomain "${NPUB[b]%?}1.fips"
ptr() { answer -x "$addr_b" | tee /dev/stderr | grep -qix "b.fips."; }
check "PTR of a known address is its name" ptr
check "PTR of an unknown address is NXDOMAIN" \
    grep -q 'status: NXDOMAIN' <(status_of -x fd00::1234)
check "the answer lives 300 s" grep -qE '[[:space:]]300[[:space:]]+IN[[:space:]]+AAAA' \
    <(status_of AAAA b.fips)

# ---- what people see
for what in status peers links sessions transports identity-cache; do
	check "show $what prints for people" ctl a show $what
	check "show $what prints JSON" show a $what 'type(d).__name__'
done
check "show acl names the list beside the configuration" same "$tmp/a/peers.allow" "$(show a acl 'd["allow_file"]')"
check "and where one would be that is in neither place" same /etc/fips/peers.deny "$(show a acl 'd["deny_file"]')"
check "show peers names the npub" grep -q "${NPUB[b]}" <(ctl a --json show peers)
check "show status counts one peer" same 1 "$(show a status 'd["peer_count"]')"
check "show status counts one session" same 1 "$(show a status 'd["session_count"]')"
check "one node seals with libsodium" same libsodium "$(show a status 'd["aead"]')"
check "the other with libcrypto" same libcrypto "$(show b status 'd["aead"]')"
check "and with three workers" same 3 "$(show b status 'd["workers"]')"
check "an unknown command of bastidectl fails" refuses ctl a show nonsense
check "no socket is an error that names it" \
    grep -q /nowhere/x.sock <("$BASTIDE_BUILD/bastidectl" -S /nowhere/x.sock show status 2>&1)
check "the control socket is 0660" same 660 "$(stat -c %a "$(sock a)")"
check "no log line holds a secret key" refuses grep -rq "${NSEC[a]}\|${NSEC[b]}" "$tmp/a/log" "$tmp/b/log"
json_lines() { python3 -c 'import json,sys
for line in sys.stdin: json.loads(line)' <"$tmp/a/log"; }
check "every log line is one JSON object" json_lines
check "disconnect takes the peer away" ctl a disconnect "${NPUB[b]}"
check "and it is gone" wait_for 3 unconnected a b
check "connect brings it back" ctl a connect "${NPUB[b]}" "${IP[b]}:2121" udp
check "and it is there" wait_for 5 connected a b

# ---- stop
trace() {
	in_net "$1" ip link show fips0 2>/dev/null
	in_net "$1" ip -6 rule show | grep 5265
	in_net "$1" ip -6 route show table all | grep 'fd00::/8'
	find "$tmp/$1/run" -type s
}
check "a node that runs has an interface" in_net a ip link show fips0
check "SIGTERM stops it with status 0" stop a
check "and leaves no interface, rule, route or socket" same "" "$(trace a)"
check "the peer knows at once" wait_for 2 unconnected b a
check "SIGINT stops it with status 0" stop b INT
check "and leaves nothing either" same "" "$(trace b)"

# ---- IPv6 underneath, one side dials, the other knows it not
PEERS[b]=
BIND='[::]:2121' PEER_ADDR="[${IP6[b]}]:2121" conf a
BIND='[::]:2121' conf b
start a b
check "two nodes find each other over IPv6" meet a b
check "ping by npub over IPv6" reaches a b
check "the link is on IPv6" grep -q "2001:db8:99::2" <(ctl a --json show peers)
check "a node of another name answers by npub alone" reaches b a
check "a second stop is as clean" stop a
check "no trace of it" same "" "$(trace a)"
finish
