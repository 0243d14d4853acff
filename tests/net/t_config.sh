#!/bin/bash
# t_config.sh -- configuration published on one box and put in place on another:
# only opted-in scopes, only newer versions, never our own, and what is turned
# down leaves the active file as it was. Entries travel as exports.
. "$(dirname "$0")/lib.sh"
command -v setpriv >/dev/null || bail "setpriv is missing; it is in util-linux"

applier=61150	# an account of no room
net a b
wire a b
identity a b
EXTRA[a]=$'bastide:\n  directory:\n    name: box-a\n    scopes: "speed.yaml mine"'
EXTRA[b]=$'bastide:\n  directory:\n    name: box-b\n    scopes: "speed.yaml plain own.json mine"'
for n in a b; do conf $n; done
start a b
dir() { local n=$1; shift; ctl "$n" dir "$@"; }
field() {
	local n=$1 e=$2
	shift 2
	ctl "$n" --json dir "$@" | python3 -c "import json,sys; d=json.load(sys.stdin); print($e)"
}
move() {
	rm -f "$tmp/m"
	dir "$1" export "$tmp/m" 2>/dev/null && dir "$2" import "$tmp/m" >/dev/null
}
dir a init home 1 >/dev/null
did_b=$(field b 'd["did"]' whoami)
token=$(field a 'd["token"]' invite "$did_b")
move a b && dir b join "$token" >/dev/null && move b a || bail "b does not join"
known() { dir a nodes | grep -q box-b; }
wait_for 10 known || bail "b's record does not arrive"
dir a attest box-b >/dev/null

checks=$tmp/checks
mkdir "$checks"
for n in a b; do
	mkdir "$tmp/$n/configs"
	chown $applier:$applier "$tmp/$n/configs"
done
# As systemd starts it: its own account, the group of the socket, and the right
# to give that up.
group=$(stat -c %g "$tmp/b/run/directory.sock")
as_applier() {
	setpriv --reuid $applier --regid $applier --groups "$group" \
	    --inh-caps=-all,+setgid --ambient-caps=-all,+setgid --bounding-set=-all,+setgid "$@"
}
apply() {
	local n=$1
	shift
	as_applier "$BASTIDE_BUILD/bastidectl" -S "$(sock "$n")" "$@" dir config apply \
	    -d "$tmp/$n/configs" -c "$checks"
}
# outcome SCOPE: what the last run said of it.
outcome() {
	apply b --json >"$tmp/said" 2>"$tmp/err"
	python3 - "$1" "$tmp/said" <<'P'
import json, sys
for c in json.load(open(sys.argv[2]))["configs"]:
    if c["scope"] == sys.argv[1]:
        print(c["state"], c["why"], sep=": ")
P
}
is() { grep -qE -- "$1" <<<"$2" || { echo "wanted: $1"; echo "   got: $2"; false; }; }
f=$tmp/b/configs/speed.yaml
publish() { printf '%s\n' "$2" | dir a config publish "$1" - >/dev/null && move a b; }

# ---- what is put in place
publish speed.yaml 'speed: 1'
check a_first_version_is_applied is '^applied' "$(outcome speed.yaml)"
check it_is_the_text_byte_for_byte same 'speed: 1' "$(cat "$f/active")"
check anybody_may_read_it same 644 "$(stat -c %a "$f/active")"
check again_nothing_happens is '^kept: in place' "$(outcome speed.yaml)"
check only_what_it_opted_into refuses test -e "$tmp/b/configs/other"
publish other 'not for b'
apply b >/dev/null
check another_scope_stays_out refuses test -e "$tmp/b/configs/other"
publish speed.yaml 'speed: 2'
check a_newer_version_takes_its_place is '^applied' "$(outcome speed.yaml)"
check the_new_text_is_active same 'speed: 2' "$(cat "$f/active")"
check the_previous_one_is_kept same 'speed: 1' "$(cat "$f/previous")"
id=$(field a '[c["id"] for c in d["configs"] if c["scope"]=="speed.yaml" and c["version"]==2][0]' config list)
dir a config revoke "$id" >/dev/null; move a b
check an_older_version_does_not_come_back is '^kept: older than version 2' "$(outcome speed.yaml)"
check and_changes_nothing same 'speed: 2' "$(cat "$f/active")"
publish plain 'any text'
check a_scope_without_an_ending_is_any_text is '^applied' "$(outcome plain)"
# A publisher applies nothing of its own, on the box that said it.
printf '{}\n' | dir b config publish own.json - >/dev/null
check what_this_box_publishes_is_not_applied is '^kept: this box publishes it' "$(outcome own.json)"
check and_no_file_is_made refuses test -e "$tmp/b/configs/own.json"

# ---- what is turned down
publish speed.yaml 'speed: [3'
check bad_yaml_names_the_line is '^refused: line' "$(outcome speed.yaml)"
check the_active_file_is_as_it_was same 'speed: 2' "$(cat "$f/active")"
check it_is_not_tried_again is '^kept: turned down before' "$(outcome speed.yaml)"
publish speed.yaml 'speed: 4'
check the_next_version_is_tried is '^applied' "$(outcome speed.yaml)"

