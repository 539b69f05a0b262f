//go:build !linux

package supervisor

import (
	"fmt"
	"os/exec"
	"path"
	"strconv"
	"strings"
	"syscall"
)

// processes asks ps.
func processes() (processTable, error) {
	out, err := exec.Command("ps", "-A", "-o", "pid=,ppid=,state=,comm=").Output()
	if err != nil {
		return nil, fmt.Errorf("ps: %w", err)
	}
	var t processTable
	for line := range strings.Lines(string(out)) {
		f := strings.Fields(line)
		if len(f) < 4 {
			continue
		}
		pid, err1 := strconv.Atoi(f[0])
		parent, err2 := strconv.Atoi(f[1])
		if err1 == nil && err2 == nil {
			t = append(t, process{pid, parent, path.Base(f[3]), f[2][0] == 'Z'})
		}
	}
	return t, nil
}

// becomeReaper does nothing: only Linux hands orphans to an ancestor.
func becomeReaper() error { return nil }

func dieWithParent() *syscall.SysProcAttr { return nil }
