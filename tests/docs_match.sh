#!/bin/bash
# docs_match.sh -- what is generated from the tables is what stands in docs/, and
# what is cited there exists.
set -eu
cd "$(dirname "$0")/.."
make -s build/gen/msg build/gen/conf
build/gen/msg | diff -u docs/MESSAGES.md -
build/gen/conf | diff -u docs/configuration.md -

# What docs/faults.md cites is there: tests, fuzz targets, reasons; and it has every
# kind of the hostile peer.
missing=0
lack() { echo "docs/faults.md: $1"; missing=1; }
cited() { grep -o "\`$1\`" docs/faults.md | tr -d '`' | sort -u; }
for t in $(cited '[a-z0-9]*\(_[a-z0-9]*\)\{3,\}' | grep -v '^fuzz_'); do
	grep -qs "START_TEST($t)" tests/unit/*.c || lack "no test is named $t"
done
for t in $(cited 'fuzz_[a-z0-9]*'); do [ -e "tests/fuzz/$t.c" ] || lack "no fuzz target is named $t"; done
for t in $(cited 't_[a-z_]*\.sh'); do [ -e "tests/net/$t" ] || lack "no test is named $t"; done
list=$(sed -n '/^## What a hostile peer can send/,/^## What a peer may/p' docs/faults.md)
for why in $(grep '^|' <<<"$list" | cut -d'|' -f3 | grep -o '`[a-z_0-9]*`' | tr -d '`'); do
	grep -q " $why, " common/refuse.def || lack "no reason is named $why"
done
for kind in $(sed -n '/^const struct kind kinds/,/^}/p' tests/net/evil_say.c | grep -o '{ "[a-z_0-9]*' | cut -c4-); do
	grep '^|' <<<"$list" | awk -F'|' '{ print $7 }' | grep -qw "$kind" || lack "the kind $kind is not in the list"
	grep -qw "$kind" tests/net/t_*.sh || lack "no test sends the kind $kind"
	grep -qw "$kind" bench/hostile.sh || lack "bench/hostile.sh does not send the kind $kind"
done
[ "$missing" -eq 0 ]
