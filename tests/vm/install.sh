#!/bin/bash
# install.sh -- a life on a real Debian machine: installed, started by systemd,
# looked at by a member of the group, stopped, purged without a trace. Needs a
# program "vmtest" that runs a script in a throw-away machine; skips without.
#
#	[VMTEST=/path/to/vmtest] [VM_IMAGE=base] tests/vm/install.sh
set -u
cd "$(dirname "$0")/../.." || exit 1
vmtest=${VMTEST:-$(command -v vmtest)}
if [ -z "$vmtest" ]; then
	echo "ok 1 # skip no vmtest to run a Debian machine with"
	echo "1..1"
	exit 0
fi
share=$(mktemp -d) || exit 1
trap 'rm -rf "$share"' EXIT

make -s all build/bastide.service build/bastide-config.service || exit 1
make -s installed >"$share/installed"
# shellcheck disable=SC2046 # names without spaces
cp -r --parents $(awk '{ print $2 }' "$share/installed") scripts etc tests/vm "$share" || exit 1
# The machine has no network to fetch from: libraries that it lacks come along.
mkdir "$share/lib"
ldd build/privd build/netd build/cryptod build/dird build/bastidectl |
    awk '/=> \// && !/libc\.so/ { print $3 }' | sort -u | xargs cp -Lt "$share/lib"
"$vmtest" run "${VM_IMAGE:-base}" "$share" "$share/tests/vm/install_inside.sh"
