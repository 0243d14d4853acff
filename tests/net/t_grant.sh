#!/bin/bash
# t_grant.sh -- a loan over the mesh: one box offers, another asks and gets one
# port, a third gets nothing; what ends it, who cannot have it, and what the
# audit stream tells afterwards.
. "$(dirname "$0")/mesh.sh"

# A folder of our own beside the programs: a manifest is made short-lived below.
bin=$tmp/bin
mkdir -m 755 "$bin"
cp -r "$BASTIDE_BUILD"/{privd,netd,cryptod,dird,macroctl,bastidectl,bastide-verify,macros.d} "$bin"
BASTIDE_BUILD=$bin

bridge
node a b c
dials b a
dials c a
EXTRA[a]='bastide:
  lending:
    allow: "tor-exit=tcp/9050 http-mirror=tcp/8080"'
up a b c
check "two boxes meet a third" meet b a
check "and the other" meet c a
addr_a=$(mesh_addr a) addr_b=$(mesh_addr b) addr_c=$(mesh_addr c)

# ---- the local API
# api BOX GET|POST PATH [BODY]
api() {
	local s=$tmp/$1/run/directory.sock
	if [ "$2" = GET ]; then curl -s --max-time 40 --unix-socket "$s" "http://d$3"
	else curl -s --max-time 40 --unix-socket "$s" -X POST --data-binary "${4-}" "http://d$3"; fi
}
# of FIELD: that field of the JSON on stdin.
of() { python3 -c "import json,sys; d=json.load(sys.stdin); print(d$1)" 2>/dev/null; }
did() { api "$1" GET /v1/identity | of '["did"]'; }
# carry FROM TO: TO knows what FROM knows.
carry() { api "$1" GET /v1/log/export >"$tmp/carried" && api "$2" POST /v1/log/import "@$tmp/carried" >/dev/null; }
everybody() { local x; for x in b c; do carry $x a; done; for x in b c; do carry a $x; done; }
has_nodes() { [ "$(api "$1" GET /v1/nodes | of '["nodes"].__len__()')" = "$2" ]; }
all_known() { everybody; has_nodes a 3 && has_nodes b 3 && has_nodes c 3; }

api a POST /v1/genesis '{"domain":"home","threshold":1}' >/dev/null
for x in b c; do
	token[$(printf %d "'$x")]=$(api a POST /v1/invite "{\"did\":\"$(did $x)\"}" | of '["token"]')
done
for x in b c; do
	carry a $x
	api $x POST /v1/join "{\"token\":\"${token[$(printf %d "'$x")]}\"}" >/dev/null
done
check "three boxes are one domain and know one another's addresses" wait_for 15 all_known
did_b=$(did b) did_c=$(did c)

# ---- the services of A: Debian's tor, offline, or something that greets as it does
greet() { timeout 8 ip netns exec "$(ns "$1")" python3 "$here/socks.py" greet "$addr_a" "${2:-9050}"; }
if command -v tor >/dev/null; then
	mkdir -m 700 "$tmp/tor"
	printf 'DataDirectory %s\nSocksPort [%s]:9050\nSocksPolicy accept6 fd00::/8\nSocksPolicy reject *\n' \
	    "$tmp/tor" "$addr_a" >"$tmp/torrc"
	background a tor -f "$tmp/torrc" >"$tmp/tor.out" 2>&1
	wait_for 15 greet a || note "tor: $(tail -n 3 "$tmp/tor.out")"
else
	note "tor is not installed: a listener of this test greets in its place"
	background a python3 "$here/socks.py" serve "$addr_a" 9050
fi
background a python3 "$here/socks.py" serve "$addr_a" 8080
check "the box itself reaches its SOCKS port" wait_for 10 greet a

