// Package jupyter is the Jupyter messaging protocol, version 5.4, as bytes and
// sockets: messages, their signatures, the connection file, the five sockets of
// a kernel and the four that a front end opens to it. It knows nothing of Go
// cells, GoNB or neurons.
//
// The protocol is described at
// https://jupyter-client.readthedocs.io/en/stable/messaging.html.
//
// # ZeroMQ
//
// A kernel's sockets are those of package zmtp, which serves each peer within
// limits: whoever reaches the port of a kernel can neither stop nor exhaust it.
// A front end's sockets are those of github.com/go-zeromq/zmq4. Both are
// written in Go, so that the kernel is one static binary without cgo and
// cross-compiles.
package jupyter

// ProtocolVersion is the version of the protocol that this package speaks.
const ProtocolVersion = "5.4"
