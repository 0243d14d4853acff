# bash completion for bastidectl
# _bastidectl_dir POSITION WORD PREVIOUS COMMAND
_bastidectl_dir() {
	local words=
	case $1:$4 in
	1:*) words="init whoami status invite join attest revoke nodes offer
		withdraw services subscribe subscriptions approve reject config
		pull log verify proof checkpoint witness export import" ;;
	2:attest|2:revoke) words=$(bastidectl dir nodes 2>/dev/null |
		awk 'NR > 1 { print $1 }') ;;
	2:subscribe|2:withdraw) words=$(bastidectl dir services 2>/dev/null |
		awk 'NR > 1 { print $1 }') ;;
	2:approve|2:reject) words=$(bastidectl dir subscriptions 2>/dev/null |
		awk 'NR > 1 { print $1 }') ;;
	2:config) words="list show publish revoke accept apply" ;;
	2:proof) words="inclusion consistency" ;;
	2:status) words=--digest ;;
	*:log) words="--from --limit --type --author" ;;
	*:offer) words="--auto --scope --description --macro" ;;
	2:import|2:export|4:config) COMPREPLY=($(compgen -f -- "$2")); return ;;
	3:config) words=$(bastidectl dir config list 2>/dev/null |
		awk 'NR > 1 { print $1 }' | sort -u) ;;
	esac
	COMPREPLY=($(compgen -W "$words" -- "$2"))
}
_bastidectl() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
	local i cmd= at=0 names
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-S|--socket) ((i++)) ;;
		-*) ;;
		*) cmd=${COMP_WORDS[i]}; at=$i; break ;;
		esac
	done
	case $prev in
	-S|--socket) COMPREPLY=($(compgen -f -- "$cur")); return ;;
	-d|--dir) COMPREPLY=($(compgen -d -- "$cur")); return ;;
	esac
	case $cmd in
	'') COMPREPLY=($(compgen -W "show topology connect disconnect rekey dir services grants audit keygen
		version help --socket --json --version --help" -- "$cur")) ;;
	show) COMPREPLY=($(compgen -W "status peers links sessions transports
		connections identity-cache acl routing tree bloom cache mmp
		metrics stats stats-peers listening --json" -- "$cur")) ;;
	dir) _bastidectl_dir $((COMP_CWORD - at)) "$cur" "$prev" \
		"${COMP_WORDS[at+1]}" ;;
	topology) COMPREPLY=($(compgen -W "--dot" -- "$cur")) ;;
	services) COMPREPLY=($(compgen -W "list activate deactivate revoke-access" -- "$cur")) ;;
	grants) COMPREPLY=($(compgen -W "list" -- "$cur")) ;;
	audit) COMPREPLY=($(compgen -W "list verify --from --limit" -- "$cur")) ;;
	keygen) COMPREPLY=($(compgen -W "--dir --force --stdout" -- "$cur")) ;;
	connect|disconnect|rekey)
		if ((COMP_CWORD == at + 1)); then
			names=$(bastidectl show identity-cache 2>/dev/null |
			    awk 'NR > 1 { print $1 }')
			COMPREPLY=($(compgen -W "$names" -- "$cur"))
		elif [[ $cmd == rekey ]]; then
			COMPREPLY=($(compgen -W "link session" -- "$cur"))
		elif [[ $cmd == connect ]] && ((COMP_CWORD == at + 3)); then
			COMPREPLY=($(compgen -W "udp" -- "$cur"))
		fi ;;
	esac
}
complete -F _bastidectl bastidectl