# offer NAME KIND auto|pending PORT: its id.
offer() {
	api a POST /v1/offers "{\"name\":\"$1\",\"kind\":\"$2\",\"approval\":\"$3\",\"macro\":{\"kind\":\"$2\",\"params\":{\"port\":$4}}}" | of '["service_id"]'
}
activate() { api "$1" POST "/v1/services/$2/activate"; }
subscribe() { api "$1" POST "/v1/services/$2/subscribe" | of '["subscription_id"]'; }
state() { activate "$1" "$2" | of '["state"]'; }
code() { activate "$1" "$2" | of '["error"]["code"]'; }
# shows BOX ID FIELD: in the merged list of services.
shows() { api "$1" GET /v1/services | python3 -c "import json,sys; print([s for s in json.load(sys.stdin)['services'] if s.get('service_id')=='$2'][0].get('$3'))"; }
lent() { api a GET /v1/grants | of '["grants"].__len__()'; }
lends() { [ "$(lent)" = "$1" ]; }
record() { api a GET "/v1/audit?limit=500&from=0" | grep -o -- "$1" | wc -l; }

long=$(printf '%0250d' 0)
check "an offer with more parameters than fit is refused, with the limit" grep -q '"message":"[^"]*at most 900 bytes' \
    <(api a POST /v1/offers "{\"name\":\"long\",\"kind\":\"tor-exit\",\"macro\":{\"kind\":\"tor-exit\",\"params\":{\"a\":\"$long\",\"b\":\"$long\",\"c\":\"$long\",\"d\":\"$long\"}}}")
exit_id=$(offer exit tor-exit auto 9050)
everybody
check "what A offers appears on B" same "exit False" "$(shows b "$exit_id" name) $(shows b "$exit_id" active)"
check "nobody reaches the port yet" refuses greet b
check "without a subscription nothing is asked for" same none "$(code b "$exit_id")"
background b python3 "$here/grant.py" sniff fips0 "$tmp/body" >"$tmp/sniffed" 2>&1
sniffer=$bg
wait_for 5 grep -q listening "$tmp/sniffed"
check "bastidectl services activate: B subscribes, asks, and is lent the port" grep -q granted <(ctl b services activate exit 2>&1)
check "B reaches A's SOCKS port over the mesh" wait_for 5 greet b
check "a third box does not" refuses greet c
check "B knows where the service is" same "socks5h://[$addr_a]:9050" "$(shows b "$exit_id" endpoint)"
check "and that it is active" same True "$(shows b "$exit_id" active)"
check "A knows to whom it lends" same "$did_b $addr_b" "$(api a GET /v1/grants | of '["grants"][0]["subscriber"]') $(api a GET /v1/grants | of '["grants"][0]["src"]')"
check "bastidectl grants: A shows to whom it lends" grep -q "tor-exit *tcp/9050 *$addr_b .*$did_b" <(ctl a grants)
check "the request that went out was seen" wait_for 5 test -s "$tmp/body"
kill "$sniffer"; wait "$sniffer" 2>/dev/null

# ---- restarts
stop b; start b; wait_for 15 meet b a
check "B knows after a restart what it has borrowed" same True "$(shows b "$exit_id" active)"
check "and still reaches the port" wait_for 10 greet b
stop a; start a; wait_for 15 meet b a
check "and after a restart of A" wait_for 10 greet b
check "A has not lent it twice" lends 1

