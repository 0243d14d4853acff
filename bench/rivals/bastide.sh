# bastide.sh -- what stands in the build tree.
bastide_version() { "$BASTIDE_BUILD/bastidectl" --version 2>/dev/null || echo "of the build tree"; }
# mesh_conf: the same file for us and for the reference; each dials the one before,
# and the TUN has the MTU that each gives it by itself.
mesh_conf() {
	local i n TUN_MTU=
	identity "${path[@]}"
	for ((i = 0; i < ${#path[@]}; i++)); do
		n=${path[i]} PEERS[$n]=
		[ "$1" = ours ] || EXTRA_NODE[$n]=$'  control:\n    socket_path: '$(sock "$n")
		[ $i -eq 0 ] || { PEERS[$n]=${path[i - 1]} IP[${path[i - 1]}]=$(near_end $((i - 1))); }
		conf "$n"
	done
}
bastide_up() {
	mesh_conf ours
	start "${path[@]}"
	# An address alone names nobody further away than a peer; a name does.
	wait_for 30 reaches "${path[0]}" "${path[-1]}" || return 1
	target=$(mesh_addr "${path[-1]}")
}
bastide_procs() { rooms "$1"; }
