#!/bin/bash
# room.sh -- runs drill_room with the sandbox that ships: the sanitizers' own
# rows are for test builds of the rooms and would hide a hole here.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=${BASTIDE_BUILD:-build}
prog=$build/tests/drill/drill_room.shipped
mkdir -p "${prog%/*}"
"${CC:-gcc}" -std=c11 -D_GNU_SOURCE -O2 -g -Icommon -o "$prog" \
    tests/drill/drill_room.c common/{msg,chan,refuse,ring,typed,log,room,sandbox,seccomp,landlock}.c \
    -lcap -lseccomp || exit 1
"$prog"
