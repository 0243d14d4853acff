#!/bin/bash
# t_dir_tool.sh -- `bastidectl dir` against a house that serves: every command
# for people and with --json, what it refuses, and what bastide-verify makes of
# what it gave out.
. "$(dirname "$0")/lib.sh"
PY() { python3 -c "import json,sys; d=json.load(sys.stdin); $1"; }
# field NAME PYTHON COMMAND...: of that command's JSON, as d.
field() { local n=$1 e=$2; shift 2; ctl "$n" --json dir "$@" | PY "print($e)"; }
# says TEXT COMMAND...: it fails, and this is on its stderr.
says() {
	local want=$1
	shift
	! "$@" 2>"$tmp/err" || { echo "it went well"; return 1; }
	grep -qF -- "$want" "$tmp/err" || { cat "$tmp/err"; return 1; }
}
# shows TEXT COMMAND...: it goes well, and this is on its stdout.
shows() {
	local want=$1
	shift
	"$@" >"$tmp/said" || return 1
	grep -q -- "$want" "$tmp/said" || { cat "$tmp/said"; return 1; }
}
# status WANTED COMMAND...
status() { local want=$1; shift; "$@" >/dev/null 2>&1; same "$want" $?; }

net a b
wire a b
identity a b
for n in a b; do
	# A key that lasts; without one nothing is said for good.
	EXTRA_NODE[$n]=
	EXTRA[$n]=$'bastide:\n  directory:\n    name: box-'$n
	conf $n
done
printf '%s\n' '    services: "nas=nfs@fd00::1 wiki=web@http://x/?a=b wrong=@"' >"$tmp/hand"
sed -i "/name: box-b/r $tmp/hand" "$tmp/b/fips.yaml"
start a b
dir() { local n=$1; shift; ctl "$n" dir "$@"; }

# ---- before there is a domain
check status_says_the_journal_is_open shows 'journal  *open' dir a status
check whoami_shows_a_did shows 'did  *did:plc:[0-9a-f]\{32\}$' dir a whoami
check whoami_shows_the_whole_log_key shows 'log_key .*+A' dir a whoami
check an_empty_journal_exports_nothing same "" "$(dir a export)"
check join_without_a_domain_says_what_to_do says 'pull or import' dir a join "$(printf '%064d' 1)"
check a_checkpoint_of_nothing_is_an_error says 'no checkpoint yet' dir a checkpoint
check help_asked_for_at_the_end_is_help shows 'dir init' dir a init --help
check init_names_a_bad_field says domain dir a init 'Not A Word'
check init_wants_a_number_as_threshold says THRESHOLD dir a init home many
did_a=$(field a 'd["did"]' whoami) did_b=$(field b 'd["did"]' whoami)

# ---- people
check init_founds_a_domain shows 'domain  *home' dir a init home 1
check a_second_domain_is_refused says 'in a domain that' dir a init other
check the_founder_is_emancipated same True "$(field a 'd["emancipated"]' whoami)"
check invite_prints_the_way_in shows "dir join [0-9a-f]\{64\}" dir a invite "$did_b"
token=$(field a 'd["token"]' invite "$did_b" 12h)
check invite_names_a_bad_did says 'must be a did' dir a invite nobody
check invite_wants_a_time says FOR dir a invite "$did_b" soon
check invite_wants_a_time_within_bounds says expires_s dir a invite "$did_b" 999d

check export_writes_a_file dir a export "$tmp/a1.log"
check export_keeps_what_is_there says 'File exists' dir a export "$tmp/a1.log"
check import_takes_it shows 'kept  *[1-9]' dir b import "$tmp/a1.log"
check import_again_knows_it_all same 0 "$(field b 'd["kept"]' import "$tmp/a1.log")"
check join_uses_the_token shows 'type  *Join' dir b join "$token"
check a_token_works_once says once dir b join "$token"
dir b export "$tmp/b1.log" 2>/dev/null
check the_founder_takes_the_join shows 'kept  *[1-9]' dir a import "$tmp/b1.log"
known() { dir a nodes | grep -q box-b; }
check nodes_shows_both wait_for 5 known
check nodes_has_json same "['box-a', 'box-b']" "$(field a 'sorted(n["name"] for n in d["nodes"])' nodes)"
check attest_takes_the_name_of_a_box shows 'type  *Attest' dir a attest box-b
check attest_of_nobody_says_so says "nothing is called 'box-x'" dir a attest box-x
check attest_of_a_stranger_says_so says 'has not joined' dir a attest did:plc:00000000000000000000000000000000

