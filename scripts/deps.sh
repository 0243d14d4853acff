#!/bin/sh
# deps.sh [PART...] -- install the Debian packages of scripts/packages that are
# missing; of those parts, or of all. Says nothing, and needs no network, when
# nothing is missing.
set -eu
list=$(dirname "$0")/packages

arch=$(dpkg --print-architecture 2>/dev/null || echo none)
want=
for part in ${*:-build run demo check}; do
	want="$want $(sed -n "s/^$part\( $arch\)\{0,1\}: //p" "$list" | tr '\n' ' ')"
done
command -v dpkg-query >/dev/null || {
	echo "not a Debian system; make sure that you have the like of:$want" >&2
	exit 0
}
missing=
for p in $want; do
	case $(dpkg-query -W -f='${Status} ' "$p" 2>/dev/null) in
	*'install ok installed'*) ;;
	*) missing="$missing $p" ;;
	esac
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
	echo "missing packages:$missing" >&2
	echo "install them with: sudo apt-get install$missing" >&2
	exit 1
fi
echo "installing$missing"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
install() {
	# shellcheck disable=SC2086
	DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
	    $missing >"$log" 2>&1
}
# The lists may be old or absent: fetch them only when it does not work without.
install || { apt-get update >"$log" 2>&1 && install; } || {
	tail -n 15 "$log" >&2
	echo "could not install$missing" >&2
	exit 1
}
