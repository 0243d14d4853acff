#!/bin/bash
# tables.sh -- what the tables promise at compile and link time: a room cannot
# send another room's message, cannot forget a handler, and a row cannot have
# two senders. Each refusal stands beside a control that must pass.
cd "$(dirname "$0")/.." || exit 1
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
n=0 bad=0
cc="gcc -std=c11 -D_GNU_SOURCE -Icommon"
common="common/msg.c common/chan.c common/refuse.c"

# expect pass|fail NAME COMMAND...; a failure must also name $must in its text.
expect() {
    local want=$1 name=$2 got
    shift 2
    n=$((n + 1))
    if "$@" >"$dir/out" 2>&1; then got=pass; else got=fail; fi
    if [ "$got" = "$want" ] && { [ "$want" = pass ] || grep -q "$must" "$dir/out"; }; then
        echo "ok $n - $name"
    else
        echo "not ok $n - $name"; sed 's/^/# /' "$dir/out" | head -n 10; bad=1
    fi
}

# A room of nothing but handlers, all of them, made from the table itself.
cat >"$dir/room.c" <<'C'
#define ME_CRYPTOD
#define ROOM_DISPATCH
#include "doors.h"
#undef IN_CRYPTOD
#ifdef FORGET
#define SKIP_IK_READ1
#endif
#define HANDLER(n) void on_##n(struct chan *c, const struct msg_##n *m, int *f) { (void)c; (void)m; (void)f; }
HANDLER(conf_file) HANDLER(key_dir) HANDLER(lane_cryptod) HANDLER(ring_cryptod) HANDLER(go_cryptod)
HANDLER(ping_cryptod) HANDLER(ik_start)
#ifndef SKIP_IK_READ1
HANDLER(ik_read1)
#endif
HANDLER(ik_answer) HANDLER(ik_read2) HANDLER(xk_start) HANDLER(xk_read1)
HANDLER(xk_read2) HANDLER(xk_read3) HANDLER(hs_drop) HANDLER(session_drop)
HANDLER(sign_tree) HANDLER(sign_proof) HANDLER(verify_tree) HANDLER(verify_proof)
HANDLER(sign_entry) HANDLER(sign_part) HANDLER(sign_claim) HANDLER(sign_head)
HANDLER(sign_cosign) HANDLER(sign_sub_proof)
int main(void) {
	static union msg_any m; struct chan c; int f[MSG_NFD_MAX];
	chan_init(&c, 0, PROC_CRYPTOD, PROC_NETD);
	room_dispatch(&c, MSG_IK_READ1, &m, f);
	ik_msg1_send(&c, &m.ik_msg1, NULL);
#ifdef OVERREACH
	ik_start_send(&c, &m.ik_start, NULL);
#endif
	return 0;
}
C
must=
expect pass "a room with all its handlers links" $cc "$dir/room.c" $common -o "$dir/a"
must=on_ik_read1
expect fail "a missing handler does not link and names itself" $cc -DFORGET "$dir/room.c" $common -o "$dir/b"
must=ik_start_send
expect fail "sending another room's message does not compile" \
    $cc -Werror=implicit-function-declaration -DOVERREACH "$dir/room.c" $common -o "$dir/c"

cp -r common "$dir/common2"
awk '/^MSG\(PONG_NETD/ && !done { print "MSG(PONG_NETD, pong_netd, CRYPTOD, PRIVD, 0, RUN, \"twice\")\nEND(PONG_NETD, pong_netd)"; done = 1 } { print }' \
    common/msg.def >"$dir/common2/msg.def"
must=PONG_NETD
expect fail "a row with a second sender does not compile" \
    gcc -std=c11 -D_GNU_SOURCE -I"$dir/common2" -c "$dir/common2/msg.c" -o "$dir/d.o"
cp common/msg.def "$dir/common2/msg.def"
must=
expect pass "the table as it stands compiles there" \
    gcc -std=c11 -D_GNU_SOURCE -I"$dir/common2" -c "$dir/common2/msg.c" -o "$dir/d.o"
sed 's/^MSG(PONG_NETD, pong_netd, NETD, PRIVD/MSG(PONG_NETD, pong_netd, NETD, NETD/' \
    common/msg.def >"$dir/common2/msg.def"
