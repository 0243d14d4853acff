# fastd.sh -- Debian's, TAP mode with the method its manual recommends; in the
# chain the middle passes Ethernet frames on between its two peers.
fastd_version() { installed fastd && echo "Debian $(debian fastd)"; }
fastd_up() {
	local i n keys
	for n in "${path[@]}"; do
		keys=$(fastd --generate-key 2>/dev/null)
		awk '/^Secret/ { print $2 }' <<<"$keys" >"$tmp/$n/secret"
		awk '/^Public/ { print $2 }' <<<"$keys" >"$tmp/$n/public"
		[ -s "$tmp/$n/public" ] || return 1
	done
	for ((i = 0; i < ${#path[@]}; i++)); do
		n=${path[i]}
		fastd_conf "$i" >"$tmp/$n/fastd.conf"
		daemon "$n" fastd --config "$tmp/$n/fastd.conf"
	done
	target=10.77.0.${#path[@]}
}
fastd_conf() {
	local i=$1
	cat <<-END
	log level warn;
	mode tap;
	interface "fastd0";
	method "salsa2012+umac";
	mtu 1406;
	forward yes;
	bind 0.0.0.0:10000;
	secret "$(cat "$tmp/${path[i]}/secret")";
	on up "ip addr add 10.77.0.$((i + 1))/24 dev fastd0; ip link set fastd0 up";
	END
	[ "$i" -eq 0 ] || printf 'peer "left" { key "%s"; remote %s:10000; }\n' \
	    "$(cat "$tmp/${path[i - 1]}/public")" "$(near_end $((i - 1)))"
	[ "$i" -eq $((${#path[@]} - 1)) ] || printf 'peer "right" { key "%s"; remote %s:10000; }\n' \
	    "$(cat "$tmp/${path[i + 1]}/public")" "$(far_end "$i")"
}
