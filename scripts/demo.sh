#!/bin/bash
# demo.sh -- two nodes in two network namespaces of this machine find each
# other, answer by name and serve a download through the tunnel: "sudo make
# demo". Changes nothing outside; takes everything away, also after ^C.
LEVEL=debug
. "$(dirname "$0")/../tests/net/lib.sh"

say() { printf '  %s\n' "$*"; }
fail() { echo "  $*"; tail -n 20 "$tmp"/*/log; exit 1; }

# rooms_of NAME: one line a process.
rooms_of() {
	local p
	for p in $(rooms "$1"); do
		ps -o pid=,user:18=,rss=,comm= -p "$p" |
		    awk '{ printf "  |    %-8s pid %-7s user %-18s %5.1f MiB  |\n", $4, $1, $2, $3 / 1024 }'
	done
}

echo
echo "  Two machines, alice and bob, joined by a wire (network namespaces)."
net alice bob
wire alice bob
identity alice bob
PEERS[alice]=bob PEERS[bob]=alice
conf alice
conf bob

start alice bob
say "both nodes are up"
meet alice bob || fail "the nodes did not find each other"
say "Noise IK: the link is encrypted"
a6=$(mesh_addr alice) b6=$(mesh_addr bob)
reaches alice bob >"$tmp/ping" || fail "no answer to a ping by npub"
say "Noise XK: the session is encrypted end to end, first ping answered"

echo
echo "  alice\$ ping -c 3 bob.fips"
in_net alice ping -6 -c 3 -i 0.3 bob.fips | sed 's/^/    /'
echo
echo "  alice\$ ping -c 1 ${NPUB[bob]}.fips"
reaches alice bob | sed -n '2p' | sed 's/^/    /'

mkdir "$tmp/www"
head -c 20000000 /dev/urandom >"$tmp/www/picture.raw"
( cd "$tmp/www" && exec ip netns exec "$(ns bob)" python3 -m http.server \
    --bind "$b6" 8080 >"$tmp/http" 2>&1 ) &
serves() { in_net alice curl -gsS -o /dev/null --max-time 2 http://bob.fips:8080/; }
wait_for 10 serves || fail "the web server does not answer: $(cat "$tmp/http")"
echo
echo "  alice\$ curl http://bob.fips:8080/picture.raw"
in_net alice curl -gsS --max-time 60 -o "$tmp/got" \
    -w '    %{size_download} bytes in %{time_total} s, %{speed_download} bytes a second\n' \
    http://bob.fips:8080/picture.raw || fail "the download failed"
cmp "$tmp/got" "$tmp/www/picture.raw" || fail "what came is not what was sent"
echo "    same bytes: sha256 $(sha256sum <"$tmp/got" | cut -c1-32)..."

cat <<END

  What stands now:

  +------------------------------- alice -------------------------------+
  |  ${NPUB[alice]}
  |  fips0  $a6    eth0  ${IP[alice]}
$(rooms_of alice)
  +---------------------------------+-----------------------------------+
                                    |
        UDP 2121: link (Noise IK) [ session (Noise XK) [ IPv6 ] ]
                                    |
  +-------------------------------- bob --------------------------------+
  |  ${NPUB[bob]}
  |  fips0  $b6    eth0  ${IP[bob]}
$(rooms_of bob)
  +---------------------------------------------------------------------+

  netd reads the network and holds no key; cryptod holds the keys and has no
  network; privd is root and reads neither.

END
ctl alice show peers
echo
stop alice && stop bob || fail "a node did not stop cleanly"
say "both nodes stopped; nothing is left"
