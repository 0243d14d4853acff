# fips.sh -- the reference node, with the configuration that Bastide has.
fips_version() { given FIPS_BIN && "$FIPS_BIN" --version | head -n 1; }
fips_up() {
	local n
	mesh_conf theirs
	for n in "${path[@]}"; do spawn_reference "$n"; done
	# Its address follows from its key alone, and its own responder says it.
	wait_for 10 fips_address || return 1
	target=$(fips_address)
}
fips_address() {
	local a
	a=$(in_net "${path[0]}" getent ahostsv6 "${NPUB[${path[-1]}]}.fips" | awk '{ print $1; exit }')
	[ -n "$a" ] && echo "$a"
}
fips_procs() { echo "${PID[$1]}"; }