must='talks to itself'
expect fail "a room that talks to itself does not compile" \
    gcc -std=c11 -D_GNU_SOURCE -I"$dir/common2" -c "$dir/common2/msg.c" -o "$dir/d.o"

# Each room links its own libraries and no other's.
mb=
[ "$(uname -m)" != x86_64 ] || mb="libIPSec_MB "
links() {
    readelf -d "${BASTIDE_BUILD:-build}/$1" | sed -n 's/.*NEEDED.*\[\(lib[A-Za-z0-9_]*\)[-.].*/\1/p' |
        grep -v -e '^libc$' -e '^libgcc_s$' | LC_ALL=C sort | tr '\n' ' '
}
while read -r room libs; do
    n=$((n + 1))
    got=$(links "$room")
    if [ "$got" = "$libs " ]; then echo "ok $n - $room links $libs and nothing else"
    else echo "not ok $n - $room links $libs and nothing else"; echo "# it links $got"; bad=1; fi
done <<L
privd libcap libmnl libseccomp libyaml
netd libcap libevent_core libevent_extra libjansson libm libresolv libseccomp libsodium
dird libcap libcrypto libevent_core libevent_extra libjansson libseccomp libsecp256k1 libsodium
cryptod ${mb}libcap libcrypto libseccomp libsecp256k1 libsodium libyaml
macroctl libcap libjansson libseccomp libyaml
L
for room in privd netd cryptod dird macroctl bastidectl; do
    n=$((n + 1))
    f=${BASTIDE_BUILD:-build}/$room
    if readelf -h "$f" | grep -q 'Type:.*DYN' && readelf -lW "$f" | grep -q GNU_RELRO &&
        readelf -d "$f" | grep -q BIND_NOW && readelf -lW "$f" | grep GNU_STACK | grep -qv E &&
        readelf -sW "$f" | grep -q __stack_chk_fail; then
        echo "ok $n - $room is PIE, RELRO, BIND_NOW, no executable stack, stack protector"
    else
        echo "not ok $n - $room is PIE, RELRO, BIND_NOW, no executable stack, stack protector"; bad=1
    fi
done

# What decides about the mesh is pure: it calls its like, arithmetic and memory, and
# has no variable of its own. No I/O, no clock, no chance, no global.
pure="tree tree_choose tree_msg bloom bloom_filter lookup lookup_table lookup_msg
    coords coords_cache coords_show nexthop route mmp mmp_msg session_mtu oneway"
may_call=' calloc malloc free memcmp memcpy memset __popcountdi2 __stack_chk_fail log1p pow
    crypto_hash_sha256 crypto_shorthash '
objects=${BASTIDE_BUILD:-build}/obj/netd
# impure FILE...: what one of these calls that none of them is, and what each keeps.
impure() {
    nm "$@" | awk -v may="$(echo $may_call)" '
        BEGIN { split(may, m); for (i in m) known[m[i]] = 1 }
        NF == 2 && $1 == "U" { want[$2] = 1 }
        NF == 3 && $2 == "T" { known[$3] = 1 }
        END { for (w in want) if (!(w in known)) print "calls " w }'
    for f in "$@"; do
        objdump -t "$f" | awk -v f="${f##*/}" '
            NF >= 5 && $(NF - 2) ~ /^\.(bss|data)/ && $(NF - 2) !~ /^\.data\.rel\.ro/ &&
            $NF !~ /^\./ { print f " keeps " $NF }'
    done
}
n=$((n + 1))
found=$(impure $(printf "$objects/%s.o " $pure))
if [ -z "$found" ]; then echo "ok $n - what decides about the mesh has no I/O, no clock, no global"
else echo "not ok $n - what decides about the mesh has no I/O, no clock, no global"; echo "$found" | sed 's/^/# /'; bad=1; fi
n=$((n + 1))
cat >"$dir/impure.c" <<'C'
#include <time.h>
static int asked;
long impure(void) { asked++; return (long)time(0) + asked; }
C
gcc -O2 -c "$dir/impure.c" -o "$dir/impure.o"
found=$(impure "$dir/impure.o" | sort | tr '\n' ';')
if [ "$found" = "calls time;impure.o keeps asked;" ]; then echo "ok $n - and a clock and a variable would show"
else echo "not ok $n - and a clock and a variable would show"; echo "# $found"; bad=1; fi

