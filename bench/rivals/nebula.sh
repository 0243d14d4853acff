# nebula.sh -- Debian's. One layer from end to end; in the chain the middle is a
# relay (and the lighthouse), since the ends cannot reach each other.
nebula_version() {
	installed nebula nebula-cert && echo "Debian $(debian nebula)"
}
nebula_up() {
	local i n hub=0
	[ ${#path[@]} -eq 2 ] || hub=1
	nebula_ca=$tmp/${path[0]}/ca
	nebula-cert ca -name bench -out-crt "$nebula_ca.crt" -out-key "$nebula_ca.key" || return 1
	for ((i = 0; i < ${#path[@]}; i++)); do
		n=${path[i]}
		nebula-cert sign -name "n$i" -ip "10.77.0.$((i + 1))/24" -ca-crt "$nebula_ca.crt" \
		    -ca-key "$nebula_ca.key" -out-crt "$tmp/$n/crt" -out-key "$tmp/$n/key" || return 1
		nebula_conf "$i" "$hub" >"$tmp/$n/config.yml"
		daemon "$n" nebula -config "$tmp/$n/config.yml"
	done
	target=10.77.0.${#path[@]}
}
# nebula_conf I HUB
nebula_conf() {
	local hub_at hub_ip=10.77.0.$(($2 + 1)) n=${path[$1]}
	hub_at=$(near_end 0)
	[ "$2" -eq 0 ] || { hub_at=$(far_end 0); [ "$1" -lt 2 ] || hub_at=$(near_end 1); }
	cat <<-END
	pki: {ca: "$nebula_ca.crt", cert: "$tmp/$n/crt", key: "$tmp/$n/key"}
	listen: {host: 0.0.0.0, port: 4242}
	tun: {dev: neb0}
	logging: {level: warning}
	firewall:
	  outbound: [{port: any, proto: any, host: any}]
	  inbound: [{port: any, proto: any, host: any}]
	END
	if [ "$1" -eq "$2" ]; then
		printf 'lighthouse: {am_lighthouse: true}\nrelay: {am_relay: true}\n'
	else
		printf 'static_host_map: {"%s": ["%s:4242"]}\n' "$hub_ip" "$hub_at"
		printf 'lighthouse: {am_lighthouse: false, interval: 10, hosts: ["%s"]}\n' "$hub_ip"
		printf 'relay: {use_relays: true, relays: ["%s"]}\n' "$hub_ip"
	fi
}
