#!/bin/bash
# proc.sh -- what /proc says of each room of a house that serves: exactly what
# the architecture promises, and a failure when one thing more appears.
. "$(dirname "$0")/house.bash"

field() { awk -v k="$2:" '$1 == k { $1 = ""; sub(/^ /, ""); print }' "/proc/$1/status"; }
uid_of() { id -u "$1" 2>/dev/null || echo "$2"; }
gid_of() { id -g "$1" 2>/dev/null || echo "$2"; }

# kinds PID: its descriptors by kind, counted and sorted.
kinds() {
	local fd
	for fd in /proc/"$1"/fd/*; do
		readlink "$fd"
	done | sed -E 's/:\[[0-9]+\]//; s/^anon_inode:\[?([a-z]+)\]?.*/\1/
	    s#^'"$tmp"'/log$#log#; s#^'"$tmp"'/run$#runtime-folder#' |
	    sort | uniq -c | awk '{ printf "%s%s*%d", (NR > 1 ? " " : ""), $2, $1 }'
}

limit_of() { awk -v k="$2" 'index($0, k) == 1 { print $(NF - 1) }' "/proc/$1/limits"; }

# room NAME PID USER GROUP CAPS DESCRIPTORS [THREADS]
room() {
	local name=$1 pid=$2 cap
	check "${name}_runs_as_its_own_user" same "$3 $3 $3 $3" "$(field "$pid" Uid | tr '\t' ' ')"
	check "${name}_runs_as_its_own_group" same "$4 $4 $4 $4" "$(field "$pid" Gid | tr '\t' ' ')"
	for cap in CapPrm CapEff CapBnd; do
		check "${name}_${cap}_is_exact" same "$5" "$(field "$pid" $cap)"
	done
	for cap in CapInh CapAmb; do
		check "${name}_${cap}_is_empty" same 0000000000000000 "$(field "$pid" $cap)"
	done
	check "${name}_gains_no_privileges" same 1 "$(field "$pid" NoNewPrivs)"
	check "${name}_is_filtered" same 2 "$(field "$pid" Seccomp)"
	check "${name}_has_no_further_thread" same "${7:-1}" "$(field "$pid" Threads)"
	check "${name}_leaves_no_core" same 0 "$(limit_of "$pid" 'Max core')"
	check "${name}_may_start_no_process" same 0 "$(limit_of "$pid" 'Max processes')"
	check "${name}_has_exactly_these_descriptors" same "$6" "$(kinds "$pid")"
}

# walled NAME PID: what is true of every room but privd.
walled() {
	check "$1_is_in_no_further_group" same "" "$(field "$2" Groups | tr -d ' ')"
	check "$1_has_an_empty_root" same "" "$(ls -A "/proc/$2/root/")"
	check "$1_sees_one_mount" same 1 "$(wc -l <"/proc/$2/mountinfo")"
	check "$1_root_is_read_only" has ' / / ro,nosuid,nodev,noexec' "/proc/$2/mountinfo"
	check "$1_works_in_its_empty_root" same / "$(readlink "/proc/$2/cwd")"
	check "$1_is_not_dumpable" same 0 "$(stat -c %u "/proc/$2/environ")"
	check "$1_inherits_no_environment" same "" "$(tr '\0' '\n' <"/proc/$2/environ" |
	    grep -vE '^(RUST_LOG|ASAN_OPTIONS|UBSAN_OPTIONS)=')"
}

# The name service of this house would load a library into whoever asks it.
printf 'passwd: compat\ngroup: compat\n' >"$tmp/nsswitch.conf"
mount --bind "$tmp/nsswitch.conf" /etc/nsswitch.conf
start
net_admin=0000000000001000 none=0000000000000000
# Sockets: three doors, three leashes of two ends, rtnetlink, sock_diag.
room privd "$privd" 0 0 $net_admin \
    "/dev/null*2 log*1 pidfd*3 runtime-folder*2 signalfd*1 socket*12"
# Two loops, netd's and its DNS parser's: each has an epoll and a pipe for signals.
# Sockets: three doors, UDP, DNS, control, the pair to the parser; the directory's listening one and eight that dial.
room netd "$netd" "$(uid_of _bastide-netd 61141)" "$(gid_of _bastide-netd 61141)" $none \
    "/dev/net/tun*1 /dev/null*2 eventfd*2 eventpoll*2 log*1 pipe*4 socket*17"
room cryptod "$cryptod" "$(uid_of _bastide-cryptod 61142)" "$(gid_of _bastide-cryptod 61142)" $none \
    "/dev/null*2 eventfd*2 log*1 socket*3"
# Its folder is a mount of its own, so "/" is the journal's. Sockets: four doors, the local API. A helper for each further core, seven at most.
cores=$(nproc --all)
room dird "$dird" "$(uid_of _bastide-dird 61143)" "$(gid_of _bastide-dird 61143)" $none \
    "/*1 /0000000000.seg*1 /dev/null*2 eventpoll*1 log*1 pipe*2 socket*5" $((cores > 8 ? 8 : cores))
walled netd "$netd"
walled cryptod "$cryptod"
walled dird "$dird"