# Lines that the reference's suites look for, at the level at which they look; the rest of
# a line is fields. A text may be written in one place and filled in in another.
n=$((n + 1))
cat >"$dir/lines" <<'L'
info Session established (%s, XK)
info Peer promoted to active
debug Connection promoted to active peer
debug Peer removed and state cleaned up
info Parent switched, 
info Parent switched via periodic cost re-evaluation
debug Stale handshake connection timed out
debug MMP link metrics
debug MMP session metrics
debug MMP link teardown
debug Congestion detected, CE flag set on forwarded packet
warn Kernel recv drops first observed on transport
debug Rekey cutover complete (initiator), K-bit flipped
debug FSP rekey cutover complete (initiator), K-bit flipped
info Peer FSP new-epoch frame authenticated, FSP rekey cutover complete, promoting new session
warn Rekey msg2 processing failed
debug Session AEAD decryption failed
warn Excessive decryption failures, removing peer
debug Dual rekey initiation: we win (smaller addr), dropping their msg1
debug Discovery lookup initiated
info Discovery succeeded, proof verified, route cached
debug Discovery skipped, target not in any peer bloom filter
debug Discovery lookup suppressed by backoff
debug Discovery lookup deduplicated
info Discovery lookup timed out
debug Discovery retry sent
debug Discovery failed, no tree peers with bloom match
debug Forwarding LookupRequest via non-tree fallback
debug Unknown FMP version, dropping
warn Rejected peer by ACL
info FIPS shutdown complete
L
cat >"$dir/lines.py" <<'PY'
import glob, re, sys
text = "\n".join(open(f).read() for f in glob.glob("netd/*.c") + glob.glob("privd/*.c"))
calls = re.findall(r'log_(error|warn|info|debug|trace)\(\s*"((?:[^"\\]|\\.)*)', text)
calls += [(l.lower(), t) for l, t in re.findall(
    r'log_as\(LVL_(\w+),\s*[^,]*,\s*"((?:[^"\\]|\\.)*)', text)]
calls += [(("debug", "info")[int(n)], t) for t, n in re.findall(
    r'say_promoted\(s,\s*\w+,\s*"([^"]*)",\s*([01])\)', text)]
bad = 0
for line in open(sys.argv[1]):
    level, want = line.rstrip("\n").split(" ", 1)
    found = {l for l, t in calls if t.startswith(want)}
    if found != {level}:
        print("%s is said at %s, wanted %s" % (want, sorted(found) or "no level", level))
        bad = 1
sys.exit(bad)
PY
if python3 "$dir/lines.py" "$dir/lines" >"$dir/out"; then
    echo "ok $n - the log says what the reference's suites look for, at its level"
else
    echo "not ok $n - the log says what the reference's suites look for, at its level"; sed 's/^/# /' "$dir/out"; bad=1
fi

# What a benchmark is told in its environment would be make's own instead.
n=$((n + 1))
told=$(grep -ohE '\$\{[A-Z_]+:?-' bench/*.sh | tr -d '${:-' | sort -u)
found=$(for v in $told; do grep -nE "^(export )?$v[[:space:]]*[:?+]?=" Makefile; done)
if [ -n "$told" ] && [ -z "$found" ]; then echo "ok $n - the Makefile has no variable of a benchmark's name"
else echo "not ok $n - the Makefile has no variable of a benchmark's name"; echo "$found" | sed 's/^/# /'; bad=1; fi

# Same source, same compiler, same bytes, wherever the tree stands.
n=$((n + 1))
mkdir "$dir/copy" && cp -r Makefile common privd netd cryptod macroctl ctl dird verify docs "$dir/copy/"
if make -s -C "$dir/copy" B=out -j2 all >"$dir/out" 2>&1 &&
    for room in privd netd cryptod dird macroctl bastidectl; do cmp "$dir/copy/out/$room" "${BASTIDE_BUILD:-build}/$room"; done >>"$dir/out" 2>&1
then echo "ok $n - a copy of the tree elsewhere builds the same bytes"
else echo "not ok $n - a copy of the tree elsewhere builds the same bytes"; sed 's/^/# /' "$dir/out" | tail -n 5; bad=1; fi
echo "1..$n"
exit $bad
