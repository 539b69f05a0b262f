package build

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"spikebook/kernel/atomicfile"
	"strings"
)

// RunVariable is the environment variable that holds the folder of [Arm]; the
// shims read it.
const RunVariable = "SPIKEBOOK_RUN"

// goShim answers the one build that a prepared program waits for. The program
// is taken away first: a cell that calls the go command itself gets that.
// Only builtins run before the exec, which keeps it at a millisecond.
const goShim = `#!/bin/sh
# Written by spikebook: answers the build of a cell that was built already.
if [ -n "$SPIKEBOOK_RUN" ] && [ -s "$SPIKEBOOK_RUN/program" ]; then
	case "$1 $2 $3" in
	"build -o "?*) out=$3 ;;
	"test -c -o") out=$4 ;;
	"get  " | "get -t ") exit 0 ;;
	*) out= ;;
	esac
	if [ -n "$out" ] && IFS= read -r program <"$SPIKEBOOK_RUN/program" && [ -n "$program" ]; then
		: >"$SPIKEBOOK_RUN/program"
		exec ln -sfn -- "$program" "$out"
	fi
fi
exec @ "$@"
`

// goimportsShim leaves the source of a prepared program alone.
const goimportsShim = `#!/bin/sh
# Written by spikebook: a cell that was built already needs no imports.
[ -n "$SPIKEBOOK_RUN" ] && [ -s "$SPIKEBOOK_RUN/program" ] && exit 0
exec @ "$@"
`

// WriteShims writes the programs go and goimports into a folder that goes
// first in GoNB's PATH. While nothing is armed they are the real ones.
func WriteShims(dir, goPath, goimportsPath string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for name, s := range map[string]struct{ text, path string }{
		"go": {goShim, goPath}, "goimports": {goimportsShim, goimportsPath},
	} {
		quoted := "'" + strings.ReplaceAll(s.path, "'", `'\''`) + "'"
		file := filepath.Join(dir, name)
		if err := atomicfile.Write(file, []byte(strings.Replace(s.text, "exec @", "exec "+quoted, 1))); err != nil {
			return err
		}
		if err := os.Chmod(file, 0o755); err != nil {
			return err
		}
	}
	return nil
}

// Arm makes a program the answer to GoNB's next build, once. The folder is the
// one that [RunVariable] names in GoNB's environment.
func Arm(runDir, binary string) error {
	if strings.Contains(binary, "\n") {
		return errors.New("arm: the path of the program has a line break")
	}
	if err := os.MkdirAll(runDir, 0o700); err != nil {
		return err
	}
	return atomicfile.Write(filepath.Join(runDir, "program"), []byte(binary+"\n"))
}

// Disarm takes back a program that GoNB has not asked for.
func Disarm(runDir string) error {
	err := os.Remove(filepath.Join(runDir, "program"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
