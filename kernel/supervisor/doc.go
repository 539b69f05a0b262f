// Package supervisor keeps a process that outlives our own for a moment and
// leaves nothing behind. It knows how to start one command, to interrupt
// everything that command runs, and to kill all of it and remove its directory
// when the one who asked for it is gone, even by SIGKILL. It knows nothing of
// Jupyter or of what the command does.
//
// GoNB starts the Go tool chain, shells and cells, some in process groups of
// their own, and keeps its files in a temporary directory. None of these end
// when GoNB is killed, and GoNB does not notice when we are. So GoNB runs
// under a supervisor: a small process in a session of its own, to which, on
// Linux, all orphans below it are handed (PR_SET_CHILD_SUBREAPER), and which
// reads its standard input. The end of that input means that we are gone.
package supervisor