# ---- who cannot have it
# raw BOX PATH [BODY]: past dird, straight to A's mesh listener.
raw() { in_net "$1" python3 "$here/grant.py" post "$addr_a" 8443 "$2" "${3-}"; }
why() { sed -n 's/.*"code":"\([a-z_]*\)".*/\1/p'; }
nonce() { raw "$1" "/v1/grant/$exit_id" '{}' | sed -n 's/.*"nonce":"\([0-9a-f]*\)".*/\1/p'; }
# with KEY VALUE...: the body that was seen, with other values.
with() { python3 -c 'import json,sys; d=json.load(open(sys.argv[1])); d.update(zip(sys.argv[2::2], sys.argv[3::2])); print(json.dumps(d))' "$tmp/body" "$@"; }
before=$(lent)
refused() { # refused NAME CODE BOX PATH BODY
	check "$1: $2" same "$2" "$(raw "$3" "$4" "$5" | why)"
	check "$1: nothing is lent" lends "$before"
	check "$1: recorded" recorded "$2"
}
recorded() { api a GET "/v1/audit?limit=500&from=0" | of '["records"][-1]["text"]' | grep -q "^$1: ask service="; }
g=/v1/grant/$exit_id
refused "a replayed subscription from its owner" nonce b "$g" "$(cat "$tmp/body")"
refused "a replayed subscription from a thief" nonce c "$g" "$(cat "$tmp/body")"
n=$(nonce c)
refused "a stolen subscription with the thief's nonce" proof c "$g" "$(with nonce "$n")"
refused "a nonce used twice" nonce c "$g" "$(with nonce "$n")"
refused "a nonce of another address" nonce_other c "$g" "$(with nonce "$(nonce b)")"
refused "another node's subscription under one's own did" subscription c "$g" "$(with nonce "$(nonce c)" did "$did_c")"
refused "a did that nobody knows" stranger c "$g" "$(with nonce "$(nonce c)" did did:plc:00000000000000000000000000000000)"
refused "a nonce that was never given" nonce c "$g" "$(with nonce "$(printf %064d 1)")"
refused "a request without a proof" form c "$g" '{"did":"x"}'
refused "a service of nobody" service c "/v1/grant/$(printf %032d 1)" "$(with nonce "$(raw c "/v1/grant/$(printf %032d 1)" '{}' | sed -n 's/.*"nonce":"\([0-9a-f]*\)".*/\1/p')")"
# misread NAME STATUS PATH BODY: no request at all, and on record all the same.
misread() {
	local was
	was=$(record 'form: ask service=')
	check "$1" same "$2" "$(raw c "$3" "$4" | cut -d' ' -f1)"
	check "$1: recorded" same $((was + 1)) "$(record 'form: ask service=')"
}
for bad in '/v1/grant/../../etc/passwd' '/v1/grant/..%2f..%2fetc%2fpasswd' '/v1/grant/' "/v1/grant/$exit_id/x"; do
	misread "path traversal by service id: $bad is not there" 404 "$bad" '{}'
done
misread "deep JSON is refused" 400 "$g" '{"a":[[[[[[[[[[[[1]]]]]]]]]]]]}'
misread "huge JSON is refused" 413 "$g" "{\"a\":\"$(printf '%070000d' 0)\"}"
misread "duplicated JSON is refused" 400 "$g" '{"a":1,"a":1}'
misread "JSON that is no object is refused" 400 "$g" '[1]'
# claim NAME STATUS FIELD: what is cut before it is a request is on record, too.
claim() {
	local was
	was=$(record 'form: ask service=')
	check "$1 is refused" same "$2" "$(in_net c python3 "$here/grant.py" claim "$addr_a" 8443 "$g" "$3" | cut -d' ' -f1)"
	check "$1: recorded" same $((was + 1)) "$(record 'form: ask service=')"
}
claim "a body over 80 KiB" 413 "Content-Length: 81921"
claim "a body in chunks" 400 "Transfer-Encoding: chunked"
claim "a body of two lengths" 400 $'Content-Length: 1\r\nContent-Length: 2'
was=$(record 'form: ask service=')
check "the control: a body that is nobody's loan is refused as well" same 413 \
    "$(in_net c python3 "$here/grant.py" claim "$addr_a" 8443 /v1/elsewhere "Content-Length: 81921" | cut -d' ' -f1)"
check "and is no attempt at one" same "$was" "$(record 'form: ask service=')"
check "what B has it still has" wait_for 5 greet b

# ---- two services behind one port
twin_id=$(offer twin tor-exit auto 9050)
everybody
subscribe b "$twin_id" >/dev/null
check "a second service behind the same port is refused to who has the first" same macro_failed "$(code b "$twin_id")"
api a POST "/v1/offers/$twin_id/withdraw" >/dev/null
check "and its end leaves the first" wait_for 5 greet b
check "which is lent still" lends 1

