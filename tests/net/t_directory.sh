#!/bin/bash
# t_directory.sh -- three boxes, one directory: what is said on one is known on
# all, through a partition and back; who is revoked is revoked everywhere; and
# what a guest or a peer of bad manners comes to.
. "$(dirname "$0")/mesh.sh"

LEVEL=info
dsock() { echo "$tmp/$1/run/directory.sock"; }
# get NAME PATH, post NAME PATH JSON: of the local API.
get() { curl -sS --max-time 20 --unix-socket "$(dsock "$1")" "http://d$2"; }
post() { curl -sS --max-time 20 --unix-socket "$(dsock "$1")" -d "$3" "http://d$2"; }
# of PYTHON-EXPRESSION: of the JSON on stdin, as d.
of() { python3 -c "import json,sys; d=json.load(sys.stdin); print($1)"; }
did() { get "$1" /v1/identity | of 'd["did"]'; }
status() { get "$1" "/v1/status?digest=1" | of "$2"; }
digest() { status "$1" 'd["digest"]'; }
entries() { status "$1" 'd["entries"]'; }
services() { get "$1" /v1/services | of '" ".join(sorted(s["name"] for s in d["services"]))'; }
# person NAME OF WHAT: what NAME's view says of OF's NodeRecord
person() { get "$1" /v1/nodes | of '[n["'"$3"'"] for n in d["nodes"] if n["author"]=="'"$2"'"]'; }
offer() { post "$1" /v1/offers '{"name":"'"$2"'","kind":"http-mirror"}' | of 'd["service_id"]'; }
sees() { [ "$(services "$1")" = "$2" ]; }
all_see() { local n; for n in a b c; do sees "$n" "$1" || return 1; done; }
one_view() {
	local n want
	want=$(digest a)
	for n in a b c; do [ "$(digest "$n")" = "$want" ] || return 1; done
}
# peer NAME OF EXPRESSION: what NAME's status says of the peer OF, as p.
peer() {
	status "$1" '(lambda p: '"$3"')([p for p in d["peers"] if p["npub"]=="'"${NPUB[$2]}"'"][0])'
}

split_only() { [ "$(grep -c '"level": *"ERROR"' "$tmp/a/log")" = 1 ] && grep -q '"ERROR".*two histories' "$tmp/a/log" && is_whole a; }

bridge
node a b c d x
for n in a b c; do EXTRA[$n]='bastide: {directory: {pull_interval_secs: 1, name: box-'$n'}}'; done
foreign() { python3 "$here/foreign_log.py" "$tmp" "$@"; }
EXTRA[a]='bastide: {directory: {pull_interval_secs: 1, name: box-a, witness: "'$(foreign key)'"}}'
dials a b
dials b c
dials d b
EXTRA[d]='bastide: {directory: {enabled: false}}'
up a b c d
for n in a b c; do
	wait_for 10 test -S "$(dsock $n)" || bail "node $n opens no directory"
done
check "the boxes are in a chain" meet a b
check "of three" meet b c

# ---- founding and joining
A=$(did a) B=$(did b) C=$(did c)
check "a founds a domain" of 'd["entry"] == 0 or exit(1)' < <(post a /v1/genesis '{"domain":"example","threshold":1}')
sleep 3
check "a box without a domain follows nobody by itself" same 0 "$(entries b)"
join() {
	local token
	token=$(post a /v1/invite '{"did":"'"$2"'"}' | of 'd["token"]') || return 1
	post "$1" /v1/pull '{"npub":"'"${NPUB[a]}"'"}' || return 1
	wait_for 10 invited "$1" || return 1
	post "$1" /v1/join '{"token":"'"$token"'"}' | of 'd["type"] == "Join" or exit(1)'
}
invited() { [ "$(entries "$1")" = "$(entries a)" ]; }
check "b joins with its token" join b "$B"
check "c, two hops away, joins" join c "$C"
all_nodes() { for n in a b c; do [ "$(get $n /v1/nodes | of 'len(d["nodes"])')" = 3 ] || return 1; done; }
check "everybody has everybody's NodeRecord" wait_for 20 all_nodes
check "a vouches for b" of 'd["type"] == "Attest" or exit(1)' < <(post a /v1/attest '{"did":"'"$B"'"}')
check "a vouches for c" of 'd["type"] == "Attest" or exit(1)' < <(post a /v1/attest '{"did":"'"$C"'"}')
check "all views are one" wait_for 20 one_view
may_offer() { offer "$1" "$2"; }
check "b offers a service" wait_for 10 may_offer b b-one
check "it is seen on all three" wait_for 20 all_see b-one
seen() { [ "$(peer "$1" "$2" 'p["last_seen"] > 0 and not p["problem"]')" = True ]; }
check "status says when a peer was seen" wait_for 10 seen a b

# ---- what the mesh may ask, and who is not of the mesh
at() { echo "http://[$(mesh_addr "$1")]:8443$2"; }
code() { in_net "$1" curl -gsS -m 10 -o /dev/null -w '%{http_code}' "${@:2}"; }
check "the catalogue can be asked for over the mesh" same b-one \
    "$(in_net c curl -gsS -m 10 "$(at a /v1/services)" | of '" ".join(s["name"] for s in d["services"])')"
