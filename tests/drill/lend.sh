#!/bin/bash
# lend.sh -- code that runs as a planner, as the service user, or in the place of
# netd cannot widen a grant, add an address, keep one after a revoke, or write
# the audit stream. Each attempt goes through where nothing guards.
. "$(dirname "$0")/house.bash"

mkdir -m 755 "$tmp/bin"
cp -r "$build"/{privd,cryptod,dird,netd,macroctl,macros.d} "$tmp/bin"
"${CC:-gcc}" -std=c11 -D_GNU_SOURCE -O2 -static-pie -fPIE -o "$tmp/drill" tests/drill/drill_planner.c || exit 1
for a in nft guest audit doors outlive; do
	install -m 755 "$tmp/drill" "$tmp/bin/macros.d/drill-$a"
	printf 'kind: drill-%s\nabout: a drill\nplan:\n  allow: [tcp/9050]\n' $a >"$tmp/bin/macros.d/drill-$a.yaml"
done
build=$tmp/bin
cat >>"$tmp/fips.yaml" <<'END2'
dns:
  enabled: false
bastide:
  lending:
    allow: "tor-exit=tcp/9050"
END2
start
sub=did:plc:0123456789abcdef0123456789abcdef
mac() { "$build/macroctl" -r "$tmp/run" "$@"; }
seg=$tmp/state/directory/0000000000.seg
grants() { nft -j list set inet bastide grants | tr ',' '\n' | grep -c '"fd00::' ; }
python3 -c '
import socket, sys
l = socket.socket(socket.AF_INET6); l.bind(("::", 9050)); l.listen(); print("up", flush=True)
while True: l.accept()' >"$tmp/listens" &
listener=$!
trap 'kill $listener 2>/dev/null; cleanup' EXIT
for _ in $(seq 600); do [ -s "$tmp/listens" ] && break; sleep 0.05; done
check the_control_a_grant_goes_through has '"until"' <(mac tor-exit grant --sub $sub --src-ip fd00::1 --for 600 2>&1)
check and_is_in_the_set same 1 "$(grants)"

# ---- a planner
size() { stat -c %s "$seg"; }
planner() { # planner ATTEMPT WHAT [ARGUMENT]
	local said
	check "outside_a_program_can_$2" "$tmp/drill" "$1" "${3:-}" 3>>"$tmp/hole"
	said=$(mac "drill-$1" activate 2>&1)
	check "a_planner_cannot_$2" has 'PLANNER_FAILED|denied' <(echo "$said")
	check "and_said_nothing_else_of_$1" grep -qv DID <(echo "$said")
}
planner nft speak_to_nftables
planner guest speak_to_privd "$tmp/run/privd.sock"
planner audit write_the_audit_stream "$seg"
planner doors use_a_descriptor_left_open
planner outlive leave_a_process_behind
runner=$(pgrep -P "$privd" -x macroctl)
# left: processes of this test's own planners, whoever may run others.
left() {
	local p f
	for p in /proc/[0-9]*; do
		for f in "$tmp"/bin/macros.d/drill-*; do if [ "$p/exe" -ef "$f" ]; then echo "${p#/proc/}"; fi; done
	done
}
check no_planner_is_left same "" "$(left)"
(exec -a drill-outlive "$tmp/bin/macros.d/drill-outlive" >/dev/null)
seen=$(left)
check one_would_be_seen test -n "$seen"
[ -z "$seen" ] || kill $seen
check a_planner_has_widened_nothing same 1 "$(grants)"
check what_was_tried_is_recorded test "$(strings -n 20 "$seg" | grep -c 'PLANNER_FAILED: drill-')" -ge 4

# ---- the service user
as() { setpriv --reuid=61149 --regid=61149 --clear-groups -- "$@"; }
# service WHAT COMMAND...: root can, the service user cannot.
service() {
	local what=$1
	shift
	check "root_can_$what" "$@"
	check "the_service_user_cannot_$what" fails_as "$@"
}
fails_as() { ! as "$@"; }
chmod 755 "$tmp/run"
service add_an_address nft add element inet bastide grants '{ fd00::2 . tcp . 9050 timeout 60s }'
service widen_a_grant nft add element inet bastide lent '{ tcp . 22 }'
service take_the_guard_away nft list table inet bastide
service speak_to_privd "$tmp/drill" guest "$tmp/run/privd.sock"
service write_the_audit_stream "$tmp/drill" audit "$seg"
service read_the_journal test -r "$seg"
service stop_privd kill -0 "$privd"
service stop_the_directory kill -0 "$dird"
service look_into_the_runner test -r "/proc/$runner/environ"
nft delete element inet bastide lent '{ tcp . 22 }'
nft delete element inet bastide grants '{ fd00::2 . tcp . 9050 }'
check a_change_to_the_directory_is_refused_to_it has 403 <(as curl -s -o /dev/null -w '%{http_code}' --unix-socket \
    "$tmp/run/directory.sock" -X POST -d '{}' http://d/v1/genesis || echo 403)
check a_revoke_ends_it has '"removed":1' <(mac tor-exit revoke --sub $sub --src-ip fd00::1)
for _ in 1 2 3; do as "$build/macroctl" tor-exit grant --sub $sub --src-ip fd00::1 >/dev/null 2>&1; done
check and_the_service_user_cannot_keep_it same 0 "$(grants)"
stop
check the_house_stops_in_good_order same 0 "$status"

# ---- netd, taken over: its door is all it has
"${CC:-gcc}" -std=c11 -D_GNU_SOURCE -O2 -Icommon -o "$tmp/bin/netd" \
    tests/drill/drill_netd.c common/{msg,chan,refuse,typed,log,room}.c || exit 1
gone() {
	for _ in $(seq 200); do alive "$privd" || return 0; sleep 0.05; done
	echo "privd still runs"
	false
}
lie() { # lie WORD: it ends the house, and nothing has changed
	local before
	RUST_LOG=info start
	mac tor-exit grant --sub $sub --src-ip fd00::3 --for 600 >/dev/null 2>&1
	[ "$1" = revoke ] || mac tor-exit revoke --sub $sub --src-ip fd00::3 >/dev/null 2>&1
	before=$(grants)
	stop
	RUST_LOG=info,$1 begin		# it may lie, and end, at once
	check "netd_saying_${1}_ends_the_house" gone
	kill -KILL "$privd" 2>/dev/null
	wait "$privd" 2>/dev/null
	privd=
	check "the_log_says_so_of_$1" has "netd broke a rule with $1" "$tmp/log"
	check "no_grant_has_changed_by_$1" same "$before" "$(grants)"
	check "netd_has_written_no_record_by_$1" fails_to grep -q drilled "$seg"
}
fails_to() { ! "$@"; }
RUST_LOG=info start
check a_netd_that_does_not_lie_is_no_reason_to_end alive "$privd"
stop
lie grant
lie revoke
lie audit
finish
