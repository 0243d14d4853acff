#!/bin/bash
# install_inside.sh -- what install.sh runs in the machine, as root.
set -u
n=0 bad=0
check() {
	n=$((n + 1))
	if "${@:2}" >/tmp/out 2>&1; then echo "ok $n $1"; else
		echo "not ok $n $1"
		sed 's/^/# /' /tmp/out | tail -n 15
		bad=1
	fi
}
refuses() { ! "$@"; }
as() { runuser -u "$1" -- "${@:2}"; }
# Everything a program could have left: files, accounts, interfaces, rules.
# What systemd and the account tools note for themselves is not ours.
traces() {
	find /etc /usr /var /run -xdev \( -path /var/log -o -path /run/systemd -o -path /run/log -o -path /run/user \
	    -o -path /run/udev -o -path /var/cache -o -path /run/dbus \) -prune -o -print |
	    grep -v -e '^/etc/\(passwd\|group\|shadow\|gshadow\|subuid\|subgid\)-$' -e '\.lock$' -e '^/var/lib/systemd'
	getent passwd
	getent group
	ip -br link
	ip -6 rule
}
room_user() { ps -o user:20= -p "$(pgrep -x "$1")" | grep -qx "$2 *"; }
left() { diff /tmp/before /tmp/after; }

export INSTALLED
INSTALLED=$(cat installed)
for f in lib/*; do
	ldconfig -p | grep -q "${f##*/} " || cp "$f" /usr/local/lib/
done
ldconfig
modprobe tun 2>/dev/null
useradd -m member
useradd -m stranger
sort -o /tmp/before <(traces)

check "the tree installs" sh scripts/install.sh install
usermod -aG bastide member
check "the configuration that was written is right" privd -n
check "systemd knows the unit and finds no fault in it" systemd-analyze verify --man=no bastide.service
check "systemctl enable --now waits until the node serves, and succeeds" systemctl enable --now --quiet bastide
systemctl -q is-active bastide || journalctl -u bastide -o cat | tail -n 15 | sed 's/^/# /'
check "a member of the group bastide looks, without root" as member bastidectl show status
check "a member of the group bastide may change it" \
    as member bastidectl connect npub1sjlh2c3x9w7kjsqg2ay080n2lff2uvt325vpan33ke34rn8l5jcqawh57m 127.0.0.1:9
check "somebody else is refused" refuses as stranger bastidectl show status
as stranger bastidectl show status 2>&1 | sed 's/^/# /'
check "netd runs as its own user" room_user netd _bastide-netd
check "cryptod runs as its own user" room_user cryptod _bastide-cryptod
check "dird runs as its own user" room_user dird _bastide-dird
check "fips0 is up with a mesh address" sh -c 'ip -6 addr show fips0 | grep "inet6 fd"'
check "the key is there, for root alone" sh -c 'stat -c %a%u /var/lib/bastide/fips.key | grep -x 6000'
key=$(sha256sum </var/lib/bastide/fips.key)
pkill -KILL -x netd
check "systemd starts it again when a room is killed" \
    timeout 20 sh -c 'sleep 1.5; until systemctl is-active bastide; do sleep 0.2; done; bastidectl show status'
check "with the same identity" [ "$key" = "$(sha256sum </var/lib/bastide/fips.key)" ]
check "systemctl stop ends it" systemctl stop bastide
check "and it ended well" sh -c 'systemctl show -p Result bastide | grep -x Result=success'
check "no interface and no process stays" sh -c '! ip link show fips0 && ! pgrep -x "privd|netd|cryptod"'

check "a second install changes no configuration" sh -c \
    'echo "# mine" >>/etc/fips/fips.yaml; sh scripts/install.sh install; tail -n 1 /etc/fips/fips.yaml | grep -x "# mine"'
echo "tun: [" >>/etc/fips/fips.yaml
systemctl start bastide
check "a wrong configuration fails at once and says where" sh -c \
    'systemctl show -p ExecMainStatus bastide | grep -x ExecMainStatus=78; journalctl -u bastide | grep fips.yaml:'
journalctl -u bastide -o cat | grep fips.yaml: | tail -n 1 | sed 's/^/# /'

check "uninstall goes through while it is enabled" sh -c 'systemctl enable bastide; sh scripts/install.sh uninstall'
check "and leaves configuration and identity" test -e /etc/fips/fips.yaml -a -e /var/lib/bastide/fips.key
check "purge goes through" sh scripts/install.sh purge
usermod -G "" member
sort -o /tmp/after <(traces)
check "purge leaves no file, account, interface or rule" left
echo "1..$n"
exit $bad