check "a checkpoint too" same 200 "$(code c "$(at a /v1/checkpoint)")"
for path in / /v1/entries /v1/identity /v1/status /v1/log/import /v1/../v1/entries; do
	check "$path is 404 there" same 404 "$(code c --path-as-is "$(at a $path)")"
done
check "nothing can be founded from there" same 404 "$(code c -d '{"domain":"x"}' "$(at a /v1/genesis)")"
check "a body that is too long is refused" same 413 \
    "$(code c -d x -H 'Content-Length: 200000' "$(at a /v1/services)")"
MESH_A=$(mesh_addr a)
ip -n "$(ns x)" -6 route add "$MESH_A" via 2001:db8:99::1
check "a stranger on the wire reaches that address" in_net x ping -6 -n -c 1 -W 2 "$MESH_A"
check "but not the directory's port" refuses in_net x curl -gsS -m 3 "$(at a /v1/services)"
check "nor by another address of the box" refuses in_net x curl -gsS -m 3 "http://[2001:db8:99::1]:8443/v1/services"
check "the box itself is no peer of its own" refuses in_net a curl -gsS -m 3 "$(at a /v1/services)"

# A guest that trickles: a byte a second until it is cut.
trickle() { in_net c timeout 130 python3 -c '
import socket, sys, time
s = socket.create_connection((sys.argv[1], 8443)); t = time.time()
print("connected", file=sys.stderr, flush=True)
try:
    while time.time() - t < 120:
        s.sendall(b"G"); time.sleep(1)
        s.settimeout(0.01)
        try:
            if s.recv(10) == b"": break
        except TimeoutError: pass
except OSError: pass
print(int(time.time() - t))' "$MESH_A" >"$tmp/trickle" 2>"$tmp/trickle.up"; }
trickle &
trickler=$!
wait_for 5 grep -q connected "$tmp/trickle.up" || bail "nobody trickles"
crowd() { in_net c python3 -c '
import socket, sys, time
s = [socket.create_connection((sys.argv[1], 8443)) for i in range(8)]
until = time.monotonic() + 20; n = 0
while n < 4 and time.monotonic() < until:
    for x in s[:]:
        x.settimeout(0.1)
        try: gone = x.recv(1) == b""
        except TimeoutError: continue
        except OSError: gone = True
        if gone: n += 1; s.remove(x)
sys.exit(n < 4)' "$MESH_A"; }
check "one address has four connections and no more" crowd
check "that is counted" test "$(counter a dir_busy)" -ge 4

# ---- a partition in three, and its end
islands() { for i in 1 2 3; do ip -n "$(ns hub)" link set "p$i" "$1"; done; }
islands down
a_id=$(offer a a-one) b_id=$(offer b b-two) c_id=$(offer c c-one)
check "each of three islands has what was said on it" sees a "a-one b-one"
check "and not what was said on the others" sees b "b-one b-two"
check "on none of them" sees c "b-one c-one"
sleep 3
islands up
check "healed, all three see all" wait_for 40 all_see "a-one b-one b-two c-one"
check "and all views are one" wait_for 20 one_view

# ---- revocation, on one side of a partition
islands down
check "a revokes c" of 'd["type"] == "Revoke" or exit(1)' < <(post a /v1/revoke '{"did":"'"$C"'","reason":"left"}')
check "c does not hear of it, and offers one more" may_offer c c-late
check "of which others do not hear" sees c "a-one b-one b-two c-late c-one"
islands up
check "healed, c's offers are gone on all three" wait_for 40 all_see "a-one b-one b-two"
check "and c may offer nothing more" same revoked "$(post c /v1/offers '{"name":"c-two","kind":"http-mirror"}' | of 'd["error"]["code"]')"
check "all views are one" wait_for 20 one_view

# ---- witnesses
cosigned() { get "$1" /v1/checkpoint | grep -q "^— bastide/$2/witness "; }
check "b cosigns what a has signed" wait_for 15 cosigned a "$B"
check "a cosigns what b has signed" wait_for 15 cosigned b "$A"
witness() { foreign "$@" | curl -sS --unix-socket "$(dsock a)" --data-binary @- -w ' %{http_code}' http://d/v1/witness/add-checkpoint; }
check "a log of somebody else is cosigned when it is configured" grep -q "^— bastide/$A/witness .*" <(witness 0 5 x)
check "the size that is remembered is said" same "5
 409" "$(witness 0 7 y)"
check "a second root of one size is a split" grep -q '"split".* 409' <(witness 5 5 z)
check "of which the status speaks" same True "$(status a '[l["split"] for l in d["logs"] if l["log"]=="log.example/one"][0]')"
check "nothing of that log is cosigned again" grep -q '"split".* 403' <(witness 5 5 x)
check "no log that is not known is cosigned" grep -q ' 404' <(foreign 0 5 x | sed s/example/elsewhere/ |
    curl -sS --unix-socket "$(dsock a)" --data-binary @- -w ' %{http_code}' http://d/v1/witness/add-checkpoint)

# ---- a peer of bad manners: d answers for a directory
get a "/v1/log/export?from=0" >"$tmp/export"
before=$(entries b)
echo broken >"$tmp/mode"
background d python3 "$here/bad_peer.py" "$(mesh_addr d)" 8443 "$tmp/mode" "$tmp/export" >"$tmp/bad.log"
bad=$bg
wait_for 10 grep -q listening "$tmp/bad.log" || bail "the bad peer does not start"
ask_bad() { echo "$1" >"$tmp/mode"; post b /v1/pull '{"npub":"'"${NPUB[d]}"'"}' >/dev/null; }
says() { ask_bad "$1"; wait_for 15 grep -q "^$1" "$tmp/bad.log" && wait_for 15 problem "$2"; }
problem() { peer b d 'p["problem"]' | tee /dev/stderr | grep -q "$1"; }
check "a page that is no journal ends the pull" says broken "not valid JSON"
check "so does one that never ends" says endless "longer than allowed"
check "one that is longer than it says" says long "longer than allowed"
check "one that says it is longer than allowed" says huge "longer than allowed"
check "one that is shorter than it says" says short "hung up"
check "entries of strangers, more than the quota" says strangers "nobody here knows"
check "they are counted" test "$(peer b d 'p["refused"]["author"]')" -ge 257
check "one page again and again breaks the chain" says same "chain of hashes"
check "a journal that repeats itself is no journal" says repeat "repeats"
check "it has wasted what a few pages hold, not more" test "$(peer b d 'p["wasted_bytes"]')" -lt 4000000
check "nothing of it was kept" same "$before" "$(entries b)"
check "it rests meanwhile" test "$(peer b d 'p["next"]')" -gt "$(date +%s)"
offer a a-two >/dev/null
check "and the others are heard as before" wait_for 10 sees b "a-one a-two b-one b-two"
end $bad
wait $trickler
check "who trickled was cut after half a minute" test "$(cat "$tmp/trickle")" -ge 25 -a "$(cat "$tmp/trickle")" -le 110

# ---- one byte at a time, while dird has no time
dribble() { in_net c python3 -c '
import socket, sys, time
s = [socket.create_connection((sys.argv[1], 8443)) for i in range(4)]
for x in s: x.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
for i in range(150):
    for x in s: x.send(b"G")
    time.sleep(0.04)' "$MESH_A"; }
busy_dird() {
	local d rc=0
	d=$(room a dird) || return 1
	kill -STOP "$d"
	dribble &
	in_net b ping -6 -n -i 0.5 -c 14 -W 5 "$MESH_A" | tee /dev/stderr | grep -q " 0% packet loss" || rc=1
	wait $!
	kill -CONT "$d"
	return $rc
}
check "who fills the door to dird does not stop the packets" busy_dird
check "the directory answers after that" same 200 "$(code b "$(at a /v1/checkpoint)")"
check "no room said an error but of the split" split_only
for n in b c d; do check "$n has nothing to complain of" healthy $n; done

# ---- a restart goes on where it was: c and d are out of reach, and b says nothing
check "b cosigned the newest of a" wait_for 30 cosigned a "$B"
is_seen=$(peer a b 'p["last_seen"]')
stop a
ip -n "$(ns hub)" link set p1 down
start a
check "a restart knows how far it was with a peer" test "$(peer a b 'p["from"]')" -gt 5
check "and when it was seen" test "$(peer a b 'p["last_seen"]')" -ge "$is_seen"
check "and what was cosigned" cosigned a "$B"
ip -n "$(ns hub)" link set p1 up
check "and the peer is heard again" wait_for 40 seen a b

# ---- a box whose disk goes back in time takes its own words back from others
stop b
cp -a "$tmp/b/state/directory" "$tmp/before"
back_in_time() {
	stop b
	rm -rf "$tmp/b/state/directory"
	cp -a "$tmp/before" "$tmp/b/state/directory"
}
start b
wait_for 10 offer b b-three
check "what b says is known on a" wait_for 20 sees a "a-one a-two b-one b-three b-two"
back_in_time
start b
check "set back, b has its own words from a again" wait_for 30 sees b "a-one a-two b-one b-three b-two"
check "and says so" same 1 "$(status b 'd["adopted"]')"
check "what it says then is known on a" wait_for 10 offer b b-four
check "and b is not frozen" wait_for 20 sees a "a-one a-two b-four b-one b-three b-two"

# ---- unless it says something first: that is a second history
back_in_time
ip -n "$(ns hub)" link set p2 down
start b
check "with its old disk b says something else" wait_for 10 offer b b-other
ip -n "$(ns hub)" link set p2 up
check "both are known in the end: b is frozen" wait_for 30 sees a "a-one a-two"
frozen() { [ "$(get b /v1/identity | of 'd["frozen"]')" = True ]; }
check "b learns it too" wait_for 30 frozen
stop a
start a
check "a split is remembered" same True "$(status a '[l["split"] for l in d["logs"] if l["log"]=="log.example/one"][0]')"
finish
