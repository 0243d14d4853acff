#!/bin/bash
# paste.sh -- puts the table of the last run into docs/performance.md, between
# its two marks, in place of the one before.
#
#	[OUT=folder] bench/paste.sh
root=$(cd "$(dirname "$0")/.." && pwd)
table=${OUT:-${BASTIDE_BUILD:-$root/build}/bench}/bench.txt
page=$root/docs/performance.md
[ -s "$table" ] || { echo "no table at $table; run: sudo make bench" >&2; exit 1; }
[ "$(grep -cE '^<!-- (the run|its end) -->$' "$page")" = 2 ] ||
    { echo "$page has not its two marks" >&2; exit 1; }
new=$(mktemp "$page.XXXXXX") || exit 1
awk -v table="$table" '
	/^<!-- its end -->$/ { inside = 0 }
	!inside { print }
	/^<!-- the run -->$/ {
		inside = 1
		print ""
		while ((getline line < table) > 0) print line
		print ""
	}' "$page" >"$new" && chmod 644 "$new" && mv "$new" "$page"
