package supervisor

import "slices"

// process is one row of the system's process table.
type process struct {
	pid, parent int
	name        string
	zombie      bool
}

type processTable []process

// below returns the descendants of pid, without those in except and below
// them.
func (t processTable) below(pid int, except []int) (found []process) {
	for _, p := range t {
		if p.parent == pid && p.pid != pid && !slices.Contains(except, p.pid) {
			found = append(found, p)
			found = append(found, t.below(p.pid, except)...)
		}
	}
	return found
}
