// main.go -- what others' Go modules say of a journal of ours, and a log of
// theirs for our witness. Built outside of this tree, see docs/security.md;
// tests/net/t_c2sp.sh runs it when C2SP_TOOL= names it.
package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"filippo.io/torchwood"
	"github.com/transparency-dev/formats/log"
	f_note "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func must(err error, what string) {
	if err != nil {
		fmt.Println("NO:", what+":", err)
		os.Exit(1)
	}
}

func read(name string) []byte {
	p, err := os.ReadFile(name)
	must(err, name)
	return p
}

type proof struct {
	Proof      []string
	Entry, Old int64
	Leaf       string
}

func hashes(name string) (p proof, h []tlog.Hash) {
	must(json.Unmarshal(read(name), &p), name)
	for _, s := range p.Proof {
		x, err := tlog.ParseHash(s)
		must(err, name)
		h = append(h, x)
	}
	return
}

func tree(vkey, name string) (tlog.Tree, string) {
	v, err := note.NewVerifier(vkey)
	must(err, "vkey")
	n, err := note.Open(read(name), note.VerifierList(v))
	must(err, "note.Open")
	c, err := torchwood.ParseCheckpoint(n.Text)
	must(err, "torchwood.ParseCheckpoint")
	_, _, _, err = log.ParseCheckpoint(read(name), v.Name(), v)
	must(err, "transparency-dev ParseCheckpoint")
	return c.Tree, c.Origin
}

type files struct{ dir string }

func (f files) ReadTiles(_ context.Context, tiles []tlog.Tile) (data [][]byte, err error) {
	for _, t := range tiles {
		p, err := os.ReadFile(filepath.Join(f.dir, torchwood.TilePath(t)))
		if err != nil {
			return nil, err
		}
		data = append(data, p)
	}
	return data, nil
}
func (f files) SaveTiles([]tlog.Tile, [][]byte) {}
func (f files) ReadEndpoint(_ context.Context, path string) ([]byte, error) {
	return os.ReadFile(filepath.Join(f.dir, path))
}

// check VKEY CHECKPOINT INCLUSION OLD-CHECKPOINT CONSISTENCY TILES
func check(a []string) {
	t, origin := tree(a[0], a[1])
	fmt.Printf("sumdb/note, torchwood, transparency-dev/formats: checkpoint of %d entries of %s\n", t.N, origin)
	p, h := hashes(a[2])
	var leaf tlog.Hash
	_, err := fmt.Sscanf(p.Leaf, "%64x", (*hexBytes)(&leaf))
	must(err, "leaf")
	must(tlog.CheckRecord(h, t.N, t.Hash, p.Entry, leaf), "tlog.CheckRecord")
	fmt.Printf("sumdb/tlog: entry %d is in it\n", p.Entry)
	old, _ := tree(a[0], a[3])
	_, h = hashes(a[4])
	must(tlog.CheckTree(h, t.N, t.Hash, old.N, old.Hash), "tlog.CheckTree")
	fmt.Printf("sumdb/tlog: it continues the tree of %d\n", old.N)
	c, err := torchwood.NewClient(files{a[5]})
	must(err, "torchwood.NewClient")
	n := 0
	for _, e := range c.Entries(context.Background(), t, 0) {
		if !bytes.HasPrefix(e, []byte("bastide/v1/")) {
			must(fmt.Errorf("%.20q", e), "entry")
		}
		n++
	}
	must(c.Err(), "torchwood Entries")
	if n == 0 {
		must(fmt.Errorf("no entries"), "torchwood Entries")
	}
	fmt.Printf("torchwood: %d entries from the full bundles\n", n)
	_, _, err = c.Entry(context.Background(), t, t.N-1)
	must(err, "torchwood Entry")
	fmt.Printf("torchwood: entry %d and its proof from the partial tiles\n", t.N-1)
}

type hexBytes tlog.Hash

func (h *hexBytes) Scan(s fmt.ScanState, _ rune) error {
	tok, err := s.Token(true, nil)
	if err != nil || len(tok) != 64 {
		return fmt.Errorf("no hash: %q", tok)
	}
	for i := range h {
		if _, err := fmt.Sscanf(string(tok[2*i:2*i+2]), "%02x", &h[i]); err != nil {
			return err
		}
	}
	return nil
}

type store []tlog.Hash

func (s store) ReadHashes(indexes []int64) (h []tlog.Hash, err error) {
	for _, i := range indexes {
		h = append(h, s[i])
	}
	return
}

// make-log FOLDER: vkey; add1, add2: bodies of add-checkpoint; note1, note2
func makeLog(a []string) {
	sk, vk, err := note.GenerateKey(rand.Reader, "go.example/log")
	must(err, "key")
	signer, err := note.NewSigner(sk)
	must(err, "signer")
	var s store
	write := func(name string, p []byte) { must(os.WriteFile(filepath.Join(a[0], name), p, 0644), name) }
	write("vkey", []byte(vk))
	var old int64
	for k, n := range []int64{5, 12} {
		for i := old; i < n; i++ {
			h, err := tlog.StoredHashes(i, fmt.Appendf(nil, "record %d", i), s)
			must(err, "StoredHashes")
			s = append(s, h...)
		}
		root, err := tlog.TreeHash(n, s)
		must(err, "TreeHash")
		text := torchwood.Checkpoint{Origin: "go.example/log", Tree: tlog.Tree{N: n, Hash: root}}.String()
		signed, err := note.Sign(&note.Note{Text: text}, signer)
		must(err, "Sign")
		body := fmt.Sprintf("old %d\n", old)
		if old > 0 {
			p, err := tlog.ProveTree(n, old, s)
			must(err, "ProveTree")
			for _, h := range p {
				body += base64.StdEncoding.EncodeToString(h[:]) + "\n"
			}
		}
		write(fmt.Sprintf("note%d", k+1), signed)
		write(fmt.Sprintf("add%d", k+1), append([]byte(body+"\n"), signed...))
		old = n
	}
}

// cosigned LOG-VKEY WITNESS-VKEY NOTE: with both signatures
func cosigned(a []string) {
	v, err := note.NewVerifier(a[0])
	must(err, "log key")
	w, err := f_note.NewVerifierForCosignatureV1(a[1])
	must(err, "witness key")
	n, err := note.Open(read(a[2]), note.VerifierList(v, w))
	must(err, "note.Open")
	if len(n.Sigs) != 2 || len(n.UnverifiedSigs) != 0 {
		must(fmt.Errorf("%d signatures", len(n.Sigs)), "note.Open")
	}
	when, err := torchwood.CosignatureTimestamp(n.Sigs[1])
	must(err, "CosignatureTimestamp")
	fmt.Printf("transparency-dev/formats: %s cosigned %s at %d\n", w.Name(), strings.SplitN(n.Text, "\n", 2)[0], when)
}

func main() {
	what := map[string]func([]string){"check": check, "make-log": makeLog, "cosigned": cosigned}
	what[os.Args[1]](os.Args[2:])
}
