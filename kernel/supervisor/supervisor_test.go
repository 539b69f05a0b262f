package supervisor

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The test binary is the supervisor, the supervised command and the one who
// asked for it, as its first argument says.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case Subcommand:
			os.Exit(Main(os.Args[2:]))
		case "owner": // starts the supervised command and never returns
			if _, err := Start(os.Args[0], shell(os.Args[2], os.Args[3])); err != nil {
				panic(err)
			}
			select {}
		case "deaf": // ignores SIGINT, says so by a file
			signal.Ignore(os.Interrupt)
			if err := os.WriteFile(os.Args[2], nil, 0o600); err != nil {
				panic(err)
			}
			never := make(chan os.Signal, 1) // select {} would be a deadlock
			signal.Notify(never, syscall.SIGUSR1)
			<-never
		}
	}
	os.Exit(m.Run())
}

// shell supervises a shell that runs the script in directory dir, which is
// removed at the end.
func shell(dir, script string) Command {
	return Command{
		Argv: []string{"sh", "-c", script}, Dir: dir, Env: os.Environ(),
		Remove: dir, Orphaned: []string{orphaned(dir)}, Spare: []string{"tail"},
	}
}

// orphaned is a directory of the caller's.
func orphaned(dir string) string { return dir + "-orphaned" }

// eventually waits for a condition, as long as a slow machine may take.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.NewTimer(20 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline.C:
			t.Fatalf("waited in vain: %s", what)
		case <-tick.C:
		}
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// pids reads the process ids that a script has written to dir/pids.
func pids(t *testing.T, dir string, n int) (ids []int) {
	eventually(t, fmt.Sprint(n, " pids"), func() bool {
		data, _ := os.ReadFile(filepath.Join(dir, "pids"))
		ids = nil
		for _, f := range strings.Fields(string(data)) {
			id, err := strconv.Atoi(f)
			if err != nil {
				return false
			}
			ids = append(ids, id)
		}
		return len(ids) == n
	})
	return ids
}

// running says whether a process is there and not a zombie.
func running(pid int) bool {
	table, err := processes()
	if err != nil {
		return true
	}
	for _, p := range table {
		if p.pid == pid {
			return !p.zombie
		}
	}
	return false
}

// family is a script that starts a child, a grandchild, and an orphan in a
// session of its own.
const family = `sleep 1000 & echo $! >>pids
sh -c 'sleep 1000 & echo $! >>pids; wait' &
setsid sh -c '(sleep 1000 & echo $! >>pids) &'
wait`

