# raw.sh -- the wire itself: what the machine gives without any tunnel.
raw_version() { uname -r; }
raw_up() {
	local last=$((${#path[@]} - 1))
	target=$(far_end $((last - 1)))
	[ $last -eq 2 ] || return 0
	forwards "${path[1]}"
	ip -n "$(ns "${path[0]}")" route add 10.99.2.0/24 via "$(far_end 0)"
	ip -n "$(ns "${path[2]}")" route add 10.99.1.0/24 via "$(near_end 1)"
}
