#!/bin/sh
# users.sh -- the accounts the rooms run as and the group of people who may
# change a running node. Does nothing when they exist. Run by "make install".
set -eu
top=$(dirname "$0")/..
if command -v systemd-sysusers >/dev/null && [ -f "$top/systemd/bastide.sysusers" ]; then
	exec systemd-sysusers "$top/systemd/bastide.sysusers"
fi
getent group bastide >/dev/null || groupadd --system bastide
# proc.def says who runs as what; root is there already.
sed -n 's/^PROC([^"]*"\(_bastide-[a-z]*\)".*/\1/p' "$top/common/proc.def" | while read -r u; do
	getent passwd "$u" >/dev/null || useradd --system --user-group \
	    --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin "$u"
done