net() { readlink "/proc/$1/ns/net"; }
check netd_shares_the_network_of_privd same "$(net "$privd")" "$(net "$netd")"
check cryptod_has_a_network_of_its_own same 1 "$([ "$(net "$cryptod")" != "$(net "$privd")" ] && echo 1)"
check cryptod_has_the_loopback_only same "lo:" "$(nsenter -t "$cryptod" -n ip -o link | awk '{ print $2 }')"
check cryptod_loopback_is_down same 1 "$(nsenter -t "$cryptod" -n ip -o link | grep -c 'state DOWN')"
check dird_has_a_network_of_its_own same 1 "$([ "$(net "$dird")" != "$(net "$privd")" ] && [ "$(net "$dird")" != "$(net "$cryptod")" ] && echo 1)"
check dird_has_the_loopback_only same "lo:" "$(nsenter -t "$dird" -n ip -o link | awk '{ print $2 }')"
check dird_has_no_route same "" "$(nsenter -t "$dird" -n ip -6 route show table all | grep -v multicast)"
for task in /proc/"$dird"/task/*; do
	check "dird_thread_$(ls -d /proc/"$dird"/task/* | grep -n "^$task$" | cut -d: -f1)_is_filtered_and_powerless" same "2 $none" \
	    "$(awk '/^Seccomp:/ { s = $2 } /^CapPrm:/ { c = $2 } END { print s, c }' "$task/status")"
done
check cryptod_has_no_route same "" "$(nsenter -t "$cryptod" -n ip -6 route show table all | grep -v multicast)"
check cryptod_keeps_keys_in_locked_memory same 1 "$([ "$(field "$cryptod" VmLck | tr -dc 0-9)" -gt 0 ] && echo 1)"
# Locking part of the stack splits its area, and the kernel calls only the piece with the
# process's first bytes by that name: what joins it without a gap is stack too.
kib=$(awk '/^[0-9a-f]+-/ { split($1, at, "-"); if (at[1] != end) { n = 0; stack = 0 } end = at[2]; stack += $6 == "[stack]" }
    $1 == "Locked:" { n += $2; if (stack) kib = n } END { print kib + 0 }' "/proc/$cryptod/smaps")
check cryptod_keeps_its_stack_in_locked_memory same "64 KiB or more" "$([ "$kib" -ge 64 ] && echo 64 KiB or more || echo "$kib KiB")"
check the_ring_is_mapped_by_cryptod has 'rw-s.*memfd:bastide-ring' "/proc/$cryptod/maps"
check the_ring_is_mapped_by_netd has 'rw-s.*memfd:bastide-ring' "/proc/$netd/maps"
check privd_maps_no_ring same 0 "$(grep -c bastide-ring "/proc/$privd/maps")"
for pid in $netd $cryptod $dird $privd; do
	check "process_$(cat /proc/"$pid"/comm)_maps_nothing_writable_and_executable" \
	    same 0 "$(grep -cE ' .wx' "/proc/$pid/maps")"
	check "process_$(cat /proc/"$pid"/comm)_has_no_code_of_the_name_service" \
	    same 0 "$(grep -c libnss_ "/proc/$pid/maps")"
done
stop
check the_house_stops_in_good_order same 0 "$status"

# Further workers of cryptod: each gave up what the room gave up.
echo 'bastide: {cryptod: {workers: 3}}' >>"$tmp/fips.yaml"
start
room cryptod "$cryptod" "$(uid_of _bastide-cryptod 61142)" "$(gid_of _bastide-cryptod 61142)" $none \
    "/dev/null*2 eventfd*6 log*1 socket*3" 3
walled cryptod "$cryptod"
# of_each FIELD: its values in the threads of cryptod, once each.
of_each() { awk -v k="$1:" '$1 == k { $1 = ""; print }' /proc/"$cryptod"/task/*/status | sort -u | sed 's/^ //'; }
check each_worker_is_filtered same 2 "$(of_each Seccomp)"
check each_worker_gains_no_privileges same 1 "$(of_each NoNewPrivs)"
for cap in CapPrm CapEff CapBnd CapInh CapAmb; do
	check "each_worker_has_no_$cap" same $none "$(of_each $cap)"
done
u=$(uid_of _bastide-cryptod 61142) g=$(gid_of _bastide-cryptod 61142)
check each_worker_runs_as_the_user_of_its_room same "$u $u $u $u" "$(of_each Uid)"
check each_worker_runs_as_the_group_of_its_room same "$g $g $g $g" "$(of_each Gid)"
check each_worker_is_in_no_further_group same "" "$(of_each Groups | tr -d ' ')"
for what in net mnt; do
	check "each_worker_is_in_one_${what}_namespace" same 1 \
	    "$(readlink /proc/"$cryptod"/task/*/ns/$what | sort -u | wc -l)"
done
check each_worker_has_the_empty_root same "" "$(ls -A /proc/"$cryptod"/task/*/root/ | grep -v '^/proc\|^$')"
check each_worker_has_a_locked_stack same 2 \
    "$(awk '/^[0-9a-f]+-/ { n = 0 } $1 == "Size:" { n = $2 } $1 == "Locked:" && n == 128 && $2 == 128' \
    "/proc/$cryptod/smaps" | wc -l)"
stop
check a_house_of_several_workers_stops_in_good_order same 0 "$status"
finish
