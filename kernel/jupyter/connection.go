package jupyter

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
)

// Channel names one of the sockets of a kernel.
type Channel int

// The channels that carry messages. The heartbeat carries bytes only and is
// answered by [Listen] itself.
const (
	Shell Channel = iota
	Control
	Stdin
	IOPub
)

// String returns the protocol's name of the channel.
func (c Channel) String() string {
	return [...]string{"shell", "control", "stdin", "iopub"}[c]
}

// Connection is the content of a connection file: where a kernel listens and
// the key that signs its messages.
type Connection struct {
	Transport       string `json:"transport"` // "tcp" or "ipc"
	IP              string `json:"ip"`        // for ipc the path that the sockets' names begin with
	ShellPort       int    `json:"shell_port"`
	ControlPort     int    `json:"control_port"`
	StdinPort       int    `json:"stdin_port"`
	IOPubPort       int    `json:"iopub_port"`
	HeartbeatPort   int    `json:"hb_port"`
	Key             string `json:"key"`
	SignatureScheme string `json:"signature_scheme"`
	KernelName      string `json:"kernel_name,omitempty"`
}

// NewConnection returns a connection over unix sockets in directory dir, which
// should be private, with a fresh random key.
func NewConnection(dir string) Connection {
	return Connection{
		Transport: "ipc", IP: filepath.Join(dir, "zmq"),
		ShellPort: 1, ControlPort: 2, StdinPort: 3, IOPubPort: 4, HeartbeatPort: 5,
		Key: rand.Text(), SignatureScheme: "hmac-sha256",
	}
}

// ReadConnection reads and checks a connection file.
func ReadConnection(path string) (Connection, error) {
	var c Connection
	data, err := os.ReadFile(path)
	if err != nil {
		return c, fmt.Errorf("connection file: %w", err)
	}
	if err := json.Unmarshal(data, &c); err != nil {
		return c, fmt.Errorf("connection file %s: %w", path, err)
	}
	if c.Transport != "tcp" && c.Transport != "ipc" {
		return c, fmt.Errorf("connection file %s: transport is %q, expected tcp or ipc", path, c.Transport)
	}
	if c.SignatureScheme != "hmac-sha256" && c.Key != "" {
		return c, fmt.Errorf("connection file %s: signature_scheme is %q, expected hmac-sha256", path, c.SignatureScheme)
	}
	return c, nil
}

// Write writes the connection file, readable by its owner only: it holds the
// key.
func (c Connection) Write(path string) error {
	data, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return fmt.Errorf("connection file: %w", err)
	}
	return os.WriteFile(path, append(data, '\n'), 0o600)
}

// network and address name a port as package net does.
func (c Connection) network() string {
	if c.Transport == "ipc" {
		return "unix"
	}
	return "tcp"
}

func (c Connection) address(port int) string {
	if c.Transport == "ipc" {
		return c.IP + "-" + strconv.Itoa(port)
	}
	host := c.IP
	if host == "*" { // ZeroMQ's name of all interfaces
		host = ""
	}
	return net.JoinHostPort(host, strconv.Itoa(port))
}

// endpoint returns the ZeroMQ address of a port.
func (c Connection) endpoint(port int) string { return c.Transport + "://" + c.address(port) }

func (c Connection) port(ch Channel) int {
	return [...]int{c.ShellPort, c.ControlPort, c.StdinPort, c.IOPubPort}[ch]
}
