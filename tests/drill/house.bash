# house.bash -- one whole house for the drills, in a network and mount namespace
# of this script. Sourced first; starts the script again inside of them.
#
# Ends only what it started. Says TAP.

set -u
if [ "$(id -u)" -ne 0 ]; then echo "1..0 # SKIP needs root"; exit 0; fi
if [ "${IN_HOUSE_NS:-}" != 1 ]; then
	IN_HOUSE_NS=1 exec unshare --net --mount --propagation private bash "$0" "$@"
fi
cd "$(dirname "$0")/../.." || exit 1
build=$(realpath "${BASTIDE_BUILD:-build}")
tmp=$(mktemp -d /tmp/drill.XXXXXX)
chmod 755 "$tmp"
privd= netd= cryptod= dird= ntest=0 nbad=0
ip link set lo up
mount --bind /dev/null /etc/resolv.conf		# no name server, no socket to one

cleanup() {
	[ -n "$privd" ] && kill -9 "$privd" 2>/dev/null
	rm -rf "$tmp"
}
trap cleanup EXIT

# check NAME COMMAND...: one test.
check() {
	local name=$1 said
	shift
	ntest=$((ntest + 1))
	if said=$("$@" 2>&1); then echo "ok $ntest - $name"; else
		nbad=$((nbad + 1))
		echo "not ok $ntest - $name"
		printf '%s\n' "$*" "$said" | head -n 20 | sed 's/^/# /'
	fi
}
same() { [ "$1" = "$2" ] || { printf 'wanted: %s\n   got: %s\n' "$1" "$2"; false; }; }
absent() { [ ! -e "$1" ] || { echo "$1 is there"; false; }; }
has() { grep -qE -- "$1" "$2" || { echo "no '$1' in:"; tail -n 12 "$2"; false; }; }
has_not() { ! grep -E -- "$1" "$2"; }
finish() { echo "1..$ntest"; [ "$nbad" -eq 0 ]; exit; }

cat >"$tmp/fips.yaml" <<END
tun:
  enabled: true
  name: drill0
transports:
  udp:
    bind_addr: "127.0.0.1:2121"
END

# alive PID: runs, and is no zombie that its parent has not looked at.
alive() {
	local stat
	# No process to look: on a slow machine that takes longer than a death.
	{ read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
	case ${stat##*) } in Z* | X*) return 1 ;; esac
}

# begin [ARGUMENT...]: a house, until it serves or has ended. Sets privd.
begin() {
	: >"$tmp/log"
	"$build/privd" -c "$tmp/fips.yaml" -r "$tmp/run" -s "$tmp/state" "$@" \
	    2>"$tmp/log" >/dev/null </dev/null &
	privd=$!
	for _ in $(seq 600); do
		grep -q '"msg":"node npub1' "$tmp/log" && break
		alive "$privd" || break
		sleep 0.05
	done
}
# start [ARGUMENT...]: one that serves. Sets privd, netd, cryptod, dird.
start() {
	begin "$@"
	netd=$(pgrep -P "$privd" -x netd)
	cryptod=$(pgrep -P "$privd" -x cryptod)
	dird=$(pgrep -P "$privd" -x dird)
	[ -n "$netd" ] && [ -n "$cryptod" ] && [ -n "$dird" ] && return
	echo "Bail out! the house does not stand: $(tail -n 3 "$tmp/log")"
	exit 1
}

# stop: in good order. Sets status.
stop() {
	kill -TERM "$privd"
	wait "$privd"
	status=$?
	privd=
}

# fails [ARGUMENT...]: a house that must not come to stand. Sets status.
fails() {
	timeout -k 1 60 "$build/privd" "$@" 2>"$tmp/log" </dev/null
	status=$?
}