# ---- a revoke cuts what is open
hold() {
	rm -f "$tmp/ask" "$tmp/held"
	background "$1" python3 "$here/socks.py" hold "$addr_a" "${2:-9050}" "$tmp/ask" >"$tmp/held" 2>&1
	holder=$bg
	wait_for 8 grep -q greeted "$tmp/held"
}
asks() { : >"$tmp/ask"; wait "$holder"; }
subscribe c "$exit_id" >/dev/null
check "the third box asks, too, and is lent the port" same granted "$(state c "$exit_id")"
hold b
check "an open connection goes on while it is granted" asks
hold b
api a POST "/v1/services/$exit_id/revoke-access" "{\"did\":\"$did_b\"}" >/dev/null
check "A takes it back from B, and from B alone" wait_for 5 lends 1
check "that cuts B's open connection" refuses asks
check "B is out" refuses greet b
check "C is not" wait_for 5 greet c
check "and B does not get it again" same revoked "$(code b "$exit_id")"
check "C gives it back" grep -q returned <(ctl c services revoke-access exit 2>&1)
check "and is out" refuses greet c
check "and knows it" same False "$(shows c "$exit_id" active)"
before=$(record 'give back')
check "what one has not can be given back" grep -q returned <(ctl c services revoke-access exit 2>&1)
check "which is no decision, and on record as none" same "$before" "$(record 'give back')"

# ---- expiry
sed -i 's/^  default: 3600/  default: 8/' "$bin/macros.d/tor-exit.yaml"
check "C is lent it again, for 8 s" same granted "$(state c "$exit_id")"
hold c
check "it is in" test -s "$tmp/held"
check "A has forgotten it after that" wait_for 9 lends 0
check "expiry cuts an open connection without anybody asking" refuses asks
check "and C knows that it is over" same False "$(shows c "$exit_id" active)"
sed -i 's/^  default: 8/  default: 3600/' "$bin/macros.d/tor-exit.yaml"

# ---- pending, with A, or B, or both, restarted between each step
again() { local n; for n in "$@"; do stop "$n"; start "$n"; done; wait_for 15 meet b a; }
pending() { # pending NAME BETWEEN
	local id sub
	id=$(offer "$1" http-mirror pending 8080)
	$2
	everybody
	$2
	sub=$(subscribe b "$id")
	$2
	check "$1: before approval nothing is lent" same pending "$(code b "$id")"
	check "$1: and nobody gets in" refuses greet b 8080
	carry b a
	$2
	api a POST "/v1/subscriptions/$sub/approve" '{"reason":"known"}' >/dev/null
	$2
	check "$1: after approval it is" same granted "$(state b "$id")"
	check "$1: and B gets in" wait_for 5 greet b 8080
	check "$1: and a third box does not" refuses greet c 8080
	$2
	check "$1: it is still lent" wait_for 5 greet b 8080
	check "$1: B gives it back" grep -q returned <(ctl b services revoke-access "$1" 2>&1)
	$2
	check "$1: and has it no more" refuses greet b 8080
	check "$1: and gets it again" same granted "$(state b "$id")"
	$2
	api a POST "/v1/subscriptions/$sub/reject" '{"reason":"no more"}' >/dev/null
	$2
	check "$1: after rejection it is gone" wait_for 5 refuses greet b 8080
	check "$1: and B does not get it again" same rejected "$(code b "$id")"
	$2
	check "$1: nothing is lent" lends 0
	carry a b
	check "$1: and B shows it as rejected and not active" same "rejected False" "$(shows b "$id" subscription) $(shows b "$id" active)"
}
pending pending true
pending pending-with-restarts "again a"
pending pending-with-restarts-of-both "again a b"

# ---- what else ends it
moved=$(offer moved tor-exit auto 9050)
everybody
subscribe b "$moved" >/dev/null
check "B is lent what is offered by one macro" same granted "$(state b "$moved")"
offer moved http-mirror auto 8080 >/dev/null
check "that ends when another macro takes its name" wait_for 5 lends 0
withdrawn=$(offer third tor-exit auto 9050)
everybody
subscribe b "$withdrawn" >/dev/null
subscribe c "$exit_id" >/dev/null
check "two are lent two services" same "granted granted" "$(state b "$withdrawn") $(state c "$exit_id")"
api a POST "/v1/offers/$withdrawn/withdraw" >/dev/null
check "a withdrawn offer ends exactly what was lent for it" wait_for 5 lends 1
check "B is out" refuses greet b
check "C is in" wait_for 5 greet c
api a POST /v1/revoke "{\"did\":\"$did_c\",\"reason\":\"left\"}" >/dev/null
check "a member that is revoked loses what it had" wait_for 5 lends 0
check "and is out" refuses greet c
check "and gets nothing again" same node "$(code c "$exit_id")"
check "an address of no member's gets no nonce" same node "$(raw c "$g" '{}' | why)"

