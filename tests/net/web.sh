# web.sh -- for tests of what a web API's account may call, after lib.sh: the
# machine as node a's service user sees it.

# A machine as after `make install`, seen from a mount namespace only: macroctl
# in its place, the rules, the account, the node's sockets in /run/bastide.
mkdir -p "$tmp/sbin" "$tmp/sudoers.d" "$tmp/etc"
cp -r "$BASTIDE_BUILD/macroctl" "$BASTIDE_BUILD/macros.d" "$tmp/sbin"
printf 'root ALL=(ALL:ALL) ALL\n@includedir /etc/sudoers.d\n' >"$tmp/etc/sudoers"
install -m 440 "$root/sudoers/bastide" "$tmp/sudoers.d/bastide"
chmod 440 "$tmp/etc/sudoers"
chmod 755 "$tmp/sudoers.d"
for f in passwd group; do grep -v '^_bastide-web:' /etc/$f >"$tmp/etc/$f"; done
echo '_bastide-web:*:61149:61149::/nonexistent:/usr/sbin/nologin' >>"$tmp/etc/passwd"
echo '_bastide-web:x:61149:' >>"$tmp/etc/group"
cat >"$tmp/as_web" <<'END2'
mount -t tmpfs none /run
mkdir -p /run/bastide
mount --bind "$1/a/run" /run/bastide
mount --bind "$1/sbin" /usr/sbin
mount --bind "$1/sudoers.d" /etc/sudoers.d
for f in sudoers passwd group; do mount --bind "$1/etc/$f" "/etc/$f"; done
shift
exec setpriv --reuid=61149 --regid=61149 --clear-groups -- "$@"
END2
# web COMMAND...: as the service user, there.
web() { unshare --mount --propagation private bash "$tmp/as_web" "$tmp" "$@"; }
