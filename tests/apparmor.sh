#!/bin/bash
# apparmor.sh -- every profile is one that AppArmor's own parser takes, every
# program has one, and a broken one would be seen. Nothing is loaded.
cd "$(dirname "$0")/.." || exit 1
n=0 bad=0
if ! command -v apparmor_parser >/dev/null; then
    echo "1..0 # SKIP apparmor_parser is not installed: sudo sh scripts/deps.sh check"
    exit 0
fi
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
say() { n=$((n + 1)); if "${@:2}" >"$dir/out" 2>&1; then echo "ok $n - $1"; else echo "not ok $n - $1"; sed 's/^/# /' "$dir/out" | head -n 5; bad=1; fi; }
fails() { ! "$@"; }
parse() { apparmor_parser -Q -K -I apparmor "$1"; }
# has PROGRAM: some profile attaches to it.
has() { grep -lE "^profile [a-z-]+ [^ ]*/$1 " apparmor/bastide-* >/dev/null; }

for f in apparmor/bastide-*; do say "${f#*/} is a profile" parse "$f"; done
for p in privd netd cryptod dird macroctl bastidectl bastide-verify; do say "$p has a profile" has "$p"; done
say "planners have one of their own" grep -q '^  profile planner ' apparmor/bastide-macroctl
say "a program nobody has written has none (the control)" fails has nobodyd

# Controls: what is no profile is refused.
sed 's/^}/  capability no_such_capability,\n}/' apparmor/bastide-netd >"$dir/a"
say "a capability that does not exist is seen" fails parse "$dir/a"
sed '$d' apparmor/bastide-dird >"$dir/b"
say "a profile that does not end is seen" fails parse "$dir/b"

# What must not be in there.
say "no room may make a raw or packet socket" fails grep -nE '^ *network (packet|.* raw)' \
    apparmor/bastide-{netd,cryptod,dird,macroctl} apparmor/bastide/common
say "only privd has CAP_NET_ADMIN" test "$(grep -lE '^ *capability net_admin' apparmor/bastide-*)" = apparmor/bastide-privd
say "nothing runs unconfined from here" fails grep -nE '^[^#]*\b[uU]x\b' -r apparmor
say "privd may open the rooms that it executes" test "$(grep -cE '^ */usr/lib/bastide/(netd|cryptod|dird|macroctl) rpx ' apparmor/bastide-privd)" = 4
say "a planner's profile comes on top of macroctl's, with no path to fall back on" test "$(grep -cE ' pix -> &bastide-macroctl//planner,' apparmor/bastide-macroctl)" = 2
say "who checks a journal elsewhere is not the room" grep -qE '^profile bastide-dird-check /usr/lib/bastide/dird ' apparmor/bastide-dird
say "and may write nothing" fails sh -c "sed -n '/^profile bastide-dird-check/,\$p' apparmor/bastide-dird | grep -E '^ */.* [mrk]*[wal]'"
say "what people start has a console" test "$(grep -lE 'abstractions/consoles' apparmor/bastide-{bastidectl,dird,macroctl,privd,verify} | wc -l)" = 5
say "dird only appends to its segments" fails grep -nE '^ */var/lib/bastide/directory/.* r?w' apparmor/bastide-dird
echo "1..$n"
exit $bad
