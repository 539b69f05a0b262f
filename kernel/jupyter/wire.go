package jupyter

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
)

// delimiter separates the routing prefix from the message.
var delimiter = []byte("<IDS|MSG>")

// ErrSignature is returned when a message is not signed with the key of the
// connection file.
var ErrSignature = errors.New("signature does not match the key of the connection file")

// Decode parses the frames of one message: routing prefix, delimiter,
// signature, header, parent header, metadata, content, buffers. An empty key
// means that messages are not signed. The frames are not copied.
func Decode(frames [][]byte, key []byte) (*Message, error) {
	at := -1
	for i, f := range frames {
		if bytes.Equal(f, delimiter) {
			at = i
			break
		}
	}
	if at < 0 {
		return nil, fmt.Errorf("no %s frame among %d", delimiter, len(frames))
	}
	body := frames[at+1:]
	if len(body) < 5 {
		return nil, fmt.Errorf("%d frames after %s, expected at least 5", len(body), delimiter)
	}
	if len(key) > 0 && !hmac.Equal(sign(key, body[1:5]), body[0]) {
		return nil, ErrSignature
	}
	m := &Message{
		Identities:   frames[:at],
		RawHeader:    body[1],
		ParentHeader: body[2],
		Metadata:     body[3],
		Content:      body[4],
		Buffers:      body[5:],
	}
	for _, part := range []struct {
		name string
		data []byte
	}{
		{"header", m.RawHeader}, {"parent header", m.ParentHeader},
		{"metadata", m.Metadata}, {"content", m.Content},
	} {
		if !isObject(part.data) {
			return nil, fmt.Errorf("%s is not a JSON object: %.60q", part.name, part.data)
		}
	}
	if err := json.Unmarshal(m.RawHeader, &m.Header); err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	if m.Header.ID == "" || m.Header.Type == "" {
		return nil, fmt.Errorf("header lacks msg_id or msg_type: %.200q", m.RawHeader)
	}
	return m, nil
}

// Encode returns the frames of m, signed with key unless key is empty.
func (m *Message) Encode(key []byte) [][]byte {
	parts := [][]byte{m.header(), orEmpty(m.ParentHeader), orEmpty(m.Metadata), orEmpty(m.Content)}
	signature := []byte{}
	if len(key) > 0 {
		signature = sign(key, parts)
	}
	frames := make([][]byte, 0, len(m.Identities)+6+len(m.Buffers))
	frames = append(frames, m.Identities...)
	frames = append(frames, delimiter, signature)
	frames = append(frames, parts...)
	return append(frames, m.Buffers...)
}

// sign returns the hexadecimal HMAC-SHA256 of the parts.
func sign(key []byte, parts [][]byte) []byte {
	mac := hmac.New(sha256.New, key)
	for _, p := range parts {
		mac.Write(p)
	}
	return hex.AppendEncode(nil, mac.Sum(nil))
}

func orEmpty(part json.RawMessage) []byte {
	if len(part) == 0 {
		return emptyObject
	}
	return part
}

func isObject(data []byte) bool {
	data = bytes.TrimLeft(data, " \t\r\n")
	return len(data) > 0 && data[0] == '{' && json.Valid(data)
}
