#!/bin/bash
# boot.sh -- what is wrong at the start is said, with what to do; nothing is
# left behind; the status tells a bad configuration from a bad machine.
. "$(dirname "$0")/house.bash"

# wrong NAME STATUS TEXT: the last house failed so.
wrong() {
	check "$1" same "$2" "$status"
	check "$1_and_says_what" has "$3" "$tmp/log"
	check "$1_and_leaves_no_socket" absent "$tmp/other/control.sock"
}
conf() { cat >"$tmp/c.yaml"; chmod 644 "$tmp/c.yaml"; }
try() { fails -c "$tmp/c.yaml" -r "$tmp/other" -s "$tmp/state2"; }

start
fails -c "$tmp/fips.yaml" -r "$tmp/run" -s "$tmp/state"
check a_second_node_in_one_place_is_refused same 1 "$status"
check a_second_node_is_told_where_the_first_answers has 'another node is running.*control.sock' "$tmp/log"
check the_first_node_is_still_there alive "$privd"

conf <<<'transports: { udp: { bind_addr: "127.0.0.1:2121" } }'
try
wrong a_busy_udp_port_is_refused 1 '127.0.0.1:2121 is taken.*bind_addr'
conf <<<'transports: { udp: { bind_addr: "127.0.0.1:2122" } }'
try
wrong a_busy_dns_port_is_refused 1 '5354.*dns.port'
conf <<<'{ tun: { enabled: true, name: drill0 }, dns: { enabled: false } }'
try
wrong a_busy_interface_is_refused 1 'drill0 is in use.*tun.name'
stop

conf <<<'{ tun: { enabled: true, name: lo } }'
try
wrong an_interface_that_is_no_tun_is_refused 1 'lo exists and is no TUN'

# What somebody else left where the guest socket goes is not ours to take away.
lends='tun: { enabled: true, name: drill1 }, dns: { enabled: false }, bastide: { lending: { allow: "web=tcp/80" } }'
mkdir -p "$tmp/other" && echo kept >"$tmp/other/privd.sock"
conf <<<"{ $lends }"
try
wrong a_file_in_the_place_of_the_guest_socket_is_refused 1 'privd.sock is in the way'
check and_it_is_kept same kept "$(cat "$tmp/other/privd.sock")"
rm -f "$tmp/other/privd.sock"
conf <<<"{ node: { control: { socket_path: \"$tmp/other/privd.sock\" } }, $lends }"
try
wrong two_sockets_in_one_place_are_refused 1 'privd.sock'

sysctl -qw net.ipv6.conf.all.disable_ipv6=1
conf <<<'{ tun: { enabled: true }, dns: { enabled: false } }'
try
wrong ipv6_switched_off_is_refused 1 'sysctl -w net.ipv6.conf.all.disable_ipv6=0'
sysctl -qw net.ipv6.conf.all.disable_ipv6=0

mount --bind "$tmp" /dev/net
try
wrong a_missing_tun_device_is_refused 1 '/dev/net/tun.*modprobe tun'
umount /dev/net

fails -c "$tmp/none.yaml" -r "$tmp/other" -s "$tmp/state2"
wrong a_missing_configuration_is_refused 78 'none.yaml does not exist'
conf <<<'peerz: []'
try
wrong an_unknown_key_is_refused 78 "c.yaml:1:1.*peerz.*peers"
conf <<<'tun: { enabled: true }'
chmod 666 "$tmp/c.yaml"
try
wrong a_configuration_that_others_write_is_refused 78 'writable by others.*chmod go-w'
conf <<<'tun: { enabled: true }'
chown 12345 "$tmp/c.yaml"
try
wrong a_configuration_of_another_user_is_refused 78 'belongs to user 12345.*chown root'
chown 0 "$tmp/c.yaml"
mkdir -m 777 "$tmp/open"
cp "$tmp/c.yaml" "$tmp/open/c.yaml"
chmod 644 "$tmp/open/c.yaml"
chmod 777 "$tmp/open"
fails -c "$tmp/open/c.yaml" -r "$tmp/other" -s "$tmp/state2"
wrong a_configuration_in_a_folder_that_others_write_is_refused 78 'folder of the configuration.*writable by others'
fails -c "$tmp" -r "$tmp/other" -s "$tmp/state2"
wrong a_folder_is_no_configuration 78 'not a regular file'
truncate -s 2M "$tmp/c.yaml"
try
check a_huge_configuration_is_refused same 1 "$([ "$status" -ne 0 ] && echo 1)"

# Two rooms that share an account could reach each other.
cp /etc/passwd "$tmp/passwd"
sed -i '/^_bastide/d' "$tmp/passwd"
printf '%s:x:%s:777::/:/bin/false\n' _bastide-netd 776 _bastide-cryptod 776 >>"$tmp/passwd"
mount --bind "$tmp/passwd" /etc/passwd
conf <<<'tun: { enabled: true }'
try
wrong one_account_for_two_rooms_is_refused 1 '_bastide-cryptod and _bastide-netd share a number'
umount /etc/passwd

