package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// process is a line of the process table.
type process struct {
	pid, parent int
	name        string
}

// processes reads the process table without those that have ended.
func processes() (table []process) {
	entries, _ := os.ReadDir("/proc") // without it no process is found, which is noticed
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		stat, err := os.ReadFile(filepath.Join("/proc", e.Name(), "stat"))
		if err != nil {
			continue
		}
		// "pid (name) state parent ...": the name may hold anything.
		open, end := bytes.IndexByte(stat, '('), bytes.LastIndexByte(stat, ')')
		rest := strings.Fields(string(stat[end+1:]))
		if open < 0 || len(rest) < 2 || rest[0] == "Z" || rest[0] == "X" {
			continue
		}
		parent, _ := strconv.Atoi(rest[1]) // a number, says the kernel
		table = append(table, process{pid, parent, string(stat[open+1 : end])})
	}
	return table
}

// below lists the processes below pid.
func below(pid int) (found []process) {
	table := processes()
	parents := []int{pid}
	for len(parents) > 0 {
		var next []int
		for _, p := range table {
			if slices.Contains(parents, p.parent) {
				found = append(found, p)
				next = append(next, p.pid)
			}
		}
		parents = next
	}
	return found
}

// marked lists the processes that were started with a line of the environment.
func marked(line string) (found []process) {
	for _, p := range processes() {
		env, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(p.pid), "environ"))
		if err == nil && p.pid != os.Getpid() && slices.Contains(strings.Split(string(env), "\x00"), line) {
			found = append(found, p)
		}
	}
	return found
}

// program is the path of what a process runs.
func (p process) program() string {
	path, _ := os.Readlink(filepath.Join("/proc", strconv.Itoa(p.pid), "exe"))
	return path
}

// isCell says whether a process is the program of a cell.
func (p process) isCell() bool {
	return strings.Contains(p.program(), string(filepath.Separator)+"cells"+string(filepath.Separator))
}

// isTool says whether a process compiles or links.
func (p process) isTool() bool { return slices.Contains([]string{"compile", "link", "go"}, p.name) }

func (p process) kill() bool { return syscall.Kill(p.pid, syscall.SIGKILL) == nil }
