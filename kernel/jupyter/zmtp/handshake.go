package zmtp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
)

const (
	greetingSize = 64
	commandLimit = 4 << 10 // bytes of the peer's half of the handshake
)

// greeting is ours: signature, version 3.0, no encryption.
var greeting = func() []byte {
	g := make([]byte, greetingSize)
	g[0], g[9], g[10] = 0xff, 0x7f, 3
	copy(g[12:32], "NULL")
	return g
}()

// greet performs the handshake: both sides say which version they speak, then
// what they are. Neither waits for the other before it speaks.
func (p *Peer) greet() error {
	ready := appendProperty([]byte("\x05READY"), "Socket-Type", p.config.Type)
	if _, err := p.conn.Write(appendFrame(bytes.Clone(greeting), command, ready)); err != nil {
		return err
	}
	theirs := make([]byte, greetingSize)
	if err := p.in.full(theirs); err != nil {
		return fmt.Errorf("greeting: %w", err)
	}
	mechanism := strings.TrimRight(string(theirs[12:32]), "\x00")
	switch {
	case theirs[0] != 0xff || theirs[9]&1 == 0:
		return errors.New("not a ZeroMQ peer")
	case theirs[10] < 3:
		return fmt.Errorf("the peer speaks version %d of ZeroMQ's protocol, expected 3 or later", theirs[10])
	case mechanism != "NULL":
		return fmt.Errorf("the peer wants %q encryption, there is none", mechanism)
	}
	limited := reader{p.in.Reader, commandLimit}
	frames, isCommand, err := limited.message()
	if err != nil {
		return fmt.Errorf("handshake: %w", err)
	}
	name, body, err := splitCommand(frames[0])
	if err != nil || !isCommand || name != "READY" {
		return fmt.Errorf("handshake: expected a READY command, got %.60q", frames[0])
	}
	properties, err := splitProperties(body)
	if err != nil {
		return fmt.Errorf("handshake: %w", err)
	}
	if theirType := properties["socket-type"]; !slices.Contains(compatible[p.config.Type], theirType) {
		return fmt.Errorf("the peer is a %q socket, expected one of %q", theirType, compatible[p.config.Type])
	}
	if p.Identity = properties["identity"]; p.Identity == "" {
		p.Identity = newIdentity()
	}
	return nil
}

// splitCommand separates the name of a command from its body.
func splitCommand(frame []byte) (name string, body []byte, err error) {
	if len(frame) == 0 || len(frame) < 1+int(frame[0]) {
		return "", nil, fmt.Errorf("a command is cut short: %.60q", frame)
	}
	n := 1 + int(frame[0])
	return string(frame[1:n]), frame[n:], nil
}

// splitProperties reads names and values. Names are in lower case in the
// result, as their case has no meaning.
func splitProperties(body []byte) (map[string]string, error) {
	properties := map[string]string{}
	for len(body) > 0 {
		name, rest, err := splitCommand(body) // names have the same form
		if err != nil || len(rest) < 4 || uint64(binary.BigEndian.Uint32(rest)) > uint64(len(rest)-4) {
			return nil, fmt.Errorf("a property is cut short: %.60q", body)
		}
		n := 4 + int(binary.BigEndian.Uint32(rest))
		properties[strings.ToLower(name)] = string(rest[4:n])
		body = rest[n:]
	}
	return properties, nil
}

func appendProperty(b []byte, name, value string) []byte {
	b = append(append(b, byte(len(name))), name...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(value)))
	return append(b, value...)
}
