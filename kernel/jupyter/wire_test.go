package jupyter

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const key = "a key"

// frames are the bytes of one signed kernel_info_request.
func frames() [][]byte {
	return [][]byte{
		[]byte("client"),
		[]byte("<IDS|MSG>"),
		[]byte("not yet signed"),
		[]byte(`{"msg_id":"1","session":"s","username":"u","date":"2026-11-24T00:00:00Z","msg_type":"kernel_info_request","version":"5.4","subshell_id":null}`),
		[]byte(`{}`),
		[]byte(`{}`),
		[]byte(`{}`),
	}
}

func signed(f [][]byte) [][]byte {
	f[2] = sign([]byte(key), f[3:7])
	return f
}

func TestDecodeAcceptsWhatOthersSign(t *testing.T) {
	// The signature was computed with Python's hmac module.
	f := [][]byte{
		[]byte("<IDS|MSG>"),
		[]byte("472a1ead4690d565816b5e8706e67487756cd47f48ba8d090e502069ad007bb9"),
		[]byte(`{"msg_id":"1","msg_type":"x"}`), []byte(`{}`), []byte(`{}`), []byte(`{}`),
	}
	if _, err := Decode(f, []byte("key")); err != nil {
		t.Fatal(err)
	}
}

func TestDecode(t *testing.T) {
	m, err := Decode(signed(frames()), []byte(key))
	if err != nil {
		t.Fatal(err)
	}
	if m.Header.Type != "kernel_info_request" || m.Header.ID != "1" || string(m.Identities[0]) != "client" {
		t.Errorf("decoded %+v", m)
	}
	reply := m.Reply("kernel", map[string]string{"status": "ok"})
	if reply.Header.Type != "kernel_info_reply" || string(reply.Identities[0]) != "client" {
		t.Errorf("reply %+v", reply)
	}
	if string(reply.ParentHeader) != string(m.RawHeader) {
		t.Errorf("the parent of the reply lost something: %s", reply.ParentHeader)
	}
	again, err := Decode(reply.Encode([]byte(key)), []byte(key))
	if err != nil {
		t.Fatal(err)
	}
	if again.Parent().ID != "1" || string(again.Content) != `{"status":"ok"}` {
		t.Errorf("after a round trip: parent %+v, content %s", again.Parent(), again.Content)
	}
}

func TestDecodeRefuses(t *testing.T) {
	set := func(i int, s string) func([][]byte) [][]byte {
		return func(f [][]byte) [][]byte { f[i] = []byte(s); return signed(f) }
	}
	for _, test := range []struct {
		name, want string
		change     func([][]byte) [][]byte
	}{
		{"nothing", "no <IDS|MSG> frame among 0", func([][]byte) [][]byte { return nil }},
		{"no delimiter", "no <IDS|MSG> frame", func(f [][]byte) [][]byte { return f[2:] }},
		{"cut short", "4 frames after <IDS|MSG>, expected at least 5", func(f [][]byte) [][]byte { return f[:6] }},
		{"not signed", "signature", func(f [][]byte) [][]byte { f[2] = nil; return f }},
		{"wrong signature", "signature", func(f [][]byte) [][]byte { return f }},
		{"header is no object", "header is not a JSON object", set(3, `[]`)},
		{"header is cut", "header is not a JSON object", set(3, `{"msg_id":`)},
		{"header without type", "lacks msg_id or msg_type", set(3, `{"msg_id":"1"}`)},
		{"header of wrong types", "header: json", set(3, `{"msg_id":1,"msg_type":"x"}`)},
		{"parent is null", "parent header is not a JSON object", set(4, `null`)},
		{"metadata is empty", "metadata is not a JSON object", set(5, ``)},
		{"content is a string", "content is not a JSON object", set(6, `"x"`)},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Decode(test.change(frames()), []byte(key))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got error %v, want one with %q", err, test.want)
			}
		})
	}
	if _, err := Decode(frames(), []byte(key)); !errors.Is(err, ErrSignature) {
		t.Errorf("got %v, want ErrSignature", err)
	}
}

func TestReplays(t *testing.T) {
	s := &Server{key: []byte(key)}
	if _, err := s.decode(signed(frames())); err != nil {
		t.Fatal(err)
	}
	if _, err := s.decode(signed(frames())); !errors.Is(err, ErrReplay) {
		t.Errorf("the same message again: %v", err)
	}
	for i := range replayWindow {
		s.replays.seen([]byte(strconv.Itoa(i)))
	}
	if _, err := s.decode(signed(frames())); err != nil {
		t.Errorf("a message older than the window is forgotten, got %v", err)
	}
	if len(s.replays.known) != replayWindow {
		t.Errorf("%d signatures are kept, want %d", len(s.replays.known), replayWindow)
	}
}

func TestUnsignedConnections(t *testing.T) {
	if _, err := Decode(frames(), nil); err != nil {
		t.Errorf("with an empty key nothing is signed, got %v", err)
	}
}

// FuzzDecode checks that what is accepted survives a round trip, and that what
// is signed is accepted with its signature only.
func FuzzDecode(f *testing.F) {
	for _, fr := range [][][]byte{frames(), signed(frames()), frames()[2:], frames()[:5], append(signed(frames()), []byte("buffer"), nil)} {
		for _, k := range []string{"", key, "another"} {
			f.Add(join(fr), []byte(k))
		}
	}
	f.Fuzz(func(t *testing.T, data, key []byte) {
		f := split(data)
		m, err := Decode(f, key)
		if err != nil {
			if m, err = Decode(f, nil); err != nil {
				return
			}
			if got := m.Encode(key); len(key) > 0 && bytes.Equal(signature(f), signature(got)) && sameParts(m, got) {
				t.Fatalf("the signature %q was refused, but it is the right one", signature(f))
			}
		}
		encoded := m.Encode(key)
		again, err := Decode(encoded, key)
		if err != nil {
			t.Fatalf("what was decoded cannot be decoded again: %v", err)
		}
		if again.Header != m.Header || !json.Valid(again.Content) || len(again.Buffers) != len(m.Buffers) {
			t.Fatalf("changed by a round trip: %+v, %+v", m, again)
		}
		if len(key) > 0 {
			forged := signature(encoded)
			forged[len(forged)/2] ^= 1
			if _, err := Decode(encoded, key); !errors.Is(err, ErrSignature) {
				t.Fatalf("a forged signature: %v, want ErrSignature", err)
			}
		}
		m.Reply("s", nil).Encode(nil)
	})
}

// sameParts reports whether the signed parts of a message are encoded as they
// were received.
func sameParts(m *Message, frames [][]byte) bool {
	at := len(m.Identities) + 2
	return slices.EqualFunc(frames[at:at+4], [][]byte{m.RawHeader, m.ParentHeader, m.Metadata, m.Content}, bytes.Equal)
}

// join and split turn frames into one string and back, for the fuzzer.
func join(f [][]byte) []byte {
	var out []byte
	for _, p := range f {
		out = append(append(out, p...), 0)
	}
	return out
}

func split(data []byte) (f [][]byte) {
	for p := range strings.SplitSeq(string(data), "\x00") {
		f = append(f, []byte(p))
	}
	return f
}
