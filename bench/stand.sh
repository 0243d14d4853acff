# stand.sh -- namespaces, wires and contestants in them, for bench.sh and where.sh.
# Sourced after tests/net/lib.sh, which takes all of it away at the end. Knows
# what an adapter of rivals/ may use and how one is set up and ended; measures nothing.
bench=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
NETEM=${NETEM:-}

declare -A VERSION STANDS TARGET NODES LAID PROCS
# TARGET, NODES: of the two ends that are measured, and the middle; LAID: of all.
say() { printf '%s\n' "$*"; }

# ---- what an adapter may use
# Its functions, NAME with - as _:
#	NAME_version		say its version, or what is missing and fail
#	NAME_up			set up ${path[@]}: two namespaces, or three of which the
#				middle forwards; leave in $target the address of the last
#	NAME_procs NODE		all processes of that node (none when left out)
# Node i reaches node i + 1 at far_end i, which reaches it at near_end i.
near_end() { echo "10.99.$(($1 + 1)).1"; }
far_end() { echo "10.99.$(($1 + 1)).2"; }
# daemon NODE COMMAND...: in its namespace until the end; one or more a node.
daemon() {
	local node=$1
	shift
	ip netns exec "$(ns "$node")" "$@" >>"$tmp/$node/log" 2>&1 </dev/null &
	PROCS[$node]="${PROCS[$node]:-} $!"
}
# given VARIABLE, installed PROGRAM...: or say what is missing.
given() {
	[ -n "${!1:-}" ] || { echo "not given ($1=path)"; return 1; }
	[ -x "${!1}" ] || { echo "$1=${!1} is no program"; return 1; }
}
installed() {
	local p
	for p in "$@"; do
		command -v "$p" >/dev/null || { echo "not installed ($p)"; return 1; }
	done
}
# debian PACKAGE: its version, where nothing says it better.
debian() { dpkg-query -W -f='${Version}' "$1" 2>/dev/null || echo "of unknown version"; }
forwards() { in_net "$1" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1; }
mine() { # a function of the contestant, whatever else its name is
	local f=${1//-/_}_$2
	declare -F "$f" >/dev/null || f=${f/_given_/_}
	declare -F "$f" >/dev/null || return 0
	who=$1 "$f" "${@:3}"
}

# ---- namespaces and wires
shape() { # NETEM, on one end of a wire
	$netem_works || return 0
	# shellcheck disable=SC2086
	in_net "$1" tc qdisc add dev "$2" root netem $NETEM || bail "netem does not take: $NETEM"
}
# lay NODE...: those namespaces in a row, a wire from each to the next.
lay() {
	local i a b
	net "$@"
	path=("$@")
	for ((i = 0; i + 1 < $#; i++)); do
		a=${path[i]} b=${path[i + 1]}
		ip link add "e$i" netns "$(ns "$a")" type veth peer name "w$i" netns "$(ns "$b")" ||
		    bail "cannot make a veth pair"
		ip -n "$(ns "$a")" addr add "$(near_end $i)/24" dev "e$i"
		ip -n "$(ns "$b")" addr add "$(far_end $i)/24" dev "w$i"
		ip -n "$(ns "$a")" link set "e$i" up
		ip -n "$(ns "$b")" link set "w$i" up
		shape "$a" "e$i"
		shape "$b" "w$i"
	done
}
netem_there() {
	local n
	net netem
	n=$(ns netem)
	ip -n "$n" link add d0 type dummy && ip -n "$n" link set d0 up &&
	    ip netns exec "$n" tc qdisc add dev d0 root netem delay 1ms
}

# ---- one contestant of one topology
answers() { in_net "$1" ping -n -c 1 -W 1 "$2"; }
# stand WHO TOPOLOGY: up, and its far end answers; false when it does not.
stand() {
	local key=$1.$2 n
	target=
	LAID[$key]=
	case $2 in
	pair) lay "$1-$2-a" "$1-$2-b" ;;
	chain) lay "$1-$2-a" "$1-$2-m" "$1-$2-b" ;;
	ten) ten_up "$1-$2" ;;
	esac
	[ -n "${LAID[$key]}" ] || LAID[$key]=${path[*]}
	[ "$2" = ten ] || mine "$1" up || { say "  $key: does not start"; last_words; return 1; }
	wait_for 30 answers "${path[0]}" "$target" ||
	    { say "  $key: the far end does not answer within 30 s"; last_words; return 1; }
	TARGET[$key]=$target NODES[$key]=${path[*]} STANDS[$key]=yes
}
last_words() { for n in "${path[@]}"; do tail -n 3 "$tmp/$n/log" 2>/dev/null | cut -c1-200 | sed 's/^/    /'; done; }
# fall WHO TOPOLOGY: ends what stand started, as the end of the run does too.
fall() {
	local n p
	for n in ${LAID[$1.$2]}; do
		for p in ${PROCS[$n]:-} ${PID[$n]:-}; do end "$p"; done
		PROCS[$n]=
		unset "PID[$n]"
		ip netns del "$(ns "$n")" 2>/dev/null
	done
	STANDS[$1.$2]=
}
# nodes_of KEY: NODE=PID,PID for each of its nodes.
nodes_of() {
	local n p
	for n in ${NODES[$1]}; do
		p=$(mine "${1%.*}" procs "$n")
		echo "$n=$(echo ${p:-${PROCS[$n]:-}} | tr ' ' ,)"
	done
}
# ---- ten peers of one node of ours: a star, its middle first in ${path[@]}
ten_up() {
	local i all=()
	for ((i = 0; i < 11; i++)); do all+=("$1-$i"); done
	net "${all[@]}"
	LAID[${1/-/.}]=${all[*]}
	identity "${all[@]}"
	ip -n "$(ns "${all[0]}")" link add br0 type bridge
	ip -n "$(ns "${all[0]}")" addr add 10.99.0.1/24 dev br0
	ip -n "$(ns "${all[0]}")" link set br0 up
	IP[${all[0]}]=10.99.0.1
	for ((i = 1; i < 11; i++)); do
		ip link add e0 netns "$(ns "${all[i]}")" type veth peer name "w$i" netns "$(ns "${all[0]}")" ||
		    bail "cannot make a veth pair"
		ip -n "$(ns "${all[0]}")" link set "w$i" master br0 up
		ip -n "$(ns "${all[i]}")" addr add "10.99.0.$((i + 1))/24" dev e0
		ip -n "$(ns "${all[i]}")" link set e0 up
		PEERS[${all[i]}]=${all[0]}
	done
	for i in "${all[@]}"; do conf "$i"; done
	start "${all[@]}"
	path=("${all[1]}" "${all[0]}")
	target=$(mesh_addr "${all[0]}")
	for ((i = 1; i < 11; i++)); do
		wait_for 15 connected "${all[i]}" "${all[0]}" || bail "not ten peers"
	done
}

for f in "$bench"/rivals/*.sh; do
	# shellcheck disable=SC1090
	. "$f"
done
netem_works=false
if [ -n "$NETEM" ]; then
	if netem_there 2>/dev/null; then netem_works=true
	else say "this kernel has no netem: NETEM=$NETEM is left out"; fi
fi