# ---- the operator's command
cat >"$checks/speed.yaml" <<'S'
#!/bin/sh
echo "$1 $(cat "$2") $(id -u) groups=$(id -G) $(ls /proc/self/fd | wc -w)" >>"$(dirname "$2")/asked"
grep -q "bad-$1" "$2" && exit 3
[ -n "$(env | grep -v -e ^PATH= -e ^PWD= -e ^_= -e ^SHLVL= -e ^OLDPWD=)" ] && exit 4
exit 0
S
chmod 755 "$checks/speed.yaml"
publish speed.yaml 'speed: bad-syntax'
check a_command_may_refuse_the_new_file is '^refused: its command \(syntax\) said no: status 3' "$(outcome speed.yaml)"
check and_the_active_one_stays same 'speed: 4' "$(cat "$f/active")"
check no_new_file_is_left refuses test -e "$f/new"
publish speed.yaml 'speed: bad-health'
check a_command_may_roll_back is '^rolled back: its command \(health\) said no: status 3' "$(outcome speed.yaml)"
check what_was_active_is_active_again same 'speed: 4' "$(cat "$f/active")"
check and_what_was_before_it_is_kept same 'speed: 2' "$(cat "$f/previous")"
check nothing_half_done_is_left refuses test -e "$f/rollback"
publish speed.yaml 'speed: 7'
check a_good_one_passes_both is '^applied' "$(outcome speed.yaml)"
check it_was_asked_in_this_order same 'syntax health' "$(tail -n 2 "$f/asked" | cut -d' ' -f1 | tr '\n' ' ' | sed 's/ $//')"
check it_ran_as_the_applier_in_no_other_group is "health speed: 7 $applier groups=$applier [0-9]+\$" "$(tail -n 1 "$f/asked")"
cat >"$checks/speed.yaml" <<'S'
#!/bin/sh
curl -s --max-time 3 --unix-socket RUN/directory.sock -d '{}' http://x/v1/offers && exit 5
exit 0
S
sed -i "s#RUN#$tmp/b/run#" "$checks/speed.yaml"
# The control: with the group it does reach the socket.
check the_group_can_connect as_applier curl -sf -o "$tmp/b/configs/control" --unix-socket "$tmp/b/run/directory.sock" http://x/v1/identity
publish speed.yaml 'speed: 8'
check a_command_cannot_reach_the_directory is '^applied' "$(outcome speed.yaml)"
chmod 777 "$checks/speed.yaml"
publish speed.yaml 'speed: 9'
check a_command_that_others_write_is_not_run is 'must be root' "$(outcome speed.yaml)"
check then_nothing_is_put_in_place same 'speed: 8' "$(cat "$f/active")"
chmod 644 "$checks/speed.yaml"
check a_command_that_cannot_run_said_nothing is '^refused: its command cannot be asked: Permission denied' "$(outcome speed.yaml)"
chmod 755 "$checks/speed.yaml"
check it_is_asked_again_once_it_can is '^applied' "$(outcome speed.yaml)"
chmod 777 "$checks"
apply b >"$tmp/said" 2>"$tmp/err"
check a_folder_that_others_write_stops_it_all grep -q 'must be root' "$tmp/err"
chmod 755 "$checks"
rm "$checks/speed.yaml"

# ---- power goes away between the swap and the health command
publish speed.yaml 'speed: 10'
ln "$f/active" "$f/rollback"; printf 'half' >"$f/active.x"; mv "$f/active.x" "$f/active"
chown $applier "$f/active"
check a_stop_half_way_is_begun_again is '^applied' "$(outcome speed.yaml)"
check with_the_new_text same 'speed: 10' "$(cat "$f/active")"
check and_the_right_previous_one same 'speed: 9' "$(cat "$f/previous")"

# Nobody wants the scope any more, and the directory is away.
mkdir "$tmp/b/configs/gone"; : >"$tmp/b/configs/gone/first"; echo unseen >"$tmp/b/configs/gone/active"
chown -R $applier "$tmp/b/configs/gone"
check without_a_directory_nothing_is_applied refuses as_applier "$BASTIDE_BUILD/bastidectl" -S "$tmp/none/directory.sock" \
    dir config apply -d "$tmp/b/configs" -c "$checks"
check but_what_nobody_asked_about_is_gone refuses test -e "$tmp/b/configs/gone/active"

# ---- a disk that is full
publish speed.yaml "speed: 11 # $(head -c 30000 /dev/zero | tr '\0' x)"
cat >"$tmp/full.sh" <<S
mount -t tmpfs -o size=32k,uid=$applier,gid=$applier tmpfs "$tmp/b/small" || exit 9
mkdir "$tmp/b/small/speed.yaml"; echo 'speed: 10' >"$tmp/b/small/speed.yaml/active"
echo '{"version":1}' >"$tmp/b/small/speed.yaml/state"
head -c 12288 /dev/zero >"$tmp/b/small/speed.yaml/fill"
chown -R $applier "$tmp/b/small/speed.yaml"
setpriv --reuid $applier --regid $applier --groups $group --inh-caps=-all,+setgid --ambient-caps=-all,+setgid \
    "$BASTIDE_BUILD/bastidectl" -S "$(sock b)" --json dir config apply -d "$tmp/b/small" -c "$checks"