# ---- services
check offer_publishes shows 'type  *ServiceOffer' dir a offer mirror http-mirror http://x/ --description 'a mirror' --macro '{"port": 80}'
check offer_at_once_has_json same ServiceOffer "$(field a 'd["type"]' offer relay relay --auto)"
check offer_names_a_bad_kind says kind dir a offer one 'Bad Kind'
check offer_wants_parameters_in_json says '--macro must be' dir a offer one web --macro '[1]'
check services_shows_it shows 'mirror *http-mirror *pending' dir a services
check services_has_json same "['mirror', 'relay']" "$(field a 'sorted(s["name"] for s in d["services"])' services)"
check what_is_written_down_is_shown same "nas fd00::1 hand,wiki http://x/?a=b hand" "$(field b '",".join(" ".join((s["name"], s["endpoint"], s["source"])) for s in d["services"] if s["source"]=="hand")' services)"
check what_is_no_service_is_named grep -q "services: 'wrong=@' is not" "$tmp/b/log"
move() { rm -f "$tmp/m"; dir "$1" export "$tmp/m" && dir "$2" import "$tmp/m"; } 2>/dev/null
move a b >/dev/null
check subscribe_takes_a_name shows 'type  *Subscription' dir b subscribe mirror
check subscribing_twice_is_refused says 'has subscribed' dir b subscribe mirror
check subscribe_to_nothing_says_so says "nothing is called 'gone'" dir b subscribe gone
auto() { curl -sf --unix-socket "$tmp/b/run/directory.sock" -X POST http://x/v1/services/auto-register; }
check what_is_written_down_can_be_offered same '{"registered":["nas","wiki"]}' "$(auto)"
check and_only_once same '{"registered":[]}' "$(auto)"
move b a >/dev/null
sub=$(field a 'd["subscriptions"][0]["subscription_id"]' subscriptions)
check subscriptions_shows_it_waits shows "$sub *pending" dir a subscriptions
check only_the_provider_decides says 'offered by' dir b approve "$sub"
check approve_says_so shows 'decision  *approved' dir a approve "$sub" 'of course'
move a b >/dev/null
check the_subscriber_hears_of_it shows "$sub *active" dir b subscriptions
check reject_has_json same rejected "$(field a 'd["decision"]' reject "$sub" 'not any more')"
check reject_of_nothing_says_so says 'no subscription' dir a reject "$(printf '%032d' 7)"
check a_name_is_no_id says 'nothing is here' dir a approve nobody
check withdraw_ends_an_offer shows 'type  *OfferRevoke' dir a withdraw relay
check and_it_is_gone same "['mirror', 'nas', 'wiki']" "$(field a 'sorted(s["name"] for s in d["services"])' services)"

# ---- configuration
printf 'speed: 1\n# ünïcode\n' >"$tmp/speed"
check config_publish_reads_a_file shows 'version  *1$' dir a config publish speed.yaml "$tmp/speed"
check config_publish_counts_on same 2 "$(echo 'speed: 2' | field a 'd["version"]' config publish speed.yaml -)"
check an_older_version_is_not_said_again says version dir a config publish speed.yaml "$tmp/speed" --version 2
check config_list_shows_it shows 'speed.yaml *2 *yes' dir a config list
check config_show_gives_the_text_back same 'speed: 2' "$(dir a config show speed.yaml)"
check config_show_names_an_empty_scope says 'nothing is in force' dir a config show slow.yaml
# What a terminal obeys reaches none; a file gets each byte.
printf 'a\033[2J\302\2332J\342\200\256z\tb\n' >"$tmp/raw"
dir a config publish raw "$tmp/raw" >/dev/null
check a_text_of_another_is_shown_byte_for_byte same "$(od -c "$tmp/raw")" "$(dir a config show raw | od -c)"
on_a_terminal() {
	python3 - "$BASTIDE_BUILD/bastidectl" -S "$(sock a)" dir config show raw <<'P'
import os, pty, sys
pid, fd = pty.fork()
if pid == 0: os.execv(sys.argv[1], sys.argv[1:])
said = b""
try:
    while piece := os.read(fd, 4096): said += piece
except OSError: pass
os.waitpid(pid, 0)
sys.stdout.write(said.decode("latin-1").replace("\r\n", "\n"))
P
}
check but_a_terminal_gets_nothing_it_obeys same "$(printf 'a?[2J??2J???z\tb')" "$(on_a_terminal)"
check json_is_plain_ascii refuses grep -q '[^ -~]' <(ctl a --json dir config show raw)
check json_has_the_whole_text same "$(od -c "$tmp/raw")" "$(field a 'd["text"]' config show raw | head -c -1 | od -c)"
head -c 49153 /dev/zero | tr '\0' x >"$tmp/big"
check a_text_that_is_too_long_names_the_limit says 49152 dir a config publish big "$tmp/big"
printf 'a\0b' >"$tmp/nul"
check a_text_with_zeros_is_refused says 'no UTF-8' dir a config publish nul "$tmp/nul"
id=$(field a 'd["configs"][0]["id"]' config list)
check config_revoke_takes_it_back shows 'type  *ConfigRevoke' dir a config revoke "$id"
check config_apply_is_not_for_root says 'not as root' dir a config apply

# ---- the journal
check log_shows_entries shows '0 .*Genesis' dir a log
check log_filters same "['Genesis']" "$(field a '[e["type"] for e in d["entries"]]' log --type Genesis --author "$did_a")"
check log_says_that_there_are_more shows Genesis dir a log --limit 1
dir a log --limit 1 2>"$tmp/more" >/dev/null
check and_where same 1 "$(grep -c -- '--from 1' "$tmp/more")"
check log_names_a_bad_type says 'no such type' dir a log --type Nonsense
check log_names_a_bad_author says author dir a log --author 'x&limit=9'
check verify_says_good shows 'good  *yes' dir a verify
check verify_has_json same True "$(field a 'd["good"]' verify)"
check witness_has_nothing_yet same '[]' "$(field a 'd["cosignatures"]' witness)"
check witness_has_a_heading shows WITNESS dir a witness
whole() { [ "$(field a 'd["checkpoint"] == d["entries"]' status)" = True ]; }
check a_checkpoint_follows wait_for 10 whole
check status_digest_is_there same 64 "$(field a 'len(d["digest"])' status --digest)"
dir a checkpoint >"$tmp/head"
check a_checkpoint_has_json same "$(cat "$tmp/head")" "$(field a 'd["checkpoint"].rstrip()' checkpoint)"
rm -f "$tmp/m"; dir a export "$tmp/m" 2>/dev/null
vkey=$(field a 'd["log_key"]' whoami)
verify() { "$BASTIDE_BUILD/bastide-verify" "$@"; }
check a_stranger_can_verify_all_of_it shows 'exactly those of the checkpoint' verify -j "$tmp/m" -c "$tmp/head" -k "$vkey"
dir a proof inclusion 0 >"$tmp/proof"
check the_proof_of_an_entry_holds shows 'entry 0 is in the tree' verify -j "$tmp/m" -c "$tmp/head" -k "$vkey" -l 0 -p "$tmp/proof"
dir a proof inclusion 1 >"$tmp/proof"
check the_proof_of_another_does_not refuses verify -j "$tmp/m" -c "$tmp/head" -k "$vkey" -l 0 -p "$tmp/proof"
check a_proof_that_is_not_there_is_no_verdict status 2 verify -j "$tmp/m" -c "$tmp/head" -k "$vkey" -l 0 -p "$tmp/none"
cp "$tmp/m" "$tmp/huge"; truncate -s +2G "$tmp/huge"
# A line too long for memory: what stands before it is not all of the journal.
short_of_memory() { (ulimit -v 300000; exec "$BASTIDE_BUILD/bastide-verify" -j "$tmp/huge"); }
check half_a_journal_is_not_proved status 2 short_of_memory
unread() { verify -j "$tmp/m" >/dev/full; }
check a_verdict_that_nobody_can_read_is_none status 2 unread
nowhere() { "$BASTIDE_BUILD/bastidectl" -S "$(sock a)" "$@" >/dev/full; }
check an_answer_that_cannot_be_written_says_so says 'stdout: not all of it' nowhere dir whoami
check nor_is_a_picture_of_the_tree_lost_in_silence says 'stdout: not all of it' nowhere topology
check nor_a_journal says 'stdout: not all of it' nowhere dir export
check nor_the_help says 'stdout: not all of it' nowhere help
check proof_has_json same 3 "$(field a 'd["old"]' proof consistency 3)"
check proof_of_what_is_not_there_says_so says 'no such place' dir a proof inclusion 9999
check proof_wants_a_number says usage dir a proof inclusion first

check a_did_that_is_no_text_is_not_asked_for says 'no UTF-8' dir a invite $'did:plc:\xff'
check nor_is_a_layer_of_keys says 'no UTF-8' ctl a rekey box-b $'\xff'
check nor_is_a_metric says 'no UTF-8' ctl a show stats $'\xff'
# Something else that answers on the socket.
python3 - "$tmp/lie.sock" <<'P' &
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1]); s.listen(1); s.settimeout(20)
c, _ = s.accept()
c.recv(1 << 20)
c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno")
P
wait_for 5 test -S "$tmp/lie.sock"
echo '{}' >"$tmp/one"
check an_import_that_nobody_answered_is_none says 'no answer of a directory' \
    "$BASTIDE_BUILD/bastidectl" -S "$tmp/lie.sock" dir import "$tmp/one"
