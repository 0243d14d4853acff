#!/bin/bash
# log.sh -- who reads the log cannot stop the house, and the house cannot read him.
. "$(dirname "$0")/house.bash"

# stands: the house of $privd does, seen without its log.
stands() {
	for _ in $(seq 600); do
		pgrep -P "$privd" -x netd >/dev/null && [ -S "$tmp/run/control.sock" ] &&
		    grep -q '^Seccomp:.*2' "/proc/$privd/status" && return 0
		alive "$privd" || break
		sleep 0.05
	done
	echo "no house"
	false
}
# gone: nothing of it lives. Who waits for somebody to read the log waits for ever.
gone() {
	for _ in $(seq 400); do
		alive "$privd" || alive "$netd" || alive "$cryptod" || return 0
		sleep 0.025
	done
	echo "not all have ended"
	false
}
launch() {
	RUST_LOG=trace "$build/privd" -c "$tmp/fips.yaml" -r "$tmp/run" \
	    -s "$tmp/state" >/dev/null </dev/null &
	privd=$!
}
rooms() { netd=$(pgrep -P "$privd" -x netd) cryptod=$(pgrep -P "$privd" -x cryptod); }

# A pipe that is full, whose reader sleeps.
mkfifo "$tmp/pipe"
exec 8<>"$tmp/pipe" 9>"$tmp/pipe"
dd if=/dev/zero of=/proc/self/fd/8 bs=4096 count=64 oflag=nonblock 2>/dev/null
launch 2>&9
check a_house_stands_though_nobody_reads_its_log stands
rooms
kill -KILL "${netd:-$privd}"
check and_its_death_waits_for_nobody gone
kill -KILL "$privd" 2>/dev/null
wait "$privd" 2>/dev/null
check and_the_socket_is_gone absent "$tmp/run/control.sock"
launch 2>&9
check it_stands_again stands
rooms
kill -TERM "$privd"
check and_stops_without_waiting_either gone
kill -KILL "$privd" 2>/dev/null
wait "$privd" 2>/dev/null
exec 8>&- 9>&-

# No stderr at all.
launch 2>&-
check a_house_without_stderr_stands stands
rooms
kill -TERM "$privd"
check and_stops gone
wait "$privd"
privd=

# A terminal: what its owner types is none of a room's business.
python3 - "$build/privd" -c "$tmp/fips.yaml" -r "$tmp/run" -s "$tmp/state" >"$tmp/modes" <<'END'
import os, pty, subprocess, sys, time
m, s = pty.openpty()
p = subprocess.Popen(sys.argv[1:], stdin=s, stdout=s, stderr=s)
said = b""
while b"node npub1" not in said:
    said += os.read(m, 4096)
def kids(pid):
    return open(f"/proc/{pid}/task/{pid}/children").read().split()
for pid in [p.pid, *kids(p.pid)]:
    for line in open(f"/proc/{pid}/fdinfo/2"):
        if line.startswith("flags:"):
            print(int(line.split()[1], 8) & 3)
p.terminate()
p.wait()
print("fcntl", __import__("fcntl").fcntl(s, 3) & os.O_NONBLOCK)
END
check every_room_was_looked_at test "$(grep -c '^[0-9]' "$tmp/modes")" -ge 4
check nobody_in_the_house_can_read_the_terminal same "1 fcntl 0" "$(uniq "$tmp/modes" | tr '\n' ' ' | sed 's/ $//')"
finish
