// Package jupyter is the Jupyter messaging protocol, version 5.4, as bytes and
// sockets: messages, their signatures, the connection file, the five sockets of
// a kernel and the four that a front end opens to it. It knows nothing of Go
// cells, GoNB or neurons.
//
// The protocol is described at
// https://jupyter-client.readthedocs.io/en/stable/messaging.html.
//
// # The ZeroMQ library
//
// The sockets are those of github.com/go-zeromq/zmq4. It is written in Go, so
// that the kernel is one static binary without cgo and cross-compiles; the
// same library carries GoNB, on the other side of our bridge, so one set of
// quirks is enough. What it lacks is put right here:
//
//   - its accept loop performs the handshake of one connection at a time, so a
//     peer that connects and stays silent would keep every other peer out; see
//     [guarded];
//   - it writes its complaints to stderr, which a terminal front end shows to
//     the user; see [quiet].
//
// What remains: a subscriber of IOPub that stops reading delays the others,
// and what is published meanwhile waits in memory.
package jupyter

// ProtocolVersion is the version of the protocol that this package speaks.
const ProtocolVersion = "5.4"
