package supervisor

import (
	"bytes"
	"os"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// processes reads /proc: a container may have no ps.
func processes() (processTable, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	var t processTable
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		stat, err := os.ReadFile("/proc/" + e.Name() + "/stat")
		if err != nil {
			continue // ended meanwhile
		}
		if p, ok := parseStat(pid, stat); ok {
			t = append(t, p)
		}
	}
	return t, nil
}

// parseStat reads "pid (name) state parent ...". The name may hold anything.
func parseStat(pid int, stat []byte) (process, bool) {
	open, end := bytes.IndexByte(stat, '('), bytes.LastIndexByte(stat, ')')
	if open < 0 || end < open {
		return process{}, false
	}
	rest := bytes.Fields(stat[end+1:])
	if len(rest) < 2 {
		return process{}, false
	}
	parent, err := strconv.Atoi(string(rest[1]))
	return process{
		pid: pid, parent: parent,
		name:   string(stat[open+1 : end]),
		zombie: rest[0][0] == 'Z' || rest[0][0] == 'X',
	}, err == nil
}

// becomeReaper makes orphans among our descendants our children.
func becomeReaper() error {
	return unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
}

func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
