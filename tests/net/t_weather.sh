#!/bin/bash
# t_weather.sh -- what a tunnel must live through: loss, disorder, doubles, a
# peer that restarts, an address that changes, keys that are renewed.
. "$(dirname "$0")/lib.sh"

net a b
long_wire a b
identity a b
PEERS[a]=b
PEERS[b]=a
conf a
conf b
start a b
check "two nodes find each other through three namespaces" meet a b
check "the first ping sets up a session" reaches a b

# ---- bad wires
weather 10 0 0
lost_some() { in_net a ping -6 -q -n -c 400 -i 0.01 -W 1 b.fips | tee /dev/stderr |
    grep -qE '[^0-9](1[0-9]|2[0-9]|30)(\.[0-9]+)?% packet loss'; }
check "the wire does lose a tenth each way" lost_some
check "100 MB arrive whole at 10 % loss" transfer a b 100000000 120
note "$(cat "$tmp/took")"
weather 0 20 0
check "100 MB arrive whole out of order" transfer a b 100000000 90
note "$(cat "$tmp/took")"
weather 0 0 20
replays=$(counter b link_replay)
check "20 MB arrive whole with every fifth frame doubled" transfer a b 20000000 60
note "$(cat "$tmp/took")"
check "doubles are counted as replays" test "$(counter b link_replay)" -gt "$replays"
weather 3 10 5
check "5 MB arrive whole with all of it at once" transfer b a 5000000 60
note "$(cat "$tmp/took")"
weather 0 0 0
check "both houses still stand" eval 'is_whole a && is_whole b'

# A lost handshake message of any kind is sent again.
stop b
weather 25 0 0
start b
check "a link comes up at 25 % loss" meet a b
first_ping() { wait_for 20 reaches a b; }
check "and a session" first_ping
weather 0 0 0

# ---- keys
pinging a b.fips
bad='Session AEAD decryption failed\|Excessive decrypt\|link teardown'
bad_lines() { cat "$tmp/a/log" "$tmp/b/log" | grep -ci "$bad"; }
before=$(bad_lines)		# links have ended above, as they had to
sleep 0.5
forced=0
for i in 1 2 3 4 5; do
	# Both roles: each side begins some of them. Keys of a few seconds are
	# too young, so the next round waits until it may.
	if [ $((i % 2)) = 0 ]; then from=a to=b; else from=b to=a; fi
	wait_for 10 ctl $from rekey "${NPUB[$to]}" link &&
	    wait_for 10 ctl $from rekey "${NPUB[$to]}" session && forced=$((forced + 1))
	sleep 2.5
done
stop_pings
cutovers() { cat "$tmp/a/log" "$tmp/b/log" | grep -c "$1"; }
check "five rekeys of each layer could be forced" same 5 $forced
check "five link cutovers happened" test "$(cutovers 'Rekey cutover complete (initiator)')" -ge 5
check "five session cutovers happened" test "$(cutovers 'FSP rekey cutover complete (initiator)')" -ge 5
check "not one ping was lost meanwhile" unbroken 400
note "$(tail -n 2 "$tmp/pings" | tr '\n' ' ')"
check "no frame failed to decrypt meanwhile" same "$before" "$(bad_lines)"

# ---- an address that changes in mid-transfer
move() {
	ip -n "$(ns a)" addr flush dev eth0 scope global
	ip -n "$(ns a)" addr add "10.99.0.$1/24" dev eth0
}
wander() {
	sleep 0.4; move 11
	sleep 0.3; move 12
	sleep 0.3; move 13
}
wander &
check "100 MB arrive whole while the sender's address changes three times" \
    transfer a b 100000000 90
note "$(cat "$tmp/took")"
moved() { show b peers 'd["peers"][0]["transport_addr"]' | grep -q '10.99.0.13'; }
check "the peer followed to the last address" wait_for 5 moved
move 1
check "and reaches it after the way back" wait_for 5 reaches a b

# ---- a peer that restarts
known=$(mesh_addr b)
stop b
start b
check "a peer that said goodbye and came back is found again" wait_for 20 reaches a b
kill -KILL "${PID[b]}"
wait "${PID[b]}" 2>/dev/null
unset "PID[b]"
# Its netd may answer for a moment longer than privd lives; this does surely.
rm -f "$(sock b)"
python3 -c 'import socket, sys, time
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
s.listen()
time.sleep(0.5)' "$(sock b)" &
wait_for 5 test -S "$(sock b)"
start b
check "a peer that was killed and came back is found again" wait_for 20 reaches a b
check "and TCP works again" transfer a b 1000000 20

NSEC[b]=
EXTRA_NODE[b]=$'  identity:\n    persistent: true'
conf b
stop b
start b
first=$(mesh_addr b)
check "a persistent identity is a new one the first time" refuses same "$known" "$first" 
check "status says that it is kept" same True "$(show b status 'd["persistent"]')"
check "its key file is 0600" same 600 "$(stat -c %a "$tmp/b/state/fips.key")"
NPUB[b]=$(show b status 'd["npub"]')
check "a stranger that dials is a peer" meet a b
stop b
start b
check "a persistent identity comes back the same" same "$first" "$(mesh_addr b)"
check "and is reached as before" wait_for 20 reaches a b

EXTRA_NODE[b]=
conf b
stop b
start b
check "an identity that nobody keeps is another one" refuses same "$first" "$(mesh_addr b)"
check "and status says that it is not kept" same False "$(show b status 'd["persistent"]')"
NPUB[b]=$(show b status 'd["npub"]')
check "and is reached by its own name" wait_for 20 reaches a b
finish