wait $!

# ---- what is wrong stays out, with its line and its reason; the rest goes in
dir a offer late web >/dev/null
rm -f "$tmp/m"; dir a export "$tmp/m" 2>/dev/null
n=$(wc -l <"$tmp/m")
cp "$tmp/m" "$tmp/torn"; printf '{"nothing"' >>"$tmp/torn"
check a_torn_file_names_its_line says "line $((n + 1))" dir b import "$tmp/torn"
check pull_asks_everybody shows 'peers  *1$' dir a pull
check pull_asks_one_by_name shows 'peers  *1$' dir a pull box-b
check pull_asks_one_by_npub same 1 "$(field a 'd["peers"]' pull "${NPUB[b]}")"
check pull_of_a_did_that_is_not_here_says_so says 'no NodeRecord of' dir a pull did:plc:00000000000000000000000000000000
check pull_of_nobody_says_so says "nothing is called 'nobody'" dir a pull nobody
check pull_names_a_bad_npub says 'npub must be one' dir a pull npub1x
check revoke_puts_one_out shows 'type  *Revoke' dir a revoke box-b 'a test'
check and_it_is_no_member same True "$(field a 'next(n for n in d["nodes"] if n["name"]=="box-b")["revoked"] if [n for n in d["nodes"] if n["name"]=="box-b"] else True' nodes)"
check revoke_wants_a_number says '--entries must be' dir a revoke box-a why --entries some

