#!/bin/bash
# dird_room.sh -- the running directory, from a client's request to its answer:
# HTTP, rights, a signature by cryptod, the sync.
. "$(dirname "$0")/../tests/net/lib.sh"
SECS=${SECS:-3}

net a
identity a
EXTRA_NODE[a]=$'  identity:\n    persistent: true'
NSEC[a]=
LEVEL=warn conf a
start a
dirsock=$tmp/a/run/directory.sock
wait_for 10 test -S "$dirsock" || bail "the directory does not open"
curl -s --unix-socket "$dirsock" http://localhost/v1/genesis -d '{"domain":"bench"}' | grep -q Genesis || bail "no domain"
for n in 1 64; do "$BASTIDE_BUILD/dird_load" "$dirsock" $n "$SECS"; done
stop a