func workDir(t *testing.T) string {
	dir := filepath.Join(t.TempDir(), "work")
	for _, dir := range []string{dir, orphaned(dir)} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestStopLeavesNothing(t *testing.T) {
	dir := workDir(t)
	p, err := Start(os.Args[0], shell(dir, family))
	if err != nil {
		t.Fatal(err)
	}
	ids := pids(t, dir, 3)
	p.Stop()
	for _, id := range ids {
		if running(id) {
			t.Errorf("process %d is left", id)
		}
	}
	if exists(dir) {
		t.Error("the directory is left")
	}
	if !exists(orphaned(dir)) {
		t.Error("the directory of a living caller is gone")
	}
	if err := p.Cause(); err != nil {
		t.Errorf("cause after Stop: %v", err)
	}
}

func TestKilledOwnerLeavesNothing(t *testing.T) {
	dir := workDir(t)
	owner := exec.Command(os.Args[0], "owner", dir, family)
	if err := owner.Start(); err != nil {
		t.Fatal(err)
	}
	ids := pids(t, dir, 3)
	if err := owner.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = owner.Wait()
	eventually(t, "no process, no directory", func() bool {
		for _, id := range ids {
			if running(id) {
				return false
			}
		}
		return !exists(dir) && !exists(orphaned(dir))
	})
}

func TestKilledSupervisorLeavesNothing(t *testing.T) {
	dir := workDir(t)
	p, err := Start(os.Args[0], shell(dir, family))
	if err != nil {
		t.Fatal(err)
	}
	ids := pids(t, dir, 3)
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-p.Done()
	for _, id := range ids {
		if running(id) {
			t.Errorf("process %d is left", id)
		}
	}
	if exists(dir) {
		t.Error("the directory is left")
	}
}

func TestCauseIsTheLastThatWasSaid(t *testing.T) {
	p, err := Start(os.Args[0], shell(workDir(t), "echo something is wrong >&2; exit 3"))
	if err != nil {
		t.Fatal(err)
	}
	<-p.Done()
	if got := fmt.Sprint(p.Cause()); got != "exit status 3\nsomething is wrong" {
		t.Errorf("cause %q", got)
	}
}

// The tools of the command, what its children have started, and what it starts
// later are interrupted; what is spared is not.
func TestInterrupt(t *testing.T) {
	dir := workDir(t)
	script := `trap 'echo >interrupted' INT
tail -f /dev/null & echo $! >>pids
sh -c 'sh -c "echo \$\$ >>pids; exec sleep 1000"; true'
while [ ! -e interrupted ]; do sleep 0.01; done
sh -c 'echo $$ >>pids; exec sleep 1000'
echo >over; wait`
	p, err := Start(os.Args[0], shell(dir, script))
	if err != nil {
		t.Fatal(err)
	}
	defer p.Stop()
	ids := pids(t, dir, 2)
	p.Interrupt()
	eventually(t, "the late child ends", func() bool { return exists(filepath.Join(dir, "over")) })
	p.Calm()
	names := map[int]string{}
	table, err := processes()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range table {
		names[p.pid] = p.name
	}
	for _, id := range ids {
		if want := names[id] == "tail"; running(id) != want {
			t.Errorf("process %d (%s) running: %v", id, names[id], running(id))
		}
	}
	if names[ids[0]] != "tail" && names[ids[1]] != "tail" {
		t.Error("the spared process was interrupted")
	}
}

// Calm returns when the supervisor has done what it was told before, not as
// soon as it is told, or when there is no supervisor.
func TestCalmWaits(t *testing.T) {
	p, err := Start(os.Args[0], shell(workDir(t), "sleep 1000"))
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	calm := make(chan struct{})
	go func() {
		defer close(calm)
		p.Interrupt()
		p.Calm()
	}()
	select {
	case <-calm:
		t.Error("Calm has returned, but the supervisor is stopped")
	case <-time.After(50 * time.Millisecond):
	}
	if err := p.cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	<-calm
	p.Stop()
	p.Calm()
}

func TestKillReachesWhatIgnoresInterrupts(t *testing.T) {
	dir := workDir(t)
	deaf := filepath.Join(dir, "deaf")
	p, err := Start(os.Args[0], shell(dir, fmt.Sprintf(`trap '' INT; %s deaf %s; echo >over; while :; do sleep 1000; done`, os.Args[0], deaf)))
	if err != nil {
		t.Fatal(err)
	}
	defer p.Stop()
	eventually(t, "the deaf child", func() bool { return exists(deaf) })
	p.Interrupt()
	p.Kill()
	eventually(t, "the deaf child ends", func() bool { return exists(filepath.Join(dir, "over")) })
}

// A child that ignores interrupts, and whose parent has ended, ends with it.
func TestCalmEndsWhatIgnoresInterrupts(t *testing.T) {
	dir := workDir(t)
	deaf := filepath.Join(dir, "deaf")
	p, err := Start(os.Args[0], shell(dir, fmt.Sprintf(`trap 'echo' INT; sh -c '%s deaf %s & echo $! >>pids; wait'; sleep 1000`, os.Args[0], deaf)))
	if err != nil {
		t.Fatal(err)
	}
	defer p.Stop()
	id := pids(t, dir, 1)[0]
	eventually(t, "the deaf child", func() bool { return exists(deaf) })
	p.Interrupt()
	p.Calm()
	eventually(t, "the deaf child ends", func() bool { return !running(id) })
}

func TestParseStat(t *testing.T) {
	p, ok := parseStat(7, []byte("7 (a) b (c)) S 3 7 7 0"))
	if !ok || p != (process{pid: 7, parent: 3, name: "a) b (c)"}) {
		t.Errorf("got %+v, %v", p, ok)
	}
	if _, ok := parseStat(7, []byte("7 gibberish")); ok {
		t.Error("gibberish was accepted")
	}
}
