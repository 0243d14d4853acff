#!/bin/bash
# taken.sh -- a whole house whose netd lies to privd.
. "$(dirname "$0")/house.bash"

mkdir "$tmp/bin"
cp "$build/privd" "$build/cryptod" "$build/dird" "$tmp/bin/"
"${CC:-gcc}" -std=c11 -D_GNU_SOURCE -O2 -Icommon -o "$tmp/bin/netd" \
    tests/drill/drill_netd.c common/{msg,chan,refuse,typed,log,room}.c || exit 1
build=$tmp/bin

# gone: privd has ended. What ends it otherwise is silence, after 15 s.
gone() {
	for _ in $(seq 200); do
		alive "$privd" || return 0
		sleep 0.05
	done
	echo "privd still runs"
	false
}

# The control: it is taken for a netd as long as it does not lie.
RUST_LOG=info start
check a_netd_that_does_as_it_is_told_is_no_reason_to_end alive "$privd"
kill -TERM "$privd"
check a_house_with_it_stops gone
wait "$privd"
privd=

# lie WORD TEST MESSAGE: it ends the house, which says why.
lie() {
	RUST_LOG=info,$1 begin		# it may lie, and end, at once
	check "${2}_ends_the_house" gone
	kill -KILL "$privd" 2>/dev/null
	wait "$privd" 2>/dev/null
	check "and_the_status_says_so_of_$3" same 1 $?
	check "and_the_log_says_so_of_$3" has "netd broke a rule with $3" "$tmp/log"
	check "and_the_socket_is_gone_after_$3" absent "$tmp/run/control.sock"
	privd=
}
lie pong an_answer_that_nobody_asked_for pong_netd
lie ask a_question_asked_again_and_again listen_ask
finish
