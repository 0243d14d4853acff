#!/bin/bash
# t_rust_log.sh -- RUST_LOG chooses the lines of a node: by level, by target, by both;
# what means nothing is said and ignored.
#
#	[FIPS_BIN=/path/to/fips] t_rust_log.sh
#
# The same values are given to two nodes at once, with FIPS_BIN one of theirs and one
# of ours. What a value lets through is written down once, beside it, for both.
. "$(dirname "$0")/lib.sh"

net o r
wire o r
identity o r
PEERS[o]=r PEERS[r]=o
LEVEL=info
EXTRA_NODE[r]=$'  control:\n    socket_path: '$(sock r)
conf o
conf r

# with VALUE: both nodes for a moment, until they talk.
with() {
	: >"$tmp/o/log"
	: >"$tmp/r/log"
	export RUST_LOG=$1
	spawn o
	if [ -n "${FIPS_BIN:-}" ]; then
		ip netns exec "$(ns r)" "$FIPS_BIN" -c "$tmp/r/fips.yaml" >>"$tmp/r/log" 2>&1 </dev/null &
		PID[r]=$!
	else
		spawn r
	fi
	unset RUST_LOG
	wait_for 15 reaches o r || echo "no answer of R"
	stop o
	stop r
}
# lines NAME VALUE ALLOWED: each line of it has a level and a target that this filter,
# "target=level ..." (the longest prefix counts, none is off), lets through; and some
# has each of the pairs after it that an ordinary life has. Prints what is wrong.
lines() {
	python3 - "$tmp/$1/log" "$2" "$3" <<'END'
import json, re, sys
order = ["off", "error", "warn", "info", "debug", "trace"]
rules = dict(r.split("=") for r in sys.argv[2].split())
# What every start has, with these two levels.
always = [p.split("=") for p in sys.argv[3].split()]
seen, wrong = set(), []
for line in open(sys.argv[1], errors="replace"):
    line = re.sub(r"\x1b\[[0-9;]*m", "", line)
    try:
        d = json.loads(line)
        pair = d["level"].lower(), d["target"]
    except ValueError:
        m = re.match(r"\S+Z +([A-Z]+) ([\w:]+): ", line)
        if not m:
            continue          # what the filter itself says of its directives
        pair = m.group(1).lower(), m.group(2)
    if pair[1].startswith("bastide") and "RUST_LOG" in line:
        continue
    seen.add(pair)


def limit(target):
    # "fips" is the whole program: ours has targets of its own besides.
    fits = [r for r in rules if target.startswith(r) or (r == "fips" and target.startswith("bastide"))]
    return rules[max(fits, key=len)] if fits else "off"


for level, target in sorted(seen):
    if order.index(level) > order.index(limit(target)):
        wrong.append("not to be seen: %s %s" % (level, target))
for target, level in always:
    if order.index(level) <= order.index(limit(target)) and (level, target) not in seen:
        wrong.append("missing: %s %s" % (level, target))
print("\n".join(wrong) or "%d pairs of level and target" % len(seen))
sys.exit(bool(wrong))
END
}
# Of those that both kinds write whenever two nodes meet.
always="fips::node::lifecycle=info fips::node::handlers::session=info fips::control::unix_impl=info
    fips=info fips::node::handlers::handshake=debug"
passes() { # VALUE FILTER
	with "$1"
	check "RUST_LOG='$1': ours writes what it should" lines o "$2" "$always"
	[ -z "${FIPS_BIN:-}" ] || check "and so does theirs" lines r "$2" "$always"
}
passes '' '=info'
passes trace '=trace'
passes warn '=warn'
passes INFO '=info'
passes 4 '=debug'
passes off '=off'
passes warn,info '=info'
passes fips=debug 'fips=debug'
passes fips::node=off 'fips::node=off'
passes fips::node::handlers=debug 'fips::node::handlers=debug'
passes fips::node::handlers::mmp=trace,info '=info fips::node::handlers::mmp=trace'
passes info,fips::node= '=info fips::node=trace'
passes info,fips::node::handlers::h=debug '=info fips::node::handlers::h=debug'
passes debug,fips::node=warn,fips::node::tree=trace '=debug fips::node=warn fips::node::tree=trace'
passes nothing_of_that_name 'nothing_of_that_name=trace'
said() { grep "ignor.*$1" "$tmp/$2/log"; }
for bad in fips=loud =info 'a=b=info'; do
	passes "$bad" '=info'
	check "and says that it ignores it" said "$bad" o
	[ -z "${FIPS_BIN:-}" ] || check "as theirs does" said "$bad" r
done
passes 'fips=loud,warn' '=warn'
check "what can be heeded beside it is" said fips=loud o
finish
