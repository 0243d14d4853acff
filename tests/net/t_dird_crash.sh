#!/bin/bash
# t_dird_crash.sh -- a house whose directory is killed under load, on a disk that
# gets full and on one with a flipped bit. tests/unit/test_dird_crash.c does the
# same two hundred times with the journal alone.
. "$(dirname "$0")/lib.sh"
KILLS=${KILLS:-12}

net a
identity a
EXTRA_NODE[a]=$'  identity:\n    persistent: true'
NSEC[a]=
conf a
load="python3 $here/dird_load.py"
dirsock=$tmp/a/run/directory.sock
segments=$tmp/a/state/directory
acked=$tmp/acked
: >"$acked"
api() { curl -s --max-time 10 --unix-socket "$dirsock" "http://localhost/v1/$1" "${@:2}"; }
said() { api status | python3 -c "import json,sys; d=json.load(sys.stdin); print($1)"; }
is_open() { [ "$(said 'd["journal"]')" = open ]; }
begin() { start a; wait_for 10 test -S "$dirsock" && wait_for 10 is_open; }
died() { wait_for 5 gone "${PID[a]}" || kill -KILL "${PID[a]}"; wait "${PID[a]}" 2>/dev/null; unset "PID[a]"; }

begin || bail "the directory does not open"
check "a domain is founded" grep -q '"type":"Genesis"' <(api genesis -d '{"domain":"home"}')

# ---- killed, each time after so many more
has_acked() { [ "$(wc -l <"$acked")" -ge "$1" ]; }
kill_it() {
	local pid least=$(($(wc -l <"$acked") + 6 + RANDOM % 60))
	$load load "$dirsock" "$acked" 8 60 >"$tmp/load" 2>&1 &
	pid=$!
	wait_for 20 has_acked "$least"
	kill -KILL "$(room a dird)"
	wait $pid
	died
	begin && $load look "$dirsock" "$acked"
}
for i in $(seq "$KILLS"); do
	kill_it >"$tmp/kill" 2>&1 || { cat "$tmp/kill" >>"$tmp/kills"; bad_kill=$i; }
done
check "after each of $KILLS kills everything acknowledged is there" same "" "${bad_kill:-}$(cat "$tmp/kills" 2>/dev/null)"
check "and that was a load" [ "$(wc -l <"$acked")" -gt $((KILLS * 5)) ]
note "$(wc -l <"$acked") acknowledged entries"
check "who wrote at the same time shared a sync" [ "$($load shared "$segments/0000000000.seg")" -gt "$KILLS" ]
echo "2 $(printf '%064d' 0)" >"$tmp/false"
check "the look notices an entry that is not there" refuses $load look "$dirsock" "$tmp/false"
stop a
check "dird --check proves all of it" "$BASTIDE_BUILD/dird" --check "$segments"

# ---- a flipped bit
size=$(stat -c %s "$segments/0000000000.seg")
cp -a "$segments" "$tmp/whole"
flip() { # flip OFFSET
	python3 - "$segments/0000000000.seg" "$1" <<-'END'
	import sys
	with open(sys.argv[1], "r+b") as f:
	    f.seek(int(sys.argv[2])); c = f.read(1)
	    f.seek(int(sys.argv[2])); f.write(bytes([c[0] ^ 4]))
	END
}
flip $((size / 2))
check "a flipped bit is found" refuses "$BASTIDE_BUILD/dird" --check "$segments"
check "and its entry named" grep -q 'BROKEN: .*: entry [0-9]*: segment 0, byte' <("$BASTIDE_BUILD/dird" --check "$segments")
broken=$("$BASTIDE_BUILD/dird" --check "$segments" | grep -o 'entry [0-9]*' | tr -dc 0-9)
start a
wait_for 10 test -S "$dirsock"
wait_for 10 api status
check "what was good before is served" same "read-only $broken" "$(said 'd["journal"], d["entries"]' | tr -d "(),'")"
check "with the reason" grep -q "entry $broken" <(api status)
check "an entry of it" grep -q '"type":"Genesis"' <(api 'entries?limit=1')
check "nothing is added" grep -q '"code":"read_only"\|"code":"damaged"' <(api offers -d '{"name":"x","kind":"http-mirror"}')
stop a
check "and nothing was written" cmp <(flip $((size / 2)); cat "$segments"/*.seg) <(cat "$tmp"/whole/*.seg)

# ---- a full disk
rm -rf "$segments"/*
used=$(du -sk "$tmp/a/state" | cut -f1)
mv "$tmp/a/state" "$tmp/a/before"
mkdir "$tmp/a/state"
mount -t tmpfs -o size=$((used + 200))k bastide-crash "$tmp/a/state" || bail "no tmpfs"
trap 'cleanup; umount "$tmp/a/state" 2>/dev/null; rm -rf "$tmp"' EXIT
cp -a "$tmp/a/before/." "$tmp/a/state"
: >"$acked"
begin || bail "the directory does not open"
api genesis -d '{"domain":"home"}' >/dev/null
$load load "$dirsock" "$acked" 4 30 >"$tmp/load" 2>&1
check "a full disk ends writing, with a reason" grep -q "'io'\|'read_only'" "$tmp/load"
check "many were taken before" [ "$(wc -l <"$acked")" -gt 50 ]
check "the directory says it is read-only and why" grep -q '"journal":"read-only".*No space left' <(api status | python3 -c 'import json,sys; print(json.dumps(json.load(sys.stdin), sort_keys=True, separators=(",", ":")))')
check "an alert is in the log" grep -q 'ALERT: the journal' "$tmp/a/log"
check "everything acknowledged is served" $load look "$dirsock" "$acked"
check "the house stands" is_whole a
stop a
mount -o remount,size=8m "$tmp/a/state"
check "with space again it opens" begin
check "everything acknowledged is there" $load look "$dirsock" "$acked"
check "and it takes more" grep -q '"entry"' <(api offers -d '{"name":"more","kind":"http-mirror"}')
stop a
check "dird --check proves all of it again" "$BASTIDE_BUILD/dird" --check "$segments"
umount "$tmp/a/state"
finish
