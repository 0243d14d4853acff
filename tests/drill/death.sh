#!/bin/bash
# death.sh -- the death of any room ends the house (bench/house.sh says in how
# many milliseconds), and nothing of it stays behind, not even with somebody who was handed a part.
# Here ten seconds are allowed: whoever is not noticed by its death is by its silence, after 15 s.
. "$(dirname "$0")/house.bash"

now_ms() { echo $((${EPOCHREALTIME/[.,]/} / 1000)); }

# gone SINCE [WITHIN_MS]: all have ended. Polls; says how long it took.
gone() {
	local t0=$1 limit=${2:-10000} ms=0
	while alive "$privd" || alive "$netd" || alive "$cryptod" || alive "$dird"; do
		ms=$(($(now_ms) - t0))
		[ $ms -le "$limit" ] || break
	done
	echo "took $(($(now_ms) - t0)) ms, at most $limit"
	[ $ms -le "$limit" ]
}
rule() { ip -6 rule show pref 5265; }
is_clean() {
	check "$1_the_control_socket_is_gone" absent "$tmp/run/control.sock"
	check "$1_the_directory_socket_is_gone" absent "$tmp/run/directory.sock"
	check "$1_the_routing_rule_is_gone" same "" "$(rule)"
	check "$1_the_interface_is_gone" absent /sys/class/net/drill0
}

for victim in netd cryptod dird; do
	for signal in KILL SEGV TERM; do
		start
		at=$(now_ms)
		kill -$signal "${!victim}"
		check "${victim}_dies_of_${signal}_and_all_are_gone" gone "$at"
		wait "$privd"
		check "${victim}_dies_of_${signal}_and_the_status_says_so" same 1 $?
		check "${victim}_dies_of_${signal}_and_the_log_says_so" has "$victim is gone" "$tmp/log"
		is_clean "${victim}_dies_of_${signal}"
	done
done

# They go in any order then, and none of them complains about another.
for i in 1 2 3 4 5; do
	start
	at=$(now_ms)
	kill -KILL "$privd"
	check "privd_dies_and_the_rooms_are_gone_($i)" gone "$at"
	wait "$privd" 2>/dev/null
	check "and_nothing_is_wrong_($i)" has_not '"level":"ERROR"' "$tmp/log"
done

# What a killed privd left behind is in nobody's way.
start
check a_house_stands_where_one_was_killed alive "$privd"
stop
check it_stops_in_good_order same 0 "$status"
is_clean after_it

# A room that is stopped ignores its door; the leash does not care.
start
kill -STOP "$netd"
kill -STOP "$cryptod"
kill -STOP "$dird"
at=$(now_ms)
kill -KILL "$privd"
check rooms_that_hang_die_with_privd gone "$at"
wait "$privd" 2>/dev/null

# accomplice: one to whom a taken netd has handed its TUN descriptor on. Keeps
# it until it is told to look, then says what the descriptor is good for.
accomplice() {
	coproc python3 -c '
import ctypes, fcntl, os, sys
pid = int(sys.argv[1])
tun = [n for n in os.listdir(f"/proc/{pid}/fd")
       if os.readlink(f"/proc/{pid}/fd/{n}") == "/dev/net/tun"]
libc = ctypes.CDLL(None, use_errno=True)
fd = libc.syscall(438, os.pidfd_open(pid), int(tun[0]), 0)  # pidfd_getfd
def look():
    try:  # TUNGETIFF; EBADFD when nothing is behind it
        return fcntl.ioctl(fd, 0x800454d2, bytes(40))[:16].rstrip(b"\0").decode()
    except OSError as e:
        return "no device" if e.errno == 77 else str(e)
print(look(), flush=True)
sys.stdin.readline()
print(look(), flush=True)
' "$netd"
	helper=$COPROC_PID
	exec 7>&"${COPROC[1]}" 6<&"${COPROC[0]}"
	read -r held <&6
}
# is_bereft WHEN: the accomplice had the device, and has nothing now.
is_bereft() {
	local left
	check "$1_an_accomplice_of_netd_had_the_tunnel" same drill0 "$held"
	echo look >&7
	read -r left <&6
	check "$1_it_has_no_tunnel" same "no device" "$left"
	exec 6<&- 7>&-
	wait "$helper" 2>/dev/null
}
start
accomplice
stop
is_clean after_a_stop
is_bereft after_a_stop
start
accomplice
kill -KILL "$netd"
wait "$privd"
privd=
is_clean after_a_death
is_bereft after_a_death

# A script leaves signals ignored for what it starts in the background.
ignored() { echo $((0x$(awk '$1 == "SigIgn:" { print $2 }' "/proc/$1/status") >> ($(kill -l "$2") - 1) & 1)); }
for signal in TERM INT QUIT HUP; do
	trap '' TERM INT QUIT HUP
	start
	trap - TERM INT QUIT HUP
	check "a_room_ignores_no_$signal" same "0 0" "$(ignored "$netd" $signal) $(ignored "$cryptod" $signal)"
	at=$(now_ms)
	kill -$signal "$privd"
	check "${signal}_is_a_stop" gone "$at"
	kill -KILL "$privd" 2>/dev/null
	wait "$privd"
	check "${signal}_is_a_stop_in_good_order" same 0 $?
	privd=
done

start
kill -STOP "$netd"
at=$(now_ms)
kill -TERM "$privd"
check a_room_that_hangs_does_not_keep_the_others_from_a_stop gone "$at"
wait "$privd"
check a_stop_is_a_stop_all_the_same same 0 $?
privd=
is_clean after_it

start
kill -STOP "$cryptod"
at=$(now_ms)
check a_room_that_answers_no_ping_for_15_s_ends_the_house gone "$at" 60000
wait "$privd"
check and_the_status_says_so same 1 $?
privd=
is_clean after_silence
finish
