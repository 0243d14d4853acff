#!/bin/bash
# units.sh -- the units of another PREFIX start what was installed there, and
# nothing else; systemd finds no fault in them.
set -eu
cd "$(dirname "$0")/.."
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
make -s B="$tmp/units" PREFIX="$tmp/p" "$tmp/units/bastide.service" "$tmp/units/bastide-config.service"
cp systemd/bastide-config.timer "$tmp/units"
grep -h '^Exec' "$tmp/units/"*.service >"$tmp/exec"
[ -s "$tmp/exec" ]
while IFS='= ' read -r _ program _; do
	case $program in
	"$tmp/p/"*) install -D -m 755 /bin/true "$program" ;;
	*) echo "a unit of PREFIX=$tmp/p starts $program"; exit 1 ;;
	esac
done <"$tmp/exec"
if command -v systemd-analyze >/dev/null; then
	systemd-analyze verify --man=no "$tmp/units/"*
fi
