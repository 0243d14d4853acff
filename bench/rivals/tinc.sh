# tinc.sh -- Debian's 1.0, with its defaults; in the chain it forwards by itself.
tinc_version() { installed tincd && echo "Debian $(debian tinc)"; }
tinc_up() {
	local i n
	for ((i = 0; i < ${#path[@]}; i++)); do tinc_node "$i" || return 1; done
	for n in "${path[@]}"; do
		for ((i = 0; i < ${#path[@]}; i++)); do
			[ "$n" = "${path[i]}" ] || cp "$tmp/${path[i]}/tinc/hosts/n$i" "$tmp/$n/tinc/hosts/"
		done
		daemon "$n" tincd -c "$tmp/$n/tinc" -D --pidfile="$tmp/$n/tinc.pid"
	done
	target=10.77.0.${#path[@]}
}
tinc_node() {
	local i=$1 d=$tmp/${path[$1]}/tinc
	mkdir -p "$d/hosts"
	printf 'Name = n%d\nInterface = tinc0\n' "$i" >"$d/tinc.conf"
	[ "$i" -eq 0 ] || echo "ConnectTo = n$((i - 1))" >>"$d/tinc.conf"
	# The address at which the next one dials it.
	printf 'Subnet = 10.77.0.%d/32\nAddress = %s\n' $((i + 1)) "$(near_end "$i")" >"$d/hosts/n$i"
	printf '#!/bin/sh\nip addr add 10.77.0.%d/24 dev $INTERFACE\nip link set $INTERFACE up\n' \
	    $((i + 1)) >"$d/tinc-up"
	chmod +x "$d/tinc-up"
	timeout 60 tincd -c "$d" -K2048 </dev/null >>"$tmp/${path[i]}/log" 2>&1
}
