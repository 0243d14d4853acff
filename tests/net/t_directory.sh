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

bridge
node a b c
for n in a b c; do EXTRA[$n]='bastide: {directory: {pull_interval_secs: 1, name: box-'$n'}}'; done
dials a b
dials b c
up a b c
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

finish
