#!/bin/bash
# t_sudo.sh -- the one command that a web API without privileges may call: real
# sudo, as the service user, with the rules that ship.
. "$(dirname "$0")/mesh.sh"

bridge
node a b
dials b a
EXTRA[a]='bastide:
  lending:
    allow: "tor-exit=tcp/9050"'
up a b
check "two boxes meet" meet b a
addr_a=$(mesh_addr a) addr_b=$(mesh_addr b)
sub=did:plc:0123456789abcdef0123456789abcdef
background a python3 "$here/socks.py" serve "$addr_a" 9050
greet() { timeout 8 ip netns exec "$(ns b)" python3 "$here/socks.py" greet "$addr_a" 9050; }

. "$here/web.sh"
# api ARGUMENT...: what a web API calls.
api() { web sudo -n /usr/sbin/macroctl "$@"; }
g="grant --sub $sub --src-ip $addr_b"

check "the sudoers rules are well formed" visudo -c -q -f "$root/sudoers/bastide"
check "a rule that is not would be seen" refuses visudo -c -q -f <(sed 's/NOPASSWD:/NOPASSWORD:/' "$root/sudoers/bastide")
check "the account is what it is taken for" same 61149 "$(web id -u)"
check "without sudo it is told that it needs root" grep -q NOT_ROOT <(web /usr/sbin/macroctl status 2>&1)
check "the service user cannot speak to privd itself" refuses web \
    /usr/bin/python3 -c 'import socket; socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET).connect("/run/bastide/privd.sock")'
check "as root that same line connects" unshare --mount --propagation private bash <(sed 's/^exec .* -- /exec /' "$tmp/as_web") "$tmp" \
    /usr/bin/python3 -c 'import socket; socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET).connect("/run/bastide/privd.sock")'

check "the service user lists the kinds" grep -q '"kind":"tor-exit"' <(api list)
check "and looks at one" grep -q '"kind":"tor-exit"' <(api show tor-exit)
check "nobody is let in yet" refuses greet
check "the service user lends" grep -q '"until":' <(api tor-exit $g --for 600 --params '{"port":9050}')
check "and that address gets in" wait_for 5 greet
check "and it sees what is lent" grep -q "\"src\":\"$addr_b\"" <(api status)
check "and takes it back" grep -q '"removed":1' <(api tor-exit revoke --sub $sub --src-ip "$addr_b")
check "and that address is out" refuses greet

# ---- what the rules do not have
denied() { # denied NAME ARGUMENT...: sudo itself says no
	local name=$1
	shift
	check "sudo refuses $name" grep -qE 'a password is required|not allowed' <(web sudo -n "$@" 2>&1)
}
denied "-r, another house" /usr/sbin/macroctl -r /tmp status
denied "-r behind a verb" /usr/sbin/macroctl tor-exit grant -r /tmp
denied "a shell" /bin/sh -c id
denied "another program of the house" /usr/sbin/privd -F
denied "macroctl elsewhere" "$BASTIDE_BUILD/macroctl" status
denied "no arguments at all" /usr/sbin/macroctl
denied "path traversal by kind" /usr/sbin/macroctl ../../etc/passwd grant
denied "a kind of 33 characters" /usr/sbin/macroctl aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa grant
denied "another user" -u _bastide-web /usr/sbin/macroctl status
denied "its environment kept" -E /usr/sbin/macroctl status
denied "a variable set" LD_PRELOAD=/x /usr/sbin/macroctl status
denied "another variable set" NFT=/x /usr/sbin/macroctl status
check "macroctl refuses -r under sudo whatever the rules say" grep -q NOT_UNDER_SUDO \
    <(unshare --mount --propagation private bash <(sed 's/^exec .* -- /exec /' "$tmp/as_web") "$tmp" \
    sudo -n /usr/sbin/macroctl -r /run/bastide status 2>&1)
audited() { strings -n 20 "$tmp"/a/state/directory/*.seg | grep -c -- "$1"; }
it_is() { [ "$(audited "$1")" -ge 1 ]; }
check "and that is recorded" wait_for 5 it_is '"NOT_UNDER_SUDO: -r /run/bastide status'

# ---- the environment
cat >"$tmp/pre.c" <<'END2'
#include <stdio.h>
#include <stdlib.h>
__attribute__((constructor)) static void evil(void) { FILE *f = fopen(getenv("EVIL"), "a"); if (f) { fputs("in\n", f); fclose(f); } }
END2
"${CC:-gcc}" -shared -fPIC -o "$tmp/pre.so" "$tmp/pre.c" || bail "cannot build what is injected"
chmod 755 "$tmp/pre.so"
mkdir -m 777 "$tmp/caught"
: >"$tmp/caught/it"; chmod 666 "$tmp/caught/it"
inject() {
	web env LD_PRELOAD="$tmp/pre.so" LD_LIBRARY_PATH="$tmp" EVIL="$tmp/caught/it" PATH="$tmp/caught:/usr/bin" \
	    IFS=/ NFT=/bin/false BASH_ENV="$tmp/pre.c" LANG=xx RUST_LOG=trace TMPDIR="$tmp/caught" "$@"
}
inject true
check "what is injected runs where nothing guards (the control)" grep -q in "$tmp/caught/it"
# Only sudo and what it starts: env itself is the service user's own.
loaded() { : >"$tmp/caught/it"; inject sudo -n /usr/sbin/macroctl tor-exit $g --for 60 >"$tmp/said" 2>&1; grep -q '"until"' "$tmp/said" && cat "$tmp/caught/it"; }
check "environment injection through sudo: nothing of it is loaded" same "" "$(loaded)"
check "and the call does what it does without" grep -q '"until"' "$tmp/said"
api tor-exit revoke --sub $sub --src-ip "$addr_b" >/dev/null

# ---- and with all it may call, it can widen nothing
for bad in "--params {\"port\":22}" "--for 31536000" "--src-ip 2001:db8::1" "--src-ip fd00::/8"; do
	check "the service user cannot widen a grant by $bad" grep -q '"code"' <(api tor-exit grant --sub $sub \
	    $([[ $bad == --src-ip* ]] || echo --src-ip "$addr_b") $bad 2>&1)
done
check "nothing is lent after all of it" grep -q '"grants":\[\]' <(api status)
finish
