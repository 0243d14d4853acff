#!/bin/bash
# t_c2sp.sh -- a journal before others' eyes: the Go modules that read C2SP's
# formats, and a witness that is not ours. Needs C2SP_TOOL= (tests/c2sp) and
# LITEWITNESS=, both built outside of this tree: docs/security.md says how.
. "$(dirname "$0")/lib.sh"

if [ ! -x "${C2SP_TOOL:-}" ]; then
	skip "others' modules read our log" "no C2SP_TOOL"
	finish
fi
mkdir "$tmp/go"
"$C2SP_TOOL" make-log "$tmp/go"
net a
identity a
EXTRA[a]='bastide: {directory: {witness: "'$(cat "$tmp/go/vkey")'"}}'
EXTRA_NODE[a]=$'  identity:\n    persistent: true'
NSEC[a]=
conf a
start a
dirsock=$tmp/a/run/directory.sock
api() { curl -s --max-time 10 --unix-socket "$dirsock" "http://localhost/v1/$1" "${@:2}"; }
field() { python3 -c "import json,sys; print(json.load(sys.stdin)['$1'])"; }
# note FILE ENTRIES: the checkpoint once it has so many
note_of() { wait_for 10 sh -c "[ \$(curl -s --unix-socket '$dirsock' http://localhost/v1/checkpoint | sed -n 2p) = $2 ]"; api checkpoint >"$tmp/$1"; }
offers() { local i; for i in $(seq "$1" "$2"); do api offers -d '{"name":"s'"$i"'","kind":"http-mirror"}' >/dev/null; done; }
verify() { "$BASTIDE_BUILD/bastide-verify" "$@"; }
key_is() { case $(api identity | field log_key) in *+*+*) ;; *) false ;; esac; }

wait_for 10 key_is
api genesis -d '{"domain":"home"}' >/dev/null
offers 1 7
n=$(api status | field entries)
note_of old "$n"
offers 8 300
all=$(api status | field entries)
note_of new "$all"
vkey=$(api identity | field log_key)
api "proof/inclusion?entry=5&size=$all" >"$tmp/inclusion"
api "proof/consistency?old=$n&size=$all" >"$tmp/consistency"
api "log/export?from=0" >"$tmp/export"
mkdir "$tmp/tiles"
check "bastide-verify proves it and writes tiles" verify -j "$tmp/export" -c "$tmp/new" -k "$vkey" -t "$tmp/tiles"
check "others verify checkpoint, proofs and tiles" "$C2SP_TOOL" check "$vkey" "$tmp/new" "$tmp/inclusion" "$tmp/old" "$tmp/consistency" "$tmp/tiles"
note "$(cat "$tmp/out")"
sed 's/"[A-Za-z0-9+/]\{4\}/"AAAA/2' "$tmp/consistency" >"$tmp/bent"
check "and no bent proof" refuses "$C2SP_TOOL" check "$vkey" "$tmp/new" "$tmp/inclusion" "$tmp/old" "$tmp/bent" "$tmp/tiles"

# ---- our witness, their log
cosign() { api witness/add-checkpoint --data-binary @"$1" -w '\n%{http_code}\n'; }
check "our witness cosigns their log" grep -q '^200$' <(cosign "$tmp/go/add1")
cosign "$tmp/go/add2" >"$tmp/cosigned"
check "as it grows" grep -q '^200$' "$tmp/cosigned"
{ cat "$tmp/go/note2"; grep '^— ' "$tmp/cosigned"; } >"$tmp/note2"
check "they verify the cosignature" "$C2SP_TOOL" cosigned "$(cat "$tmp/go/vkey")" "$(api identity | field witness_key)" "$tmp/note2"
note "$(cat "$tmp/out")"
check "it does not cosign again from an old size" grep -q '^409$' <(cosign "$tmp/go/add2")

# ---- their witness, our log
if [ ! -x "${LITEWITNESS:-}" ]; then
	skip "their witness cosigns our log" "no LITEWITNESS"
	finish
fi
ssh-keygen -q -t ed25519 -N '' -f "$tmp/ssh"
ssh-agent -D -a "$tmp/agent" >/dev/null 2>&1 &
wait_for 5 test -S "$tmp/agent"
SSH_AUTH_SOCK=$tmp/agent ssh-add -q "$tmp/ssh"
finger=$(ssh-keygen -lf "$tmp/ssh" | cut -d' ' -f2)
background a "$LITEWITNESS" -name go.example/witness -db "$tmp/witness.db" -ssh-agent "$tmp/agent" \
    -listen 127.0.0.1:7380 -key "$finger" >"$tmp/litewitness" 2>&1
wait_for 10 grep -q listening "$tmp/litewitness" || bail "$(cat "$tmp/litewitness")"
origin=$(sed -n 1p "$tmp/new")
python3 - "$tmp/witness.db" "$origin" "$vkey" <<'END'
import base64, hashlib, sqlite3, sys
db = sqlite3.connect(sys.argv[1])
empty = base64.b64encode(hashlib.sha256(b"").digest()).decode()
db.execute("INSERT INTO log VALUES (?, 0, ?)", (sys.argv[2], empty))
db.execute("INSERT INTO key VALUES (?, ?)", sys.argv[2:4])
db.commit()
END
add() { # add OLD PROOF NOTE: what the witness answers
	{ echo "old $1"; python3 -c 'import json,sys; print("".join(h + "\n" for h in json.load(open(sys.argv[1]))["proof"]))' "$2"; cat "$3"; } >"$tmp/body"
	in_net a curl -s --max-time 10 -w '%{http_code}\n' --data-binary @"$tmp/body" http://127.0.0.1:7380/add-checkpoint
}
echo '{"proof": []}' >"$tmp/none"
check "their witness takes our first checkpoint" grep -q '^200$' <(add 0 "$tmp/none" "$tmp/old")
add "$n" "$tmp/consistency" "$tmp/new" >"$tmp/answer"
check "and the later one with our proof" grep -q '^200$' "$tmp/answer"
check "not a second time from the old size" grep -q '^409$' <(add "$n" "$tmp/consistency" "$tmp/new")
wkey=$(python3 - "$tmp/ssh.pub" <<'END'
import base64, hashlib, sys
key = b"\4" + base64.b64decode(open(sys.argv[1]).read().split()[1])[-32:]
name = "go.example/witness"
ident = hashlib.sha256(name.encode() + b"\n" + key).hexdigest()[:8]
print(f"{name}+{ident}+{base64.b64encode(key).decode()}")
END
)
{ cat "$tmp/new"; grep '^— ' "$tmp/answer"; } >"$tmp/witnessed"
check "bastide-verify proves their cosignature" grep -q 'Proved: witness go.example/witness cosigned' <(verify -c "$tmp/witnessed" -k "$vkey" -k "$wkey")
note "$(verify -c "$tmp/witnessed" -k "$vkey" -k "$wkey")"
finish
