#!/bin/sh
# users.sh [remove] -- the accounts the rooms run as and the group of people who
# may use a running node, as systemd/bastide.sysusers lists them. Does nothing
# when they exist. Run by "make install" and "make purge".
set -eu
list=$(dirname "$0")/../systemd/bastide.sysusers
group=$(awk '$1 == "g" { print $2 }' "$list")
users=$(awk '$1 == "u" { print $2 }' "$list")

if [ "${1:-}" = remove ]; then
	for u in $users; do
		! getent passwd "$u" >/dev/null || userdel "$u"
		! getent group "$u" >/dev/null || groupdel "$u"
	done
	! getent group "$group" >/dev/null || groupdel "$group"
	exit 0
fi
if command -v systemd-sysusers >/dev/null; then
	exec systemd-sysusers "$list"
fi
getent group "$group" >/dev/null || groupadd --system "$group"
for u in $users; do
	getent passwd "$u" >/dev/null || useradd --system --user-group \
	    --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin "$u"
done
