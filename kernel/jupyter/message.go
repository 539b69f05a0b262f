package jupyter

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// Header identifies a message.
type Header struct {
	ID       string `json:"msg_id"`
	Session  string `json:"session"`
	Username string `json:"username"`
	Date     string `json:"date"`
	Type     string `json:"msg_type"`
	Version  string `json:"version"`
}

// Message is one message of the protocol. The JSON parts are kept as they were
// received, so that fields which we do not know survive a relay.
type Message struct {
	// Identities is the routing prefix: who asked, on a ROUTER socket; the
	// topic, on IOPub.
	Identities [][]byte

	Header Header

	// RawHeader is the header as received; a reply repeats it as its parent.
	// It is nil in a message made here, which is encoded from Header.
	RawHeader json.RawMessage

	// ParentHeader is the header of the request that caused this message, "{}"
	// or empty if there is none.
	ParentHeader json.RawMessage

	Metadata json.RawMessage
	Content  json.RawMessage
	Buffers  [][]byte
}

var emptyObject = json.RawMessage("{}")

// NewSession returns a fresh session identifier.
func NewSession() string { return uuid.NewString() }

// New makes a message of the given type in the given session. parent is the
// message that caused it, or nil. content is encoded as JSON; nil stands for an
// empty object. New panics if content cannot be encoded, which is a mistake in
// the program, not in its input.
func New(session, msgType string, parent *Message, content any) *Message {
	m := &Message{
		Header: Header{
			ID:       uuid.NewString(),
			Session:  session,
			Username: "kernel",
			Date:     time.Now().UTC().Format("2006-01-02T15:04:05.000000Z"),
			Type:     msgType,
			Version:  ProtocolVersion,
		},
		ParentHeader: emptyObject,
		Metadata:     emptyObject,
		Content:      emptyObject,
	}
	if parent != nil {
		m.ParentHeader = parent.header()
	}
	if content != nil {
		data, err := json.Marshal(content)
		if err != nil {
			panic(fmt.Sprintf("jupyter: content of %s cannot be encoded: %v", msgType, err))
		}
		m.Content = data
	}
	return m
}

// header returns the encoded header.
func (m *Message) header() json.RawMessage {
	if m.RawHeader != nil {
		return m.RawHeader
	}
	data, err := json.Marshal(m.Header)
	if err != nil {
		panic(fmt.Sprintf("jupyter: header of %s cannot be encoded: %v", m.Header.Type, err))
	}
	return data
}

// Parent decodes the parent header. It is the zero Header if there is none.
func (m *Message) Parent() Header {
	var h Header
	// Decode has checked that the parent header is an object; a field of the
	// wrong type leaves the identifier empty, which belongs to no request.
	_ = json.Unmarshal(m.ParentHeader, &h)
	return h
}

// Unmarshal decodes the content into v.
func (m *Message) Unmarshal(v any) error {
	if err := json.Unmarshal(m.Content, v); err != nil {
		return fmt.Errorf("content of %s: %w", m.Header.Type, err)
	}
	return nil
}

// Reply makes the answer to request m: the type with "_request" replaced by
// "_reply", addressed to the one who asked.
func (m *Message) Reply(session string, content any) *Message {
	r := New(session, replyType(m.Header.Type), m, content)
	r.Identities = m.Identities
	return r
}

func replyType(request string) string {
	const suffix = "_request"
	if n := len(request) - len(suffix); n > 0 && request[n:] == suffix {
		return request[:n] + "_reply"
	}
	return request + "_reply"
}
