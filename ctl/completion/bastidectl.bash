# bash completion for bastidectl
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
	'') COMPREPLY=($(compgen -W "show topology connect disconnect rekey keygen
		version help --socket --json --version --help" -- "$cur")) ;;
	show) COMPREPLY=($(compgen -W "status peers links sessions transports
		connections identity-cache acl routing tree bloom cache mmp
		metrics stats stats-peers listening --json" -- "$cur")) ;;
	topology) COMPREPLY=($(compgen -W "--dot" -- "$cur")) ;;
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