conf <<<'node: { identity: { persistent: true } }'
mkdir -p "$tmp/state3" && chmod 777 "$tmp/state3"
fails -c "$tmp/c.yaml" -r "$tmp/other" -s "$tmp/state3"
wrong a_state_folder_that_others_write_is_refused 78 'state folder.*writable by others'
chmod 700 "$tmp/state3"
mkdir "$tmp/full"
mount -t tmpfs -o size=4k,mode=700 full "$tmp/full"
dd if=/dev/zero of="$tmp/full/rest" bs=4096 count=1 2>/dev/null
fails -c "$tmp/c.yaml" -r "$tmp/other" -s "$tmp/full"
wrong a_key_that_finds_no_room_is_no_identity 1 'cannot write fips.key.*disk full.*No space left'
check a_key_that_finds_no_room_leaves_no_piece same rest "$(ls -A "$tmp/full")"
umount "$tmp/full"
ln -s /etc/hostname "$tmp/state3/fips.key"
fails -c "$tmp/c.yaml" -r "$tmp/other" -s "$tmp/state3"
wrong a_key_file_that_is_a_link_is_refused 1 'fips.key'

"$build/privd" -x 2>"$tmp/log"
check an_unknown_option_is_refused same 2 $?
"$build/privd" word 2>"$tmp/log"
check an_argument_too_many_is_refused same 2 $?
check the_version_is_said "$build/privd" -V
conf <<<'tun: { enabled: true }'
fails -n -c "$tmp/c.yaml" -r "$tmp/fresh" -s "$tmp/fresh2"
check a_good_configuration_passes_the_check same 0 "$status"
check the_check_makes_no_runtime_folder absent "$tmp/fresh"
check the_check_makes_no_state absent "$tmp/fresh2"

# A service manager that writes down what it hears.
python3 -c '
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("\0drill")
s.settimeout(60)
out = open(sys.argv[1], "w", 1)
while "STOPPING" not in (said := s.recv(512).decode()):
    out.write(said + "\n")
out.write(said + "\n")
' "$tmp/heard" &
manager=$!
for _ in $(seq 600); do grep -q '@drill$' /proc/net/unix && break; sleep 0.05; done
NOTIFY_SOCKET=@drill start
for _ in $(seq 600); do grep -q WATCHDOG=1 "$tmp/heard" && break; sleep 0.05; done
stop
wait "$manager"
check the_service_manager_hears_of_the_start has READY=1 "$tmp/heard"
check the_service_manager_hears_the_watchdog has WATCHDOG=1 "$tmp/heard"
check the_service_manager_hears_of_the_stop has STOPPING=1 "$tmp/heard"

# The secret of the configuration never comes into privd or a log.
secret=$(printf '%064d' 7)
conf <<<"node: { identity: { nsec: \"$secret\" }, log_level: trace }"
cp "$tmp/c.yaml" "$tmp/fips.yaml"
RUST_LOG=trace start
check a_secret_is_in_no_log same 0 "$(grep -c "$secret" "$tmp/log")"
scan() {
	python3 - "$1" "$2" <<'END'
import sys
pid, secret = sys.argv[1], sys.argv[2].encode()
n = 0
with open(f"/proc/{pid}/mem", "rb", 0) as mem:
    for line in open(f"/proc/{pid}/maps"):
        span, mode = line.split()[:2]
        lo, hi = (int(x, 16) for x in span.split("-"))
        # A sanitizer's shadow is vast and holds no text.
        if mode[0] != "r" or "[v" in line or hi - lo > 1 << 28:
            continue
        try:
            mem.seek(lo)
            n += mem.read(hi - lo).count(secret)
        except OSError:
            pass
print(n)
END
}
check a_search_of_memory_finds_what_is_there same 1 "$([ "$(scan "$privd" "$tmp/fips.yaml")" -gt 0 ] && echo 1)"
check a_secret_is_not_in_the_memory_of_privd same 0 "$(scan "$privd" "$secret")"
check a_secret_is_not_in_the_memory_of_netd same 0 "$(scan "$netd" "$secret")"
check the_text_of_a_secret_is_not_left_in_cryptod same 0 "$(scan "$cryptod" "$secret")"
stop

# The least there can be, and a key that stood beside the configuration.
cat >"$tmp/fips.yaml" <<END
node: { identity: { persistent: true }, control: { enabled: false } }
dns: { enabled: false }
END
printf '%064d' 9 >"$tmp/fips.key"
chmod 600 "$tmp/fips.key"
rm -rf "$tmp/state"
start
check a_house_without_socket_dns_or_tun_stands alive "$privd"
check a_key_beside_the_configuration_is_kept has "the key is $tmp/fips.key" "$tmp/log"
check then_no_other_key_is_made absent "$tmp/state/fips.key"
stop
check it_stops_in_good_order same 0 "$status"
finish
