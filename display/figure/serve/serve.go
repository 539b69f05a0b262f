// Package serve answers the figures that cells send to the kernel. It is the
// half of package figure that a cell never links: it needs package net. What a
// figure looks like, and where it goes, is its [Handler]'s.
package serve

import (
	"context"
	"fmt"
	"net"
	"runtime/debug"
	"sync"

	"spikebook/display/figure"
)

// Handler is what [Figures] calls for the requests of cells. Its methods are
// called from several goroutines at a time. A figure that reaches it is valid.
type Handler interface {
	// Show publishes a figure and returns when that is done.
	Show(f *figure.Figure, at figure.Place) error
	// ShowBundle publishes a bundle, MIME type to content, and returns when
	// that is done.
	ShowBundle(bundle map[string]string, at figure.Place) error
	// Clear removes the outputs of the cell, or does so when the next comes.
	Clear(wait bool) error
	// Render returns f in one of [figure.Formats].
	Render(f *figure.Figure, format string) ([]byte, error)
}

// Figures answers the requests that arrive at l until ctx is done; it then closes
// l and every connection, waits until no call of h is under way and returns nil.
// It returns early, with an error, only when l fails.
//
// Whatever one connection sends costs only that connection: a message that is
// malformed or larger than [figure.MaxMessage], and a panic of h, become the Error of
// its reply.
func Figures(ctx context.Context, l net.Listener, h Handler) error {
	var (
		mu    sync.Mutex
		conns = map[net.Conn]struct{}{}
		calls sync.WaitGroup
	)
	stop := context.AfterFunc(ctx, func() {
		l.Close()
		mu.Lock()
		defer mu.Unlock()
		for c := range conns {
			c.Close()
		}
	})
	defer stop()
	defer calls.Wait()
	for {
		c, err := l.Accept()
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("accept figures at %v: %w", l.Addr(), err)
		}
		mu.Lock()
		if ctx.Err() != nil { // the connections have been closed already: this one came too late
			mu.Unlock()
			c.Close()
			return nil
		}
		conns[c] = struct{}{}
		mu.Unlock()
		calls.Go(func() {
			serveConn(c, h)
			mu.Lock()
			defer mu.Unlock()
			delete(conns, c)
			c.Close()
		})
	}
}

// serveConn reads one request from c and writes its reply. A peer that went
// away meanwhile has nobody to tell.
func serveConn(c net.Conn, h Handler) {
	var (
		request figure.Request
		reply   figure.Reply
	)
	err := figure.Receive(c, &request)
	if err == nil {
		reply.Data, err = answer(&request, h)
	}
	if err != nil {
		reply.Error = err.Error()
	}
	if err := figure.Send(c, &reply); err != nil {
		_ = figure.Send(c, &figure.Reply{Error: fmt.Sprintf("reply: %v", err)})
	}
}

// answer calls h; a panic of h is returned as an error.
func answer(r *figure.Request, h Handler) (data []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the kernel failed to %s the figure (this is a bug in spikebook): %v\n%s", r.Op, p, debug.Stack())
		}
	}()
	if err := r.Check(); err != nil {
		return nil, err
	}
	switch r.Op {
	case figure.OpShow:
		return nil, h.Show(r.Figure, r.Place)
	case figure.OpBundle:
		return nil, h.ShowBundle(r.Bundle, r.Place)
	case figure.OpClear:
		return nil, h.Clear(r.Wait)
	default: // Check admits no other operation
		return h.Render(r.Figure, r.Format)
	}
}
