#!/bin/sh
# run.sh -- start a node on this machine, in the foreground: "sudo make run".
#
# Configuration and identity live in the state folder and are made when they
# are not there; both are kept from one run to the next.
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
build=${BASTIDE_BUILD:-$top/build}
state=${STATE_DIR:-/var/lib/bastide}
runtime=${RUNTIME_DIR:-/run/bastide}
conf=$state/fips.yaml
ctl=$build/bastidectl
[ "$runtime" = /run/bastide ] || ctl="$ctl -S $runtime/control.sock"

if [ "$(id -u)" -ne 0 ]; then
	echo "a node makes a network interface, which needs root: sudo make run" >&2
	exit 1
fi
if [ ! -c /dev/net/tun ]; then
	mkdir -p /dev/net
	mknod -m 600 /dev/net/tun c 10 200 2>/dev/null || true
fi

install -d -m 700 "$state"
install -d -m 755 "$runtime"
if [ ! -e "$conf" ]; then
	install -m 600 "$top/etc/fips.yaml.example" "$conf"
	echo "wrote $conf"
fi
# field WHAT NAME: the first of that name in "show WHAT"; nothing when no node answers.
field() {
	$ctl --json show "$1" 2>/dev/null |
	    sed -n "s/.*\"$2\": *\"\?\([^\",]*\).*/\1/p" | head -n 1
}

"$build/privd" -c "$conf" -r "$runtime" -s "$state" &
node=$!
# A terminal's ^C reaches the node by itself; one sent to this script does not.
again=
pass_on() { again=1; sleep 0.3; kill -TERM "$node" 2>/dev/null || true; }
trap pass_on INT TERM HUP

# Up when the node that answers is the one just started, not one that was here.
tries=0
until [ "$(field status pid)" = "$node" ]; do
	tries=$((tries + 1))
	if [ $tries -gt 100 ] || ! kill -0 "$node" 2>/dev/null; then
		rc=0
		wait "$node" || rc=$?
		exit "$((rc ? rc : 1))"
	fi
	sleep 0.1
done
npub=$(field status npub)
port=$(field transports local_addr)
port=${port##*:}
here=$(ip -4 route get 192.0.2.1 2>/dev/null | sed -n 's/.* src \([0-9.]*\).*/\1/p')
# As it is typed in the tree.
shown=${ctl#"$top"/}
cat <<END

  This node is up.

    npub          $npub
    mesh address  $(field status ipv6_addr)   on $(field status tun_name)
    listens on    UDP port ${port:-none}${here:+ of $here}
    identity      $state/fips.key   (keep it; whoever has it is this node)

  Add a peer: write it under "peers:" in $conf, or now, until the next start:

    sudo $shown connect NPUB ADDRESS:PORT

  On the other machine, in its tree, that is:

    sudo $shown connect $npub ${here:-ADDRESS}:${port:-PORT}

  Look:

    sudo $shown show status     also: peers links sessions
    dig +short @::1 -p 5354 AAAA NPUB.fips
    ping \$(dig +short @::1 -p 5354 AAAA NPUB.fips)

  That the whole machine knows names under .fips: see "Names" in README.md.
  ^C stops the node and takes away everything it made.

END
# A signal to this script ends wait early; the node's own status is what we want.
rc=0
wait "$node" || rc=$?
while [ -n "$again" ]; do
	again= rc=0
	wait "$node" || rc=$?
done
exit "$rc"
