// Command spikebook is a Jupyter kernel for experiments with spiking neural
// networks in Go, and the tools around it: it installs itself into Jupyter,
// runs notebooks headless and says what is wrong with a machine.
package main

import (
	"fmt"
	"io"
	"os"

	"spikebook/gpu/worker/cmd"
	"spikebook/kernel/gocache"
	"spikebook/kernel/live"
	"spikebook/kernel/supervisor"
)

// subcommand is one thing that the command can do. Its function gets the
// arguments after its name and returns the exit status: 0 ok, 1 failed, 2
// usage.
type subcommand struct {
	name, summary string
	run           func(args []string) int
}

var subcommands = []subcommand{
	{"install", "make the kernel known to Jupyter", installMain},
	{"uninstall", "undo install", uninstallMain},
	{"run", "be the kernel (Jupyter calls this)", runMain},
	{"exec", "run a notebook without a front end", execMain},
	{"doctor", "check this machine and say what to do", doctorMain},
	{"version", "print versions", versionMain},
}

func main() { os.Exit(dispatch(os.Args[1:])) }

func dispatch(args []string) int {
	if len(args) == 0 {
		usage(os.Stderr)
		return 2
	}
	switch args[0] {
	case "help", "-h", "-help", "--help":
		usage(os.Stdout)
		return 0
	case supervisor.Subcommand: // not for people
		return supervisor.Main(args[1:])
	case live.WorkerSubcommand: // nor this
		return cmd.Main("spikebook "+live.WorkerSubcommand, args[1:])
	case gocache.Subcommand: // nor this
		return gocache.Main(args[1:])
	case papermillSubcommand: // nor this
		return papermillMain()
	}
	for _, s := range subcommands {
		if s.name == args[0] {
			return s.run(args[1:])
		}
	}
	fmt.Fprintf(os.Stderr, "spikebook: there is no subcommand %q\n", args[0])
	if near := nearest(args[0]); near != "" {
		fmt.Fprintf(os.Stderr, "Did you mean `spikebook %s`?\n", near)
	}
	fmt.Fprintln(os.Stderr)
	usage(os.Stderr)
	return 2
}

// nearest returns the subcommand that was probably meant, if there is one: it
// takes at most two changes, and fewer than half of its letters.
func nearest(name string) (near string) {
	least := 3
	for _, s := range subcommands {
		if d := distance(name, s.name); d < least && 2*d < len(s.name) {
			near, least = s.name, d
		}
	}
	return near
}

// distance counts the insertions, deletions and replacements of bytes that
// make b of a (Levenshtein, 1965).
func distance(a, b string) int {
	row := make([]int, len(b)+1) // distances of a[:i] to the beginnings of b
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

func usage(w io.Writer) {
	fmt.Fprint(w, "usage: spikebook SUBCOMMAND [ARGUMENTS]\n\n")
	for _, s := range subcommands {
		fmt.Fprintf(w, "  %-10s %s\n", s.name, s.summary)
	}
	fmt.Fprint(w, "\n`spikebook SUBCOMMAND -h` tells more.\n")
}