# ---- who came meanwhile while A was down
again_id=$(offer fourth tor-exit auto 9050)
everybody
subscribe b "$again_id" >/dev/null
check "B is lent another" same granted "$(state b "$again_id")"
ctl a audit checkpoint >"$tmp/audit.old"
stop a
check "the grant outlives the house" in_net a nft get element inet bastide grants "{ $addr_b . tcp . 9050 }"
check "a provider that is away is told as such" same unreachable "$(code b "$again_id")"
start a
wait_for 15 meet b a

# ---- the whole story
check "the audit stream verifies" ctl a audit verify
check "bastidectl audit tells it all" test "$(ctl a audit | grep -c ' grant ')" -ge 6
story() { api a GET "/v1/audit?from=0" | python3 -c '
import json, sys
s = [(r["what"], r["who"], r["text"]) for r in json.load(sys.stdin)["records"]]
sid, did = sys.argv[1:]
i = [k for k, (w, who, t) in enumerate(s) if sid in t and who == did and w != "refused"]
said = [s[k][0] + ":" + s[k][2].split()[0] for k in i]
print(" ".join(said))
assert said == ["decision:lend", "grant:kind=tor-exit", "decision:end", "revoke:kind=tor-exit"], said
' "$exit_id" "$did_b"; }
check "and tells it: decided, granted, ended" story

# ---- to a stranger: an export, a signed head and proofs, over a restart of the box
verify() { "$BASTIDE_BUILD/bastide-verify" "$@"; }
key=$(api a GET /v1/identity | of '["audit_key"]')
api a POST "/v1/services/$again_id/revoke-access" "{\"did\":\"$did_b\"}" >/dev/null
check "the last loan ends" wait_for 5 lends 0
ctl a audit checkpoint >"$tmp/audit.head"
size=$(sed -n 2p "$tmp/audit.head") old=$(sed -n 2p "$tmp/audit.old")
check "the audit stream is exported" ctl a audit export "$tmp/audit"
check "and is that of the signed head" grep -q "first $size entries are exactly those" <(verify -a "$tmp/audit" -c "$tmp/audit.head" -k "$key")
check "which is no head of the journal" refuses verify -a "$tmp/audit" -c "$tmp/audit.head" -k "$(api a GET /v1/identity | of '["log_key"]')"
ctl a audit proof inclusion 1 "$size" >"$tmp/proof"
check "a record is proved to be in it" verify -a "$tmp/audit" -c "$tmp/audit.head" -k "$key" -l 1 -p "$tmp/proof"
check "and not another by that proof" refuses verify -a "$tmp/audit" -c "$tmp/audit.head" -k "$key" -l 2 -p "$tmp/proof"
ctl a audit proof consistency "$old" "$size" >"$tmp/proof"
check "it grew since the old head" test "$size" -gt "$old"
check "and continues it" grep -q 'nothing was rewritten' <(verify -c "$tmp/audit.head" -k "$key" -o "$tmp/audit.old" -p "$tmp/proof")
sed '2s/"who":"/"who":"x/' "$tmp/audit" >"$tmp/bent"
check "a record that was changed is seen by the next" grep -q '^BROKEN: audit record 2: ' <(verify -a "$tmp/bent")
sed '$s/"who":"/"who":"x/' "$tmp/audit" >"$tmp/bent"
check "and the last one by the head" refuses verify -a "$tmp/bent" -c "$tmp/audit.head" -k "$key"
sed 2d "$tmp/audit" >"$tmp/bent"
check "so is one that is missing" grep -q '^BROKEN: audit record 1: ' <(verify -a "$tmp/bent")
check "B wrote down what it borrowed" test "$(api b GET /v1/audit | grep -o '"what":"borrowed"' | wc -l)" -ge 3
check "nobody broke a rule" healthy a b c
finish