echo "status \$?"; cat "$tmp/b/small/speed.yaml/active"; ls -A "$tmp/b/small/speed.yaml"
S
mkdir "$tmp/b/small"
unshare -m bash "$tmp/full.sh" >"$tmp/full" 2>&1
check a_full_disk_is_said grep -q 'No space left' "$tmp/full"
check and_is_a_failure grep -q 'status 1' "$tmp/full"
check and_the_active_file_is_untouched grep -qx 'speed: 10' "$tmp/full"
check and_no_piece_is_left refuses grep -q '^\.\?new' "$tmp/full"
check where_there_is_room_it_goes_on is '^applied' "$(outcome speed.yaml)"

# ---- a directory that lies: hashes are the applier's own
python3 - "$tmp/b/lie/directory.sock" "$tmp" <<'P' &
import hashlib, json, os, socket, sys
path, tmp = sys.argv[1:3]
os.makedirs(os.path.dirname(path), exist_ok=True)
s = socket.socket(socket.AF_UNIX)
s.bind(path); os.chmod(path, 0o660); s.listen(4)
h = lambda t: hashlib.blake2b(t.encode(), digest_size=32).hexdigest()
A = "did:plc:" + "a" * 32
good = dict(author=A, scope="plain", version=9, text="lie", hash=h("truth"), own=False)
esc = dict(author=A, scope="../../up", version=9, text="up", hash=h("up"), own=False)
ctrl = dict(author=A, scope="lied", version=10, text="a\u001b[2J", hash=h("a\u001b[2J"), own=False)
nul = dict(author=A, scope="lied", version=11, text="a\u0000b", hash=h("a\u0000b"), own=False)
other = json.dumps({"configs": [dict(author=A, scope="plain", version=1, text="theirs", hash=h("theirs"), own=False)]})
answers = [json.dumps({"configs": [good, esc, ctrl]}), json.dumps({"configs": [nul]}), '{"configs": [', "", None, other, other]
for a in answers:
    c, _ = s.accept()
    c.recv(4096)
    if a is not None:
        n = len(a) + (7 if a == "" else 0)	# promises more than it gives
        c.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {n}\r\n\r\n{a}".encode())
    c.close()
P
liar=$!
wait_for 5 test -S "$tmp/b/lie/directory.sock"
lie() {
	as_applier "$BASTIDE_BUILD/bastidectl" -S "$tmp/b/lie/directory.sock" --json dir config apply \
	    -d "$tmp/b/configs" -c "$checks" >"$tmp/said" 2>"$tmp/err"
}
refuses lie
check a_hash_that_does_not_fit_is_refused grep -q 'hash does not belong' "$tmp/said"
check a_scope_that_climbs_is_none grep -q 'not a configuration' "$tmp/said"
check a_control_character_is_refused same 1 "$(grep -c 'control character' "$tmp/said")"
check nothing_was_made_outside refuses test -e "$tmp/up"
check and_the_file_is_as_it_was same 'any text' "$(cat "$tmp/b/configs/plain/active")"
for what in a_text_with_a_zero half_an_answer an_answer_that_is_cut no_answer; do
	check "$what"_is_an_error refuses lie
done
lie
check another_publisher_is_kept_back grep -q 'another publisher.*aaaa' "$tmp/said"
check and_the_text_of_the_one_before_stays same 'any text' "$(cat "$tmp/b/configs/plain/active")"
check until_it_is_accepted dir b config accept plain "did:plc:$(printf a%.0s {1..32})" -d "$tmp/b/configs"
lie
check its_first_version_is_newer_then same theirs "$(cat "$tmp/b/configs/plain/active")"
check the_state_is_the_appliers same $applier "$(stat -c %u "$tmp/b/configs/plain/state")"
check nobody_accepts_a_scope_that_is_not_here refuses dir b config accept nothing "did:plc:x" -d "$tmp/b/configs"
end $liar

# ---- who may run it
check root_may_not refuses "$BASTIDE_BUILD/bastidectl" -S "$(sock b)" dir config apply -d "$tmp/b/configs"
keeps() {
	setpriv --reuid $applier --regid $applier --groups "$group" --inh-caps=-all --ambient-caps=-all \
	    "$BASTIDE_BUILD/bastidectl" -S "$(sock b)" dir config apply -d "$tmp/b/configs" -c "$checks"
}
check whoever_keeps_the_group_may_not refuses keeps
background b flock "$tmp/b/configs" sleep 20; holder=$bg
wait_for 5 refuses flock -n "$tmp/b/configs" true
check two_at_one_time_are_one refuses apply b
end $holder
check the_publisher_applies_nothing_of_its_own is 'publishes it' "$(apply a --json)"
stop a; stop b
finish
