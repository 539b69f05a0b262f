// Package gonb runs one GoNB process on private sockets, under a supervisor
// that leaves nothing behind. It knows where GoNB keeps its files and which
// flags silence it; it does not know what the messages mean.
package gonb

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"spikebook/display/figure"
	"spikebook/display/figure/serve"
	"spikebook/kernel/jupyter"
	"spikebook/kernel/supervisor"
)

// Config says how to run GoNB.
type Config struct {
	Self    string        // path of our own binary, which is the supervisor
	Program string        // path of the gonb binary
	Env     []string      // its environment, without what this package adds
	Dir     string        // folder for all that is temporary; "" is the system's
	Name    string        // base name of the connection file: GoNB reads the kernel's identifier from it
	Figures serve.Handler // serves the figures of the cells
	Log     *slog.Logger

	// Orphaned are directories that are removed when our process is killed.
	Orphaned []string
}

// GoNB is a running GoNB. It is a bridge.Backend.
type GoNB struct {
	*supervisor.Process
	*jupyter.Client
	dir  string
	stop context.CancelFunc
}

// startTimeout is how long GoNB may take to answer for the first time.
const startTimeout = 30 * time.Second

// Start starts GoNB and returns when it answers.
//
// All that GoNB and its cells write to the temporary directory goes to one of
// its own, which ends with it.
func Start(ctx context.Context, c Config) (g *GoNB, err error) {
	dir, err := os.MkdirTemp(c.Dir, "gonb-")
	if err != nil {
		return nil, err
	}
	life, stop := context.WithCancel(context.Background())
	g = &GoNB{dir: dir, stop: stop}
	defer func() {
		if err != nil {
			g.Stop()
		}
	}()

	socket := filepath.Join(dir, "display")
	figures, err := net.Listen("unix", socket)
	if err != nil {
		return g, fmt.Errorf("socket for figures: %w", err)
	}
	go func() {
		if err := serve.Figures(life, figures, c.Figures); err != nil && life.Err() == nil {
			c.Log.Error("figures", "error", err)
		}
	}()

	connection := jupyter.NewConnection(dir)
	file := filepath.Join(dir, c.Name)
	if err := connection.Write(file); err != nil {
		return g, err
	}
	g.Process, err = supervisor.Start(c.Self, supervisor.Command{
		Argv: []string{
			c.Program, "--kernel", file, "--raw_error",
			// Of what GoNB logs, only why it cannot go on is of use.
			"--stderrthreshold=FATAL", "--logtostderr=false", "--log_file=" + os.DevNull,
		},
		Env:    append(c.Env, "TMPDIR="+dir, figure.SocketVariable+"="+socket),
		Remove: dir, Orphaned: c.Orphaned,
		Tools: []string{"go", "goimports"},
	})
	if err != nil {
		return g, err
	}

	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	go func() { // no need to wait for a process that is gone
		select {
		case <-g.Process.Done():
			cancel()
		case <-ctx.Done():
		}
	}()
	if g.Client, err = jupyter.Dial(ctx, connection, c.Log); err == nil {
		_, err = g.Client.WaitReady(ctx)
	}
	if err != nil {
		select {
		case <-g.Process.Done():
			return g, g.Process.Cause()
		default:
			return g, err
		}
	}
	return g, nil
}

// Stop ends GoNB, all that it runs and its files.
func (g *GoNB) Stop() {
	g.stop()
	if g.Client != nil {
		g.Client.Close()
	}
	if g.Process != nil {
		g.Process.Stop()
	} else {
		os.RemoveAll(g.dir)
	}
}

// Module returns the folder of the Go module that GoNB has made, which the
// user's "!*go get" changes; "" if there is none.
func (g *GoNB) Module() string {
	found, _ := filepath.Glob(filepath.Join(g.dir, "gonb_*", "go.mod")) // the pattern is well formed
	if len(found) == 0 {
		return ""
	}
	return filepath.Dir(found[0])
}