# A descriptor's number comes back at once, and with it nothing of its owner.
rm -f "$tmp/m"; dir a export "$tmp/m" 2>/dev/null
one_after_another() {
	local i
	for i in $(seq 60); do dir a import "$tmp/m" >/dev/null || return 1; done
}
check sixty_requests_one_after_another_are_answered one_after_another

# ---- a directory whose pages never end: they stand still, or there is always one more
mkdir "$tmp/lie"
cat >"$tmp/lie/liar.py" <<'P'
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1]); s.listen(16)
n = 0
while True:
    c, _ = s.accept()
    path = c.recv(4096).decode().split(" ")[1]
    n += 1
    a = '{"entries":[],"next":%d}' % (1 if sys.argv[2] == "still" else n)
    if path.startswith("/v1/log/export"): a = "no line" if sys.argv[2] == "still" else "line\n"
    if path.startswith("/v1/audit"): a = '{"records":[1,2,3,4,5]}'
    c.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(a), a.encode()))
    c.close()
P
liars=
for how in still more; do
	python3 "$tmp/lie/liar.py" "$tmp/lie/$how" $how &
	liars="$liars $!"
	wait_for 5 test -S "$tmp/lie/$how"
done
lie() { local how=$1; shift; timeout 60 "$BASTIDE_BUILD/bastidectl" -S "$tmp/lie/$how" "$@"; }
check cosignatures_that_stand_still_end says 'do not end' lie still dir witness
check an_export_without_a_line_ends says 'do not end' lie still dir export -
check an_audit_of_more_than_was_asked_for_ends same 5 "$(lie still --json audit list --limit 2 | PY 'print(len(d["records"]))')"
check cosignatures_that_always_go_on_end says 'do not end' lie more dir witness
check an_export_that_always_goes_on_ends says 'do not end' lie more dir export "$tmp/lie/file"
check an_audit_that_always_goes_on_ends says 'do not end' lie more audit list
for liar in $liars; do end "$liar"; done

# ---- how it is called
check no_command_is_wrong_usage status 2 dir a
check an_unknown_command_is_wrong_usage status 2 dir a fly
check an_unknown_config_command_is_wrong_usage status 2 dir a config fly
check too_many_arguments_are_wrong_usage status 2 dir a whoami now
check it_says_how_it_is_called says 'bastidectl dir whoami' dir a whoami now
check in_the_other_groups_too says 'bastidectl services activate SERVICE' ctl a services activate
check a_node_that_is_not_there_is_status_3 status 3 "$BASTIDE_BUILD/bastidectl" -S "$tmp/none/control.sock" dir status
check help_names_every_command shows 'dir proof' "$BASTIDE_BUILD/bastidectl" help
# Whoever may connect but not change: this machine's socket is root's here.
check the_socket_is_named_itself shows journal "$BASTIDE_BUILD/bastidectl" -S "$tmp/a/run/directory.sock" dir status
check the_house_is_well grep -qv 'AddressSanitizer\|runtime error' "$tmp/a/log"
stop a; stop b
finish
