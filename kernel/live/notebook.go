// Package live is a notebook while its kernel lives: what its cells have
// declared, the values of their variables, and how the next cell becomes a
// program. It joins packages cell, build, program and session, and knows
// nothing of messages or of GoNB.
package live

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"spikebook/gpu/remote"
	"spikebook/gpu/worker"
	"spikebook/kernel/build"
	"spikebook/kernel/cell"
	"spikebook/kernel/program"
	"spikebook/kernel/session/wire"
	"spikebook/kernel/workspace"
)

// Config says where a notebook lives.
type Config struct {
	Dir   string // private folder of the kernel; the caller removes it
	Store string // folder for the values of variables, likewise
	Fast  string // folder for what is being compiled, likewise
	Key   string // names the notebook, for what outlives the kernel; "" if unknown
	Cwd   string // working directory of the cells
	Log   *slog.Logger
}

// Notebook is a living notebook. It is a bridge.Notebook.
type Notebook struct {
	config Config
	opened chan struct{} // closed when what follows is there
	failed error         // why it is not
	w      *workspace.Workspace
	index  *build.Index
	build  *build.Builder
	host   *program.Host

	mu     sync.Mutex // guards what follows, and the store between two programs
	memory *cell.Memory
	timed  bool // the next cell says how long it took

	gpu struct {
		sync.Mutex
		looked chan struct{}   // closed when it is known whether there is a worker
		worker *worker.Process // nil if there is none
		why    string          // there is none
		closed bool
	}

	place  sync.Mutex // guards what follows
	dir    string     // working directory of the cells
	module string     // folder of the module in which cells compile
	flags  []string   // of the go command; %goflags
	env    []string   // assignments; %env
}

// New returns a notebook that opens itself in the background.
func New(ctx context.Context, c Config) *Notebook {
	n := &Notebook{config: c, opened: make(chan struct{}), dir: c.Cwd}
	n.gpu.looked = make(chan struct{})
	go func() {
		defer close(n.opened)
		n.failed = n.open(ctx)
	}()
	return n
}

// open finds what compiles cells. It takes some 50 ms, while a front end is
// busy with other things.
func (n *Notebook) open(ctx context.Context) error {
	w, err := workspace.Open(ctx)
	if err != nil {
		return err
	}
	cache, err := workspace.CacheDir()
	if err != nil {
		return err
	}
	config := w.BuildConfig()
	config.Scratch, config.Live, config.Dir = n.config.Dir, n.moduleDir, n.Dir
	// A go command that is killed, by an interrupt for instance, leaves files.
	config.Go.Env = append(config.Go.Env, "GOTMPDIR="+n.config.Dir)
	index, err := build.Open(ctx, config)
	if err != nil {
		return err
	}
	host, err := program.Listen(n.socket())
	if err != nil {
		return err
	}
	if err := build.WriteShims(n.shims(), w.Go.Path, w.Tool("goimports")); err != nil {
		return errors.Join(err, host.Close())
	}
	if err := n.linkSelf(); err != nil {
		return errors.Join(err, host.Close())
	}
	if err := n.clear(); err != nil {
		return errors.Join(err, host.Close())
	}
	n.w, n.index, n.host = w, index, host
	n.build = build.New(index, cache, workspace.CellsLimit, n.config.Fast)
	n.memory = cell.New(index, workspace.Imports)
	go n.keepCache(ctx)
	go n.openGPU()
	return nil
}

// linkSelf makes this command the one that a cell's "!spikebook exec" runs.
func (n *Notebook) linkSelf() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	return os.Symlink(self, filepath.Join(n.shims(), "spikebook"))
}

// keepCache sees to it that Go's cache keeps what cells are compiled with.
func (n *Notebook) keepCache(ctx context.Context) {
	if err := n.index.Keep(ctx); err != nil && ctx.Err() == nil {
		n.config.Log.Warn("compiled packages", "error", err)
	}
}

func (n *Notebook) socket() string { return filepath.Join(n.config.Dir, "program") }
func (n *Notebook) shims() string  { return filepath.Join(n.config.Dir, "bin") }
func (n *Notebook) runDir() string { return filepath.Join(n.config.Dir, "run") }

// wait waits until the notebook is open.
func (n *Notebook) wait(ctx context.Context) error {
	select {
	case <-n.opened:
		return n.failed
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Workspace returns the module in which the cells compile.
func (n *Notebook) Workspace(ctx context.Context) (*workspace.Workspace, error) {
	err := n.wait(ctx)
	return n.w, err
}

// Env is the environment of GoNB: with the shims in front, and with where a
// program finds us. The notebook must be open.
func (n *Notebook) Env() []string {
	env := n.w.Env()
	for i, e := range env {
		if path, ok := strings.CutPrefix(e, "PATH="); ok {
			env[i] = "PATH=" + n.shims() + string(filepath.ListSeparator) + path
		}
	}
	return append(env, wire.Variable+"="+n.socket(), build.RunVariable+"="+n.runDir(), remote.Variable+"="+n.gpuSocket())
}

// Preload returns what GoNB is told before all cells.
func (n *Notebook) Preload(ctx context.Context) ([]string, error) {
	if err := n.wait(ctx); err != nil {
		return nil, err
	}
	return []string{n.w.Preload(n.config.Key)}, nil
}

// Attach is told the folder of GoNB's module when GoNB has started.
func (n *Notebook) Attach(module string) {
	n.place.Lock()
	defer n.place.Unlock()
	n.module = module
}

func (n *Notebook) moduleDir() string {
	n.place.Lock()
	defer n.place.Unlock()
	return n.module
}

// Dir is the working directory of the cells.
func (n *Notebook) Dir() string {
	n.place.Lock()
	defer n.place.Unlock()
	return n.dir
}

// Close keeps the session for the next kernel of this notebook and ends.
func (n *Notebook) Close() {
	<-n.opened
	if n.failed != nil {
		return
	}
	n.closeGPU()
	err := errors.Join(n.keep(), n.host.Close())
	if err != nil {
		n.config.Log.Warn("the end of the notebook", "error", err)
	}
}
