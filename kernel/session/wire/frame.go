package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
)

// HeaderSize is the number of bytes before the payload of a frame.
const HeaderSize = 1 + 4

// MaxPayload is the largest payload of a frame. It is far above what can be
// looked at and guards the kernel's memory.
const MaxPayload = 256 << 20

// kinds lists the kinds of frames.
const kinds = "HRXILSED"

// Append appends the frame of m to b.
func Append(b []byte, m Message) ([]byte, error) { return appendFrame(b, m, MaxPayload) }

func appendFrame(b []byte, m Message, limit int) ([]byte, error) {
	start := len(b)
	b = append(b, m.kind(), 0, 0, 0, 0)
	b = m.payload(b)
	n := len(b) - start - HeaderSize
	if n > limit {
		return nil, fmt.Errorf("%s of %d bytes is larger than the limit of %d: show part of the data", name(m), n, limit)
	}
	binary.BigEndian.PutUint32(b[start+1:], uint32(n))
	return b, nil
}

// Write writes the frame of m.
func Write(w io.Writer, m Message) error {
	b, err := Append(nil, m)
	if err != nil {
		return err
	}
	_, err = w.Write(b)
	return err
}

// Next returns the first message in b and the number of bytes of its frame. The
// number is 0, with no error, while b does not hold a whole frame.
func Next(b []byte) (m Message, size int, err error) {
	if len(b) == 0 {
		return nil, 0, nil
	}
	if err := checkKind(b[0]); err != nil {
		return nil, 0, err
	}
	if len(b) < HeaderSize {
		return nil, 0, nil
	}
	n, err := payloadSize(b)
	if err != nil || len(b)-HeaderSize < n {
		return nil, 0, err
	}
	size = HeaderSize + n
	m, err = decode(b[0], b[HeaderSize:size])
	return m, size, err
}

// Read reads one message. It takes no more memory than the bytes that arrive
// justify. The error is io.EOF only between two frames.
func Read(r io.Reader) (Message, error) {
	var header [HeaderSize]byte
	if _, err := io.ReadFull(r, header[:]); err != nil {
		return nil, err
	}
	if err := checkKind(header[0]); err != nil {
		return nil, err
	}
	n, err := payloadSize(header[:])
	if err != nil {
		return nil, err
	}
	payload, err := io.ReadAll(io.LimitReader(r, int64(n)))
	if err != nil {
		return nil, err
	}
	if len(payload) < n {
		return nil, fmt.Errorf("frame %q ends after %d of %d bytes: %w", header[0], len(payload), n, io.ErrUnexpectedEOF)
	}
	return decode(header[0], payload)
}

func checkKind(kind byte) error {
	for i := range len(kinds) {
		if kinds[i] == kind {
			return nil
		}
	}
	return fmt.Errorf("frame starts with %q, want one of %q", kind, kinds)
}

func payloadSize(header []byte) (int, error) {
	n := binary.BigEndian.Uint32(header[1:])
	if n > MaxPayload {
		return 0, fmt.Errorf("frame %q says that it has %d bytes, want at most %d", header[0], n, MaxPayload)
	}
	return int(n), nil
}

// name returns the name of m's type for messages.
func name(m Message) string { return fmt.Sprintf("%T", m)[len("wire."):] }

func decode(kind byte, payload []byte) (Message, error) {
	r := &reader{left: payload}
	m := r.message(kind)
	if r.err == nil && len(r.left) > 0 {
		r.err = fmt.Errorf("%d bytes are left over", len(r.left))
	}
	if r.err != nil {
		return nil, fmt.Errorf("%s frame of %d bytes: %w", name(m), len(payload), r.err)
	}
	return m, nil
}

