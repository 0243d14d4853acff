# yggdrasil.sh -- Debian's, and another one by YGGDRASIL=path. Links over TLS,
# as its manual has it, and its own encryption from end to end; it forwards.
yggdrasil_version() { installed yggdrasil && echo "Debian $(debian yggdrasil)"; }
yggdrasil_given_version() {
	given YGGDRASIL && echo "$("$YGGDRASIL" -version 2>/dev/null | awk '/version/ { print $NF; exit }')"
}
yggdrasil_up() {
	local i n bin=yggdrasil
	[ "$who" = yggdrasil ] || bin=$YGGDRASIL
	for ((i = 0; i < ${#path[@]}; i++)); do
		n=${path[i]}
		yggdrasil_conf "$i" "$bin" >"$tmp/$n/ygg.conf" || return 1
		daemon "$n" "$bin" -useconffile "$tmp/$n/ygg.conf" -loglevel warn
	done
	target=$("$bin" -useconffile "$tmp/${path[-1]}/ygg.conf" -address)
}
yggdrasil_conf() {
	local peer=
	[ "$1" -eq 0 ] || peer="tls://$(near_end $(($1 - 1))):9001"
	"$2" -genconf -json | python3 -c '
import json, sys
d = json.load(sys.stdin)
d["Peers"] = [sys.argv[1]] if sys.argv[1] else []
d["Listen"] = ["tls://0.0.0.0:9001"]
d["MulticastInterfaces"] = []
d["AdminListen"] = "none"
d["IfName"] = "ygg0"
json.dump(d, sys.stdout)' "$peer"
}
