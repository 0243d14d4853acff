#!/bin/sh
# install.sh install|uninstall|purge [DESTDIR] -- puts the files of the list in
# $INSTALLED (lines of MODE FILE PLACE, from the Makefile) where they belong, or
# takes them away. With DESTDIR only files are touched, as for a package; without
# it also accounts and the service.
#
# uninstall leaves what is the owner's: configuration, identity, accounts.
# purge takes those, too.
set -eu
what=$1 dest=${2:-}
conf=$dest/etc/fips/fips.yaml
top=$(cd "$(dirname "$0")/.." && pwd)

each() { printf '%s\n' "$INSTALLED" | while read -r mode file place; do "$@"; done; }
put() {
	install -D -m "$mode" "$top/$file" "$dest$place"
	# The manual calls it by its name; it finds its rooms beside itself.
	case $place in */privd | */macroctl)
		install -d "$dest${place%/lib/*}/sbin"
		ln -sf "$place" "$dest${place%/lib/*}/sbin/${place##*/}" ;;
	esac
}
take() {
	rm -f "$dest$place"
	case $place in */privd | */macroctl)
		rm -f "$dest${place%/lib/*}/sbin/${place##*/}" ;;
	esac
	rmdir "$dest${place%/*}" 2>/dev/null || true
}
if [ -z "$dest" ] && [ "$(id -u)" -ne 0 ]; then
	echo "this changes the machine, which needs root: sudo make $what" >&2
	exit 1
fi
systemd_runs() { [ -z "$dest" ] && [ -d /run/systemd/system ]; }

case $what in
install)
	each put
	# Only where there is none: an existing fips.yaml works unchanged.
	if [ ! -e "$conf" ]; then
		install -D -m 600 "$top/etc/fips.yaml.example" "$conf"
		echo "wrote $conf"
	fi
	[ -n "$dest" ] || sh "$top/scripts/users.sh"
	if systemd_runs; then systemctl daemon-reload; fi
	;;
uninstall|purge)
	if systemd_runs; then systemctl disable --now --quiet bastide bastide-config.timer 2>/dev/null || true; fi
	# What is lent outlives the house; a purge does not leave it behind.
	if [ "$what" = purge ] && [ -z "$dest" ] && command -v privd >/dev/null; then
		privd -F || true
	fi
	each take
	if systemd_runs; then systemctl daemon-reload; fi
	[ "$what" = purge ] || exit 0
	rm -rf "$dest/var/lib/bastide" "$dest/var/lib/bastide-config"
	rm -f "$conf"
	rmdir "$dest/etc/fips" 2>/dev/null || true
	[ -n "$dest" ] || sh "$top/scripts/users.sh" remove
	;;
*)
	echo "install.sh: install, uninstall or purge?" >&2
	exit 2
	;;
esac
