package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"spikebook/kernel/bridge"
	"spikebook/kernel/gonb"
	"spikebook/kernel/headless"
	"spikebook/kernel/history"
	"spikebook/kernel/jupyter"
	"spikebook/kernel/live"
	"spikebook/kernel/workspace"
)

const runUsage = `usage: spikebook run [--log FILE] CONNECTION_FILE

Runs the kernel that a Jupyter front end starts. The command is what kernel.json
names; there is no need to type it.
`

// runMain is the kernel.
func runMain(args []string) int {
	flags := flag.NewFlagSet("run", flag.ContinueOnError)
	flags.Usage = func() { fmt.Fprint(flags.Output(), runUsage); flags.PrintDefaults() }
	logFile := flags.String("log", os.Getenv("SPIKEBOOK_LOG"), "append a log of the kernel to `FILE`")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if flags.NArg() != 1 {
		flags.Usage()
		return 2
	}
	log, err := openLog(*logFile)
	if err != nil {
		fmt.Fprintln(os.Stderr, "spikebook run:", err)
		return 2
	}
	if err := runKernel(flags.Arg(0), log); err != nil {
		log.Error("kernel", "error", err)
		fmt.Fprintln(os.Stderr, "spikebook run:", err)
		return 1
	}
	return 0
}

// openLog returns a log that goes to a file and, for what matters, to stderr.
func openLog(path string) (*slog.Logger, error) {
	warnings := slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})
	if path == "" {
		return slog.New(warnings), nil
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	return slog.New(slog.NewTextHandler(f, &slog.HandlerOptions{Level: slog.LevelDebug})), nil
}

// runKernel serves the front ends of a connection file until one of them asks
// for shutdown, or the process that started us is gone.
func runKernel(connectionFile string, log *slog.Logger) error {
	parent := os.Getppid()
	self, err := os.Executable()
	if err != nil {
		return err
	}
	connection, err := jupyter.ReadConnection(connectionFile)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	server, err := jupyter.Listen(ctx, connection, log)
	if err != nil {
		return err
	}
	defer server.Close()
	defer headless.RemoveConnection(connectionFile)

	place, err := live.NewPlace()
	if err != nil {
		return err
	}
	defer place.Remove()
	cwd, err := os.Getwd()
	if err != nil {
		return err
	}
	notebook := live.New(ctx, live.Config{
		Dir: place.Dir, Store: place.Values(), Fast: place.Store, Key: notebookName(connectionFile), Cwd: cwd, Log: log,
	})
	defer notebook.Close()

	past := history.Open(history.Path(), log)
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		past.Close(ctx)
	}()

	var kernel *bridge.Bridge
	kernel = bridge.New(server, bridge.Config{
		Info:     kernelInfo(),
		Startup:  startup,
		Notebook: notebook,
		History:  past,
		Log:      log,
		Preload:  notebook.Preload,
		Start: func(ctx context.Context) (bridge.Backend, error) {
			w, err := notebook.Workspace(ctx)
			if err != nil {
				return nil, err
			}
			g, err := gonb.Start(ctx, gonb.Config{
				Self: self, Program: w.Tool("gonb"), Env: notebook.Env(), Name: backendName(connectionFile),
				Dir: place.Dir, Orphaned: place.Folders(),
				Figures: kernel.Figures(), Log: log,
			})
			if err != nil {
				return nil, err
			}
			notebook.Attach(g.Module())
			return g, nil
		},
	})

	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt)
	go func() {
		for range interrupts {
			kernel.Signal()
		}
	}()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go watchParent(ctx, parent, func() {
		log.Info("the front end is gone")
		os.Remove(connectionFile) // nobody else will
		cancel()
	})
	kernel.Run(ctx)
	return nil
}

// watchParent calls gone when the process that started us has ended. Jupyter
// tells by JPY_PARENT_PID that it wants that; a kernel started by hand may
// outlive its shell.
func watchParent(ctx context.Context, parent int, gone func()) {
	if os.Getenv("JPY_PARENT_PID") == "" {
		return
	}
	for tick := time.NewTicker(250 * time.Millisecond); ; {
		select {
		case <-ctx.Done():
			tick.Stop()
			return
		case <-tick.C:
			// An orphan is given another parent: process 1, or a subreaper. It
			// may have been one before it looked for the first time.
			if os.Getppid() != parent || parent == 1 && missing(os.Getenv("JPY_PARENT_PID")) {
				tick.Stop()
				gone()
				return
			}
		}
	}
}

// missing reports whether there is no process of that identifier.
func missing(pid string) bool {
	n, err := strconv.Atoi(pid)
	return err == nil && n > 1 && errors.Is(syscall.Kill(n, 0), syscall.ESRCH)
}

// backendName is the name of GoNB's connection file. Its widgets take the
// kernel's identifier from it.
func backendName(connectionFile string) string {
	name := filepath.Base(connectionFile)
	if !strings.HasPrefix(name, "kernel-") || filepath.Ext(name) != ".json" {
		name = "kernel-" + strconv.Itoa(os.Getpid()) + ".json"
	}
	return name
}

// notebookName names the notebook, for what outlives a kernel of it: by its path,
// which Jupyter's server tells, or by the connection, which a restarted kernel
// takes over. What runs a notebook once and without a face has nothing to keep.
func notebookName(connectionFile string) string {
	if name := os.Getenv("JPY_SESSION_NAME"); name != "" {
		return name
	}
	if headless.IsConnection(connectionFile) {
		return ""
	}
	return connectionFile
}

// startup returns the user's start-up file, a cell that runs before all others.
func startup() (string, error) {
	code, _, err := workspace.Startup()
	return code, err
}

// kernelInfo is the content of kernel_info_reply.
func kernelInfo() map[string]any {
	goVersion := strings.TrimPrefix(runtime.Version(), "go")
	return map[string]any{
		"status":                 "ok",
		"protocol_version":       jupyter.ProtocolVersion,
		"implementation":         "spikebook",
		"implementation_version": version(),
		"banner":                 fmt.Sprintf("spikebook %s: spiking neurons in Go %s", version(), goVersion),
		"language_info": map[string]any{
			"name":               "go",
			"version":            goVersion,
			"mimetype":           "text/x-go",
			"file_extension":     ".go",
			"pygments_lexer":     "go",
			"codemirror_mode":    "go",
			"nbconvert_exporter": "script",
		},
		"help_links": []map[string]string{
			{"text": "Go", "url": "https://go.dev/doc/"},
			{"text": "GoNB", "url": "https://github.com/janpfeifer/gonb"},
			{"text": "Gonum Plot", "url": "https://pkg.go.dev/gonum.org/v1/plot"},
		},
		"supported_features": []string{},
		"debugger":           false,
	}
}
