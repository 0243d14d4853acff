#!/bin/bash
# t_lending.sh -- a box lends ports to one address at a time: who reaches them,
# what ends it, and everything that is not a loan.
. "$(dirname "$0")/mesh.sh"

# A folder of our own beside the programs: the planners of the house and some
# that nobody would vet.
bin=$tmp/bin
mkdir -m 755 "$bin" "$bin/macros.d"
cp "$BASTIDE_BUILD"/{privd,netd,cryptod,dird,macroctl,bastidectl} "$bin"
cp "$BASTIDE_BUILD"/macros.d/* "$bin/macros.d"
evil="hang fork flood outside two open net exec kill deep trace"
"${CC:-gcc}" -std=c11 -D_GNU_SOURCE -O1 -static-pie -fPIE -w -o "$tmp/evil" \
    "$here/evil_planner.c" || bail "cannot build the evil planners"
for e in $evil; do
	install -m 755 "$tmp/evil" "$bin/macros.d/evil-$e"
	printf 'kind: evil-%s\nabout: evil\nplan:\n  allow: [tcp/9050]\n' "$e" >"$bin/macros.d/evil-$e.yaml"
done
BASTIDE_BUILD=$bin

bridge
node a b c
dials b a
dials c a
EXTRA[a]='bastide:
  lending:
    allow: "tor-exit=tcp/9050 dns-resolver=udp/5300,tcp/5300 http-mirror=tcp/8080"
    max_secs: 7200
    ipv4_mesh: "10.44.0.0/16"'
up a b c
check "two boxes meet a third that lends" meet b a
check "and the other" meet c a
addr_a=$(mesh_addr a) addr_b=$(mesh_addr b) addr_c=$(mesh_addr c)
sub=did:plc:0123456789abcdef0123456789abcdef

# ---- the service: Debian's tor, offline, or something that greets as it does
greet() { timeout 8 ip netns exec "$(ns "$1")" python3 "$here/socks.py" greet "$addr_a" "${2:-9050}"; }
if command -v tor >/dev/null; then
	mkdir -m 700 "$tmp/tor"
	# The fragment that ships, with the address written in as it says.
	{ printf 'DataDirectory %s\nLog notice file %s\n' "$tmp/tor" "$tmp/tor.log"
	sed "s/MESH_ADDRESS/$addr_a/" "$root/macroctl/tor/bastide.torrc"; } >"$tmp/torrc"
	background a tor -f "$tmp/torrc" >"$tmp/tor.out" 2>&1
	wait_for 15 greet a || note "tor: $(tail -n 3 "$tmp/tor.out")"
else
	note "tor is not installed: a listener of this test greets in its place"
	background a python3 "$here/socks.py" serve "$addr_a" 9050
fi
check "the box itself reaches its SOCKS port" wait_for 5 greet a
in_net a sysctl -qw net.ipv4.ip_unprivileged_port_start=1024

# mac [ARGUMENT...]: macroctl on box a.
mac() { "$bin/macroctl" -r "$tmp/a/run" "$@"; }
grant() { mac tor-exit grant --sub $sub --src-ip "$@"; }
revoke() { mac tor-exit revoke --sub $sub --src-ip "$@"; }
grants() { in_net a nft -j list set inet bastide grants | grep -o '"elem": *{' | wc -l; }
audited() { strings -n 20 "$tmp"/a/state/directory/*.seg | grep -c -- "$1"; }

check "nobody reaches a lent port without a grant" refuses greet b
check "a grant says until when and where" grep -q '"endpoint":"socks5h://\['"$addr_a" <(grant "$addr_b" --for 600)
check "one address reaches the port" wait_for 5 greet b
check "another box does not" refuses greet c
check "a port that is not lent is not touched" refuses grep -q 'tcp . 22' <(in_net a nft list ruleset)
check "the same grant again lasts from now on" grep -q '"until"' <(grant "$addr_b" --for 900)
other=did:plc:ffffffffffffffffffffffffffffffff
check "for another subscriber the same port is taken" grep -q '"code":"TAKEN"' <(mac tor-exit grant --sub $other --src-ip "$addr_b" 2>&1)
check "and what was lent is as it was" grep -q "\"sub\":\"$sub\"" <(mac status)
check "the list names kind, subscriber and source" grep -q "\"kind\":\"tor-exit\".*\"src\":\"$addr_b\".*\"sub\":\"$sub\"" <(mac status)

# ---- an open connection
hold() { # hold BOX: a greeted connection that asks once more when told to
	rm -f "$tmp/ask" "$tmp/held"
	background "$1" python3 "$here/socks.py" hold "$addr_a" 9050 "$tmp/ask" >"$tmp/held" 2>&1
	holder=$bg
	wait_for 8 grep -q greeted "$tmp/held"
}
asks() { : >"$tmp/ask"; wait "$holder"; }
lends_nothing() { grep -q '"grants":\[\]' <(mac status); }
hold b
check "an open connection goes on while it is granted" asks
hold b
check "a revoke says that something was removed" grep -q '"removed":1' <(revoke "$addr_b")
check "a revoke cuts an open connection" refuses asks
check "and nobody gets in after it" refuses greet b
check "a second revoke finds nothing and says so" grep -q '"removed":0' <(revoke "$addr_b")
grant "$addr_b" --for 8 >/dev/null
hold b
check "it is in" test -s "$tmp/held"
check "which ends" wait_for 9 lends_nothing
check "expiry cuts an open connection without anybody asking" refuses asks
check "and the kernel has forgotten the grant" grep -q '"grants":\[\]' <(mac status)

# ---- what lasts
grant "$addr_b" --for 600 >/dev/null
stop a
check "a grant outlives the house" in_net a nft get element inet bastide grants "{ $addr_b . tcp . 9050 }"
start a
wait_for 15 meet b a
check "and is there after a restart" grep -q "$addr_b" <(mac status)
rules() { in_net a nft list ruleset | grep -c 'grants accept'; }
check "no double rule on reinstall" same 4 "$(rules)"
revoke "$addr_b" >/dev/null
check "the table goes on request" in_net a "$bin/privd" -F
check "and nothing of it is left" refuses in_net a nft list table inet bastide
stop a
start a

# ---- bad input: each has its code and status, changes nothing, is recorded
# page CODE: the exit status that macroctl(8) has for it.
page() { awk -v c="$1" '/^\.B [0-9]$/ { s = $2 } $0 ~ "(^|[ ,])" c "([,;]|$)" { print s }' "$root/man/macroctl.8"; }
more_than() { [ "$(audited "\"text\":\"$1: ")" -gt "$2" ]; }
refused() { # refused NAME CODE ARGUMENT...
	local name=$1 code=$2 before said status recorded
	shift 2
	before=$(grants) recorded=$(audited "\"text\":\"$code: ")
	said=$(mac "$@" 2>&1 >"$tmp/stdout") && status=0 || status=$?
	check "$name: $code, $status" same "$code $(page "$code")" "$(sed -n 's/^{"code":"\([A-Z_]*\)","message":".*"}$/\1/p' <<<"$said") $status"
	check "$name: nothing changed and nothing on stdout" same "$before+" "$(grants)+$(cat "$tmp/stdout")"
	check "$name: recorded" wait_for 5 more_than "$code" "$recorded"
}
g="grant --sub $sub --src-ip $addr_b"
refused "path traversal by kind" BAD_KIND ../../etc/passwd $g
refused "a kind with a dot" BAD_KIND tor.exit $g
refused "a kind of 33 characters" BAD_KIND aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa $g
refused "a kind with a newline" BAD_KIND $'tor-exit\n' $g
refused "a kind in Unicode" BAD_KIND "tör-exit" $g
refused "a kind that nobody has" UNKNOWN_KIND no-such $g
refused "path traversal by subscriber" BAD_SUB tor-exit grant --sub ../../x --src-ip "$addr_b"
refused "a source outside the mesh" BAD_SOURCE tor-exit grant --sub $sub --src-ip 2001:db8::1
refused "an IPv4 source outside the mesh" BAD_SOURCE tor-exit grant --sub $sub --src-ip 192.0.2.1
refused "an IPv4-mapped source" BAD_SOURCE tor-exit grant --sub $sub --src-ip ::ffff:10.44.0.1
refused "a whole prefix" BAD_SOURCE tor-exit grant --sub $sub --src-ip fd00::/8
refused "a source with a zone" BAD_SOURCE tor-exit grant --sub $sub --src-ip "$addr_b%fips0"
refused "port 0" BAD_PARAM tor-exit $g --params '{"port":0}'
refused "port 65536" BAD_PARAM tor-exit $g --params '{"port":65536}'
refused "an unbounded port" NOT_LENT tor-exit $g --params '{"port":9051}'
refused "a port of another kind" NOT_LENT tor-exit $g --params '{"port":8080}'
refused "deep JSON" BAD_PARAM tor-exit $g --params '{"port":[[[[[[1]]]]]]}'
refused "huge JSON" BAD_PARAM tor-exit $g --params "{\"port\":\"$(printf '%09000d' 0)\"}"
refused "duplicated JSON" BAD_PARAM tor-exit $g --params '{"port":9050,"port":9050}'
refused "JSON that is no object" BAD_PARAM tor-exit $g --params '[9050]'
refused "a parameter nobody declared" BAD_PARAM tor-exit $g --params '{"run":"id"}'
refused "credentials that are no object" BAD_JSON tor-exit activate --cred '"x"'
refused "credentials that are deep" BAD_JSON tor-exit activate --cred '{"a":{"b":1}}'
refused "time 0" BAD_TIME tor-exit $g --for 0
refused "time beyond the configuration" BAD_TIME tor-exit $g --for 7201
refused "a manifest's time beyond the configuration" BAD_TIME http-mirror $g --params '{"port":8080}'
refused "time beyond the manifest" BAD_TIME tor-exit $g --for 86401
refused "an option given twice" USAGE tor-exit $g --sub $sub
refused "an unknown verb" USAGE tor-exit steal
refused "nobody listens" NO_LISTENER http-mirror $g --for 60 --params '{"port":8080}'
refused "WireGuard before its backend" NO_BACKEND wg-relay $g --params "{\"public_key\":\"$(printf '%064d' 0)\"}"
refused "a planner that hangs" PLANNER_SLOW evil-hang $g
refused "a planner that forks" PLANNER_FAILED evil-fork $g
refused "a planner that prints 10 MB" PLANNER_TALKS evil-flood $g
refused "a planner outside its manifest" OUTSIDE_MANIFEST evil-outside $g
refused "a planner that prints two objects" BAD_PLAN evil-two $g
refused "a planner that prints depth" BAD_PLAN evil-deep $g
refused "a planner that opens a file" PLANNER_FAILED evil-open $g
refused "a planner that makes a socket" PLANNER_FAILED evil-net $g
refused "a planner that executes a shell" PLANNER_FAILED evil-exec $g
refused "a planner that kills its parent" PLANNER_FAILED evil-kill $g
refused "a planner that traces" PLANNER_FAILED evil-trace $g
check "a refusal is recorded with what was asked" test "$(audited 'BAD_KIND: ../../etc/passwd grant')" -ge 1
for how in "--cred|{\"a\":\"hunter-one\"}" "--cred={\"a\":\"hunter-two\"}" "--cre|hunter-three" "-c|hunter-four"; do
	IFS='|' read -ra words <<<"$how"
	mac tor-exit activate --params '{"marker":1}' "${words[@]}" >/dev/null 2>&1
done
marked() { [ "$(audited '"marker')" = 4 ]; }
check "the control: what --params says is recorded" wait_for 5 marked
check "credentials are not recorded" same 0 "$(audited hunter)"
check "nor in the log" refuses grep -q hunter "$tmp/a/log"

# ---- a folder of many kinds
for i in $(seq 100 170); do : >"$bin/macros.d/kind-$i"; done
listed() { mac list | grep -o '"kind":"[a-z0-9-]*"'; }
check "a folder of many kinds is listed as far as a list goes" same 64 "$(listed | wc -l)"
check "by name" sort -c <(listed)
rm "$bin"/macros.d/kind-*

# ---- tampering
chmod o+w "$bin/macros.d"
refused "a world-writable plugin folder" TAMPERED tor-exit $g
check "what is lent can be taken back all the same" grep -q '"removed":0' <(revoke "$addr_b")
chmod o-w "$bin/macros.d"
mv "$bin/macros.d" "$bin/macros.away"
refused "a plugin folder that is gone" TAMPERED tor-exit $g
refused "a plugin folder that is gone, listed" TAMPERED list
check "without it what is lent can be taken back" grep -q '"removed":0' <(revoke "$addr_b")
ln -s "$bin/macros.away" "$bin/macros.d"
refused "a plugin folder that is a link" TAMPERED tor-exit $g
rm "$bin/macros.d"
mv "$bin/macros.away" "$bin/macros.d"
chmod o+w "$bin/macros.d/tor-exit"
refused "a world-writable plugin" TAMPERED tor-exit $g
chmod o-w "$bin/macros.d/tor-exit"
chown nobody "$bin/macros.d/tor-exit"
refused "a plugin of another user" TAMPERED tor-exit $g
chown root "$bin/macros.d/tor-exit"
mv "$bin/macros.d/tor-exit" "$tmp/kept"
ln -s "$tmp/kept" "$bin/macros.d/tor-exit"
refused "a plugin that is a link" TAMPERED tor-exit $g
rm "$bin/macros.d/tor-exit"
mv "$tmp/kept" "$bin/macros.d/tor-exit"
cat >"$tmp/swap.sh" <<END
while :; do
	cp "$bin/macros.d/evil-outside" "$bin/macros.d/.s"; mv "$bin/macros.d/.s" "$bin/macros.d/tor-exit"
	cp "$tmp/good" "$bin/macros.d/.s"; mv "$bin/macros.d/.s" "$bin/macros.d/tor-exit"
done
END
cp "$bin/macros.d/tor-exit" "$tmp/good"
bash "$tmp/swap.sh" & swap=$!
swapped() { # whichever file was looked at is the one that ran
	local i said
	for i in $(seq 20); do
		said=$(grant "$addr_b" --for 60 2>&1)
		grep -qE '"allow":\["tcp/9050"\]|OUTSIDE_MANIFEST|PLANNER_FAILED|BAD_PLAN' <<<"$said" || { echo "$said"; return 1; }
	done
}
check "a plugin swapped between check and run never widens a grant" swapped
kill $swap; wait $swap 2>/dev/null
install -m 755 "$tmp/good" "$bin/macros.d/tor-exit"
rm -f "$bin/macros.d/.s"
revoke "$addr_b" >/dev/null

# ---- what it was started with
exec 7>"$tmp/hole"
mac evil-hang activate >"$tmp/said" 2>&1 &
caller=$!
# holds PID...: which of them has the file open.
holds() { local p; for p in "$@"; do find "/proc/$p/fd" -lname "$tmp/hole" 2>/dev/null; done; }
planner() { hung=$(pgrep -x evil-hang); }
check "a planner runs" wait_for 2 planner
macro=$(ps -o ppid= -p "$hung" | tr -d ' ')
check "the control: a descriptor is left open to macroctl" test -n "$(holds $$)"
check "neither macroctl nor the planner has it" same macroctl+ "$(cat "/proc/$macro/comm")+$(holds "$macro" "$hung")"
check "neither has a capability or root" same "CapEff: 0000000000000000 NoNewPrivs: 1 Seccomp: 2" \
    "$(awk '/^(CapEff|NoNewPrivs|Seccomp):/ { print $1, $2 }' "/proc/$macro/status" "/proc/$hung/status" | sort -u | xargs)"
check "nor a user of this machine" same 0 "$(cat "/proc/$macro/status" "/proc/$hung/status" | awk '/^Uid:/ && ($2 < 60000 || $2 > 65000)' | wc -l)"
wait $caller
exec 7>&-

# ---- two protocols, two families
background a python3 "$here/socks.py" echo "$addr_a" 5300 >"$tmp/echo"
check "a resolver of the box answers" wait_for 5 grep -q up "$tmp/echo"
udp() { timeout 5 ip netns exec "$(ns "$1")" python3 "$here/socks.py" query "$addr_a" 5300; }
resolver() { mac dns-resolver grant --sub $sub --src-ip "$addr_b" --for 600 --params "{\"port\":5300$1}"; }
check "nobody asks it without a grant" refuses udp b
check "over UDP alone it is lent" grep -q '"allow":\["udp/5300"\]' <(resolver ',"tcp":false')
check "one address is answered" wait_for 5 udp b
check "another is not" refuses udp c
check "with TCP it is not, for nobody listens there" grep -q NO_LISTENER <(resolver "" 2>&1)
background a python3 "$here/socks.py" serve "$addr_a" 5300
check "UDP opened no TCP" wait_for 5 greet a 5300
check "which stays shut" refuses greet b 5300
check "both in one grant" grep -q '"allow":\["udp/5300","tcp/5300"\]' <(resolver "")
check "let one in by both" wait_for 5 eval 'udp b && greet b 5300'
check "and go in one revoke" grep -q '"removed":2' <(mac dns-resolver revoke --sub $sub --src-ip "$addr_b")
check "both" refuses eval 'udp b || greet b 5300'
check "an IPv4 source of the configured mesh is lent to" grep -q '"src":"10.44.1.2"' <(grant 10.44.1.2 --for 60)
check "as the kernel has it" in_net a nft get element inet bastide grants "{ ::ffff:10.44.1.2 . tcp . 9050 }"
refused "one beside the configured mesh" BAD_SOURCE tor-exit grant --sub $sub --src-ip 10.45.1.2
check "and it goes" grep -q '"removed":1' <(revoke 10.44.1.2)

# ---- the environment, the caller, the crowd
check "environment injection changes nothing" grep -q '"grants"' <(env PATH=/nowhere IFS=x NFT=/bin/false \
    LANG=xx RUST_LOG=trace BASH_ENV=/etc/passwd "$bin/macroctl" -r "$tmp/a/run" status 2>&1)
check "-r is refused under sudo" grep -q NOT_UNDER_SUDO <(SUDO_UID=1000 mac status 2>&1)
check "nobody without root" grep -q NOT_ROOT <(setpriv --reuid=65534 --clear-groups "$bin/macroctl" status 2>&1)
check "the guest socket is root's alone" same "600 root" "$(stat -c '%a %U' "$tmp/a/run/privd.sock")"
crowd() {
	local i pids=() bad=0
	for i in $(seq 1000); do
		mac tor-exit grant --sub $sub --src-ip "fd12:3456::$((i % 250 + 1))" --for 60 >>"$tmp/crowd" 2>&1 &
		pids+=($!)
	done
	for i in "${pids[@]}"; do wait "$i" || bad=$((bad + 1)); done
	echo "$bad of 1000 refused: $(grep -o '"code":"[A-Z_]*"' "$tmp/crowd" | sort | uniq -c | tr '\n' ' ')"
	# Each was served, or told clearly that it was busy.
	[ "$(grep -c '"verb":"grant"\|"code":"BUSY"' "$tmp/crowd")" -eq 1000 ]
}
check "1,000 calls at once are served or told that it is busy" crowd
note "$(grep -c '"verb":"grant"' "$tmp/crowd") of them were served"
noise() { python3 "$here/socks.py" noise "$tmp/a/run/privd.sock" 1000; }
check "a thousand bad guests lose their connections" noise
check "and privd serves the next" grep -q '"grants"' <(mac status)

# ---- who cannot get into the audit stream is in the system log
mkdir "$tmp/dev"
: >"$tmp/dev/null"
background a python3 "$here/socks.py" log "$tmp/dev/log" >"$tmp/syslog"
wait_for 5 grep -q up "$tmp/syslog"
# logged COMMAND...: on a machine whose system log is ours.
logged() { unshare --mount --propagation private bash -c 'mount --bind /dev/null "$0/null" && mount --rbind "$0" /dev && exec "$@"' "$tmp/dev" "$@"; }
told() { # told NAME CODE TEXT COMMAND...: the call is refused so, and its line is there
	local name=$1 line="^b'<85>macroctl\[[0-9]+\]: refused $2: $3'$"
	check "$name: $2" grep -q "\"code\":\"$2\"" <(logged "${@:4}" 2>&1)
	check "$name: in the system log" wait_for 3 grep -qE "$line" "$tmp/syslog"
}
told "without root" NOT_ROOT "status" setpriv --reuid=65534 --clear-groups "$bin/macroctl" status
told "-r under sudo, no node running" NOT_UNDER_SUDO "-r [^ ]+/a/run status" env SUDO_UID=1000 "$bin/macroctl" -r "$tmp/a/run" status
told "privd gone" PRIVD_GONE "tor-exit grant --sub $sub --src-ip $addr_b --cred [.]{3} --params [{]\"x\":\"a[?]<85>b[?]{3}\"[}]" \
    "$bin/macroctl" -r "$tmp/nowhere" tor-exit $g --cred '{"a":"hunter-five"}' --params $'{"x":"a\n<85>b\e\u00e9"}'
told "privd gone, revoked" PRIVD_GONE "tor-exit revoke --sub $sub --src-ip $addr_b" "$bin/macroctl" -r "$tmp/nowhere" tor-exit revoke --sub $sub --src-ip "$addr_b"
told "privd gone, a kind that is none" BAD_KIND "../x activate" "$bin/macroctl" -r "$tmp/nowhere" ../x activate
check "credentials are not in the system log" refuses grep -q hunter "$tmp/syslog"
lines=$(wc -l <"$tmp/syslog")
logged "$bin/macroctl" -r "$tmp/a/run" tor-exit $g --params '{"run":"twice"}' >/dev/null 2>&1
alone() { test "$(audited '"twice')" = 1 -a "$(wc -l <"$tmp/syslog")" = "$lines"; }
check "what the audit stream has is there alone" wait_for 5 alone

# A caller with next to no descriptors is recorded like any other. With fewer the
# loader of the program ends it. Where root may not raise the hard limit, the soft.
few=-n
(ulimit -n 64; ulimit -n 65) 2>/dev/null || few=-Sn
note "few descriptors: ulimit $few"
tiny() { local n; for n in 4 5 6 7 8 12; do (ulimit $few $n; exec "$bin/macroctl" -r "$tmp/a/run" tor-exit $g --params '{"tiny":1}') 2>&1; done; }
check "few descriptors: each call is refused for what it asks" same 6 "$(tiny | grep -c '"code":"BAD_PARAM"')"
few() { [ "$(audited '"tiny')" = 6 ]; }
check "few descriptors: recorded" wait_for 5 few
check "privd gone is an error that says so" grep -q PRIVD_GONE <("$bin/macroctl" -r "$tmp/nowhere" tor-exit $g 2>&1)

# ---- the record comes first
python3 - "$tmp"/a/state/directory/*.seg <<'END' >"$tmp/chain"
import hashlib, json, re, sys
head, n = "0" * 64, 0
data = b"".join(open(p, "rb").read() for p in sorted(sys.argv[1:]))
for m in re.finditer(rb'\{"at":"[^\n]*?"who":"[^"]*"\}', data):
    r = json.loads(m.group())
    assert r["prev"] == head and r["seq"] == n, r
    head, n = hashlib.blake2b(m.group(), digest_size=32).hexdigest(), n + 1
print("whole", n)
END
check "the audit stream is one unbroken chain" grep -q '^whole' "$tmp/chain"
note "$(cat "$tmp/chain")"
check "it tells of grant, revoke and refusal" test "$(audited '"what":"grant"')" -ge 3 -a "$(audited '"what":"revoke"')" -ge 3

grant "$addr_b" --for 600 >/dev/null
in_net a nft delete table inet bastide
refused "silent revoke failure: the set is gone" KERNEL tor-exit revoke --sub $sub --src-ip "$addr_b"
stop a

# A disk that fills up: what cannot be written down is not lent, and what is
# taken back is taken back first.
mkdir "$tmp/disk"
mount -t tmpfs -o size=256k none "$tmp/disk" || bail "no small disk"
trap 'umount -l "$tmp/disk"; cleanup' EXIT
mkdir -m 700 "$tmp/disk/state"
mv "$tmp/a/state" "$tmp/a/state.old"
ln -s "$tmp/disk/state" "$tmp/a/state"
start a
check "with room on the disk it is lent" grep -q '"until"' <(grant "$addr_b" --for 600)
dd if=/dev/zero of="$tmp/disk/full" bs=4k 2>/dev/null
full() { # until the last page of the journal is full, too
	local i
	for i in $(seq 64); do ! grant "$addr_c" --for 600 2>&1 | grep -q NOT_RECORDED || return 0; revoke "$addr_c" >/dev/null 2>&1; done
	return 1
}
check "audit lost: on a full disk nothing is lent" full
told "audit lost" NOT_RECORDED "tor-exit grant --sub $sub --src-ip $addr_c --for 600" "$bin/macroctl" -r "$tmp/a/run" tor-exit grant --sub $sub --src-ip "$addr_c" --for 600
check "audit lost: the house's log names it" grep -q "not lent to $sub, for it cannot be recorded: kind=tor-exit src=$addr_c" "$tmp/a/log"
check "and the kernel has no such grant" refuses in_net a nft get element inet bastide grants "{ $addr_c . tcp . 9050 }"
check "what was lent before is still" in_net a nft get element inet bastide grants "{ $addr_b . tcp . 9050 }"
check "silent revoke failure: a revoke that is not recorded says so" grep -q NOT_RECORDED <(revoke "$addr_b" 2>&1)
told "a revoke that is not recorded" NOT_RECORDED "tor-exit revoke --sub $sub --src-ip $addr_b" "$bin/macroctl" -r "$tmp/a/run" tor-exit revoke --sub $sub --src-ip "$addr_b"
check "and has removed all the same" refuses in_net a nft get element inet bastide grants "{ $addr_b . tcp . 9050 }"
rm "$tmp/disk/full"
stop a
start a
check "with room again it lends again" grep -q '"until"' <(grant "$addr_b" --for 600)

# ---- nothing is lent any more
stop a
lending=${EXTRA[a]} EXTRA[a]=
conf a
start a
empty() { [ "$(grants)" = 0 ]; }
check "where nothing is lent any more, earlier grants go" empty
check "and the port stays shut" refuses greet b
check "the control: it is served" wait_for 5 greet a
check "and the boxes meet" meet b a
EXTRA[a]=$lending
conf a
stop a
start a
check "lent again, what was lent before is not" empty
stop a
check "privd gone while its socket is looked for: PRIVD_GONE" grep -q PRIVD_GONE <(grant "$addr_b" 2>&1)
finish
