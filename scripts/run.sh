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
ctl="$build/bastidectl -S $runtime/control.sock"

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
	umask 077
	cat >"$conf.new" <<-END
	# Made by "make run". Same format as the fips.yaml of FIPS; every key is in
	# docs/configuration.md. Restart the node after a change.
	node:
	  identity:
	    persistent: true

	tun:
	  enabled: true
	  name: fips0
	  mtu: 1280

	dns:
	  enabled: true
	  bind_addr: "::1"
	  port: 5354

	transports:
	  udp:
	    bind_addr: "0.0.0.0:2121"

	# peers:
	#   - npub: "npub1..."
	#     alias: "friend"
	#     addresses:
	#       - transport: udp
	#         addr: "192.0.2.7:2121"
	#     connect_policy: auto_connect
	END
	mv "$conf.new" "$conf"
	umask 022
	echo "wrote $conf"
fi

"$build/privd" -c "$conf" -r "$runtime" -s "$state" &
node=$!
# A terminal's ^C reaches the node by itself; one sent to this script does not.
pass_on() { sleep 0.3; kill -TERM "$node" 2>/dev/null || true; }
trap pass_on INT TERM HUP

tries=0
until $ctl show status >/dev/null 2>&1; do
	tries=$((tries + 1))
	if [ $tries -gt 100 ] || ! kill -0 "$node" 2>/dev/null; then
		wait "$node" || exit $?
		exit 1
	fi
	sleep 0.1
done
status=$($ctl --json show status)
field() { printf '%s' "$status" | sed -n "s/.*\"$1\": *\"\([^\"]*\)\".*/\1/p" | head -n 1; }
npub=$(field npub)
port=$($ctl --json show transports | sed -n 's/.*"local_addr": *"[^"]*:\([0-9]*\)".*/\1/p' | head -n 1)
here=$(ip -4 route get 192.0.2.1 2>/dev/null | sed -n 's/.* src \([0-9.]*\).*/\1/p')
cat <<END

  This node is up.

    npub          $npub
    mesh address  $(field ipv6_addr)   on $(field tun_name)
    listens on    UDP port ${port:-2121}${here:+ of $here}
    identity      $state/fips.key   (keep it; whoever has it is this node)

  Add a peer: write it under "peers:" in $conf, or now, until the next start:

    sudo build/bastidectl connect NPUB ADDRESS:2121 udp

  On the other machine that is:

    sudo build/bastidectl connect $npub ${here:-ADDRESS}:${port:-2121} udp

  Look:

    sudo build/bastidectl show status        also: peers links sessions
    dig +short @::1 -p 5354 AAAA NPUB.fips   a name is an address
    ping NPUB.fips                           when your resolver asks [::1]:5354 for .fips

  ^C stops the node and takes away everything it made.

END
# A trapped signal ends wait early; the node's own status is what we want.
while kill -0 "$node" 2>/dev/null; do
	rc=0
	wait "$node" || rc=$?
done
exit "${rc:-0}"
