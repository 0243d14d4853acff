# wireguard-go.sh -- Debian's, and another one by WIREGUARD_GO=path. One layer;
# in the chain the middle routes between two tunnels, and so reads what it forwards.
wireguard_go_version() {
	installed wg wireguard-go && echo "Debian $(debian wireguard-go)"
}
wireguard_go_given_version() {
	installed wg && given WIREGUARD_GO && go_version "$WIREGUARD_GO" golang.zx2c4.com/wireguard
}
# go_version PROGRAM MODULE: of that module in a Go program.
go_version() {
	local v
	v=$(command -v go >/dev/null && go version -m "$1" | awk -v m="$2" '$2 == m && $3 { print $3; exit }')
	echo "${v:-$(basename "$1")}"
}
wireguard_go_up() {
	local i n bin=wireguard-go
	[ "$who" = wireguard-go ] || bin=$WIREGUARD_GO
	wg_number=${wg_number:-0}
	wg_if=()
	for n in "${path[@]}"; do
		# Its sockets have one folder for the whole machine.
		wg_number=$((wg_number + 1))
		wg_if+=("bw$$n$wg_number")
		( umask 077; wg genkey >"$tmp/$n/key" )
		wg pubkey <"$tmp/$n/key" >"$tmp/$n/pub"
		LOG_LEVEL=error daemon "$n" "$bin" -f "${wg_if[-1]}"
	done
	for ((i = 0; i < ${#path[@]}; i++)); do
		wait_for 5 wg show "${wg_if[i]}" || return 1
		wireguard_go_node "$i" || return 1
	done
	[ ${#path[@]} -eq 2 ] || forwards "${path[1]}"
	target=10.77.0.${#path[@]}
}
# wireguard_go_node I: what lies to its left and to its right goes to that peer.
wireguard_go_node() {
	local i=$1 last=$((${#path[@]} - 1)) dev=${wg_if[$1]} left=() j right=()
	for ((j = 0; j <= last; j++)); do
		[ "$j" -ge "$i" ] || left+=("10.77.0.$((j + 1))/32")
		[ "$j" -le "$i" ] || right+=("10.77.0.$((j + 1))/32")
	done
	wg set "$dev" private-key "$tmp/${path[i]}/key" listen-port 51820 || return 1
	[ "$i" -eq 0 ] || wg set "$dev" peer "$(cat "$tmp/${path[i - 1]}/pub")" \
	    endpoint "$(near_end $((i - 1))):51820" allowed-ips "$(IFS=,; echo "${left[*]}")" || return 1
	[ "$i" -eq "$last" ] || wg set "$dev" peer "$(cat "$tmp/${path[i + 1]}/pub")" \
	    endpoint "$(far_end "$i"):51820" allowed-ips "$(IFS=,; echo "${right[*]}")" || return 1
	ip -n "$(ns "${path[i]}")" addr add "10.77.0.$((i + 1))/24" dev "$dev" &&
	    ip -n "$(ns "${path[i]}")" link set "$dev" mtu 1420 up
}
