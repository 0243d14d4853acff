#!/bin/bash
# docs_match.sh -- what is generated from the tables is what stands in docs/, what is
# cited there exists, and bastidectl says the same of itself everywhere.
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

# What bastidectl does and shows is in its help, its manual page and both completions.
make -s build/bastidectl
help=$(build/bastidectl help)
said() { # WORD WHERE TEXT
	tr -cs 'a-z-' '\n' <<<"$3" | grep -qx -e "$1" || { echo "$2 does not know '$1'"; missing=1; }
}
shows=$(sed -n '/^\.It Cm show Ar what/,/^\.It Cm show stats/p' man/bastidectl.1)
for what in $(grep -o '{ "[a-z-]*", "show_' ctl/table.c | cut -d'"' -f2 | sort -u); do
	said "$what" "the help" "$(sed -n '/show WHAT/,/show stats METRIC/p' <<<"$help" | sed '$d')"
	said "$what" "the manual" "$(grep '^\.It Cm' <<<"$shows")"
	said "$what" "bash" "$(sed -n '/^\tshow)/,/;;/p' ctl/completion/bastidectl.bash)"
	said "$what" "zsh" "$(grep 'show) _arguments' ctl/completion/_bastidectl)"
done
for what in $(grep -o '{ "[a-z]*",	cmd_' ctl/main.c | cut -d'"' -f2); do
	said "$what" "the help" "$help"
	said "$what" "the manual" "$(grep -E '^\.(It )?(Cm|Nm)' man/bastidectl.1)"
	said "$what" "bash" "$(sed -n "/^\t'')/,/;;/p" ctl/completion/bastidectl.bash)"
	said "$what" "zsh" "$(grep '1:command' ctl/completion/_bastidectl)"
done
[ "$missing" -eq 0 ]
