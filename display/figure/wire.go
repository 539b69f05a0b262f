package figure

import (
	"bytes"
	"encoding/binary"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
)

// Operations of a [Request].
const (
	OpShow   = "show"   // publish Figure, reply when it is published
	OpBundle = "bundle" // publish Bundle, reply when it is published
	OpRender = "render" // reply with the bytes of Figure in Format
	OpClear  = "clear"  // remove the outputs of the cell
)

// Formats that a figure can be rendered in.
const (
	SVG = "svg"
	PNG = "png"
	PDF = "pdf"
)

// Formats lists the formats, for messages.
var Formats = []string{SVG, PNG, PDF}

// Request is what a cell asks of the kernel. A connection carries one request
// and then one reply.
type Request struct {
	Op     string
	Format string            // OpRender: one of Formats
	Figure *Figure           // OpShow, OpRender
	Bundle map[string]string // OpBundle: MIME type to content
	Place  Place             // OpShow, OpBundle: where
	Wait   bool              // OpClear: remove them when the next output comes
}

// Place is where something is shown. The zero value is at the end of the cell's
// outputs.
type Place struct {
	ID     string // names what is shown, so that it can be shown anew
	Update bool   // show it anew in all places of that name
}

// Reply is the kernel's answer to a [Request].
type Reply struct {
	Data  []byte // OpRender: the rendered figure
	Error string // why the request failed; empty when it succeeded
}

// MaxMessage is the largest request or reply, in bytes. It is far above what
// can be looked at and guards the kernel's memory.
const MaxMessage = 256 << 20

// A message is a header, then the gob of a Request or Reply. The header is the
// three letters, the version of the protocol, and the length of the gob as a
// big-endian uint32.
const (
	magic     = "SBF"
	version   = 2
	headerLen = len(magic) + 1 + 4
)

// errVersion is returned for a peer that speaks another version of the protocol.
var errVersion = errors.New("the cell and the kernel were built from different versions of spikebook; restart the kernel, and run `spikebook install` again if that does not help")

// Send writes one message, a [Request] or a [Reply].
func Send(w io.Writer, message any) error {
	b, err := frame(message, MaxMessage)
	if err != nil {
		return err
	}
	_, err = w.Write(b)
	return err
}

// frame returns the bytes of a message whose gob has at most limit bytes.
func frame(message any, limit int) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(magic)
	b.WriteByte(version)
	b.Write(make([]byte, 4))
	if err := gob.NewEncoder(&b).Encode(message); err != nil {
		return nil, fmt.Errorf("encode %T: %w", message, err)
	}
	n := b.Len() - headerLen
	if n > limit {
		return nil, fmt.Errorf("message of %d bytes is larger than the limit of %d: show part of the data, or every k-th step", n, limit)
	}
	binary.BigEndian.PutUint32(b.Bytes()[headerLen-4:], uint32(n))
	return b.Bytes(), nil
}

// Receive reads one message into a [Request] or a [Reply]. Whatever the bytes
// are, it returns: a broken message is an error, and no more memory is taken
// than the bytes that arrive justify.
func Receive(r io.Reader, message any) error {
	var header [headerLen]byte
	if _, err := io.ReadFull(r, header[:]); err != nil {
		return fmt.Errorf("read header: %w", err)
	}
	if string(header[:len(magic)]) != magic {
		return fmt.Errorf("message starts with %q, want %q", header[:len(magic)], magic)
	}
	if header[len(magic)] != version {
		return fmt.Errorf("message has version %d, want %d: %w", header[len(magic)], version, errVersion)
	}
	n := int64(binary.BigEndian.Uint32(header[headerLen-4:]))
	if n > MaxMessage {
		return fmt.Errorf("message of %d bytes is larger than the limit of %d", n, MaxMessage)
	}
	var body bytes.Buffer // grows with what arrives, not with what the header claims
	switch got, err := io.Copy(&body, io.LimitReader(r, n)); {
	case err != nil:
		return fmt.Errorf("read message: %w", err)
	case got < n:
		return fmt.Errorf("message ends after %d of %d bytes: %w", got, n, io.ErrUnexpectedEOF)
	}
	if err := gob.NewDecoder(&body).Decode(message); err != nil {
		return fmt.Errorf("decode %T: %w", message, err)
	}
	return nil
}

// Check returns an error that names what is missing from or wrong in r.
func (r *Request) Check() error {
	switch r.Op {
	case OpShow:
		return r.Figure.Validate()
	case OpRender:
		if err := checkFormat(r.Format); err != nil {
			return err
		}
		return r.Figure.Validate()
	case OpBundle:
		if len(r.Bundle) == 0 {
			return errors.New("bundle is empty: it must hold at least text/plain")
		}
		return nil
	case OpClear:
		return nil
	default:
		return fmt.Errorf("unknown operation %q, want %q, %q, %q or %q", r.Op, OpShow, OpBundle, OpRender, OpClear)
	}
}