// message reads the payload that payload of the same type wrote. The fields are
// read in the order in which they stand.
func (r *reader) message(kind byte) Message {
	switch kind {
	case 'H':
		return Hello{Version: r.number(), PID: r.small()}
	case 'R':
		return Request{Dir: r.text(), Literals: r.bytes(), AllowInput: r.flag(), KeepStdio: r.flag()}
	case 'X':
		return Refusal{Reason: r.text()}
	case 'I':
		return Input{Prompt: r.text(), Password: r.flag()}
	case 'L':
		return Line{Text: r.text(), EOF: r.flag()}
	case 'S':
		return Sync{}
	case 'E':
		return Failure{Message: r.text(), Frames: r.list()}
	default: // checkKind admits no other
		return Done{Generation: r.number(), Notes: r.list(), Result: r.bundle()}
	}
}

func (m Hello) payload(b []byte) []byte {
	return number(number(b, m.Version), uint64(max(m.PID, 0)))
}

func (m Request) payload(b []byte) []byte {
	return flag(flag(text(text(b, m.Dir), string(m.Literals)), m.AllowInput), m.KeepStdio)
}

func (m Refusal) payload(b []byte) []byte { return text(b, m.Reason) }
func (m Input) payload(b []byte) []byte   { return flag(text(b, m.Prompt), m.Password) }
func (m Line) payload(b []byte) []byte    { return flag(text(b, m.Text), m.EOF) }
func (m Sync) payload(b []byte) []byte    { return b }
func (m Failure) payload(b []byte) []byte { return list(text(b, m.Message), m.Frames) }

func (m Done) payload(b []byte) []byte {
	return bundle(list(number(b, m.Generation), m.Notes), m.Result)
}

func number(b []byte, n uint64) []byte { return binary.AppendUvarint(b, n) }

func text(b []byte, s string) []byte { return append(number(b, uint64(len(s))), s...) }

func flag(b []byte, set bool) []byte {
	if set {
		return append(b, 1)
	}
	return append(b, 0)
}

func list(b []byte, s []string) []byte {
	b = number(b, uint64(len(s)))
	for _, t := range s {
		b = text(b, t)
	}
	return b
}

// bundle writes the entries in the order of their keys, so that equal bundles
// are equal bytes.
func bundle(b []byte, m map[string]string) []byte {
	b = number(b, uint64(len(m)))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		b = text(text(b, k), m[k])
	}
	return b
}

// A reader takes values from the front of a payload. After an error it gives
// zero values.
type reader struct {
	left []byte
	err  error
}

var errShort = errors.New("it ends in the middle of a value")

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
	r.left = nil
}

func (r *reader) number() uint64 {
	n, size := binary.Uvarint(r.left)
	if size <= 0 {
		r.fail(errShort)
		return 0
	}
	r.left = r.left[size:]
	return n
}

func (r *reader) small() int {
	n := r.number()
	if n > math.MaxInt32 {
		r.fail(fmt.Errorf("number %d is larger than %d", n, math.MaxInt32))
		return 0
	}
	return int(n)
}

func (r *reader) text() string { return string(r.bytes()) }

// bytes returns a part of the payload, nil where it is empty.
func (r *reader) bytes() []byte {
	n := r.count()
	if n == 0 {
		return nil
	}
	b := r.left[:n:n]
	r.left = r.left[n:]
	return b
}

func (r *reader) flag() bool {
	switch n := r.number(); n {
	case 0, 1:
		return n == 1
	default:
		r.fail(fmt.Errorf("flag is %d, want 0 or 1", n))
		return false
	}
}

// count reads a length, of bytes or of values that take at least a byte each.
func (r *reader) count() int {
	n := r.number()
	if n > uint64(len(r.left)) {
		r.fail(errShort)
		return 0
	}
	return int(n)
}

func (r *reader) list() []string {
	var s []string
	for n := r.count(); n > 0 && r.err == nil; n-- {
		s = append(s, r.text())
	}
	return s
}

func (r *reader) bundle() map[string]string {
	n := r.count()
	if n == 0 {
		return nil
	}
	m := map[string]string{}
	for ; n > 0 && r.err == nil; n-- {
		k := r.text()
		m[k] = r.text()
	}
	return m
}
