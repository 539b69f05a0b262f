package history

import (
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	_ "modernc.org/sqlite" // the driver
)

// busyTime is how long another kernel may keep the file locked.
const busyTime = 10 * time.Second

// schema is that of IPython, so that its tools can read the file.
const schema = `
CREATE TABLE IF NOT EXISTS sessions (session integer primary key autoincrement, start timestamp, end timestamp, num_cmds integer, remark text);
CREATE TABLE IF NOT EXISTS history (session integer, line integer, source text, source_raw text, PRIMARY KEY (session, line));
CREATE TABLE IF NOT EXISTS output_history (session integer, line integer, output text, PRIMARY KEY (session, line));`

// timeForm is how Python writes a time.
const timeForm = "2006-01-02 15:04:05.000000"

// worker has the database. It belongs to one goroutine.
type worker struct {
	path    string
	log     *slog.Logger
	start   time.Time
	db      *sql.DB
	session int
	entries []Entry // of this session, to begin anew with in memory
}

// newWorker opens the file, or memory if that cannot be done.
func newWorker(path string, log *slog.Logger, start time.Time) *worker {
	w := &worker{path: path, log: log, start: start}
	if path == Memory || path == Off {
		w.useMemory()
	} else if err := w.openFile(); err != nil {
		w.giveUp(err)
	}
	return w
}

func (w *worker) openFile() error {
	path, err := filepath.Abs(w.path)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	// What people typed is not for others to read, whatever the umask says.
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	pragma := fmt.Sprintf("busy_timeout(%d)", busyTime.Milliseconds())
	dsn := url.URL{Scheme: "file", Path: path, RawQuery: url.Values{"_pragma": {pragma}, "_txlock": {"immediate"}}.Encode()}
	return w.open(dsn.String())
}

// open opens a database and begins a session in it.
func (w *worker) open(dsn string) error {
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(1) // each connection to memory would be a database of its own
	w.db = db
	if _, err := db.Exec(schema); err != nil {
		return err
	}
	result, err := db.Exec(`INSERT INTO sessions VALUES (NULL, ?, NULL, NULL, '')`, w.start.Format(timeForm))
	if err != nil {
		return err
	}
	id, err := result.LastInsertId()
	w.session = int(id)
	return err
}

// giveUp goes on in memory, with what this session has.
func (w *worker) giveUp(cause error) {
	w.log.Warn("the history of the cells cannot be kept; that of this session is in memory only", "file", w.path, "error", cause,
		"help", "move the file away if it is damaged, or name another in "+Variable)
	w.close()
	w.useMemory()
	for _, e := range w.entries {
		if err := w.insert(e); err != nil {
			w.log.Error("history", "error", err)
			return
		}
	}
}

// useMemory cannot fail but for lack of memory. There is no history then.
func (w *worker) useMemory() {
	w.path = Memory
	if err := w.open("file::memory:"); err != nil {
		w.log.Error("no history", "error", err)
	}
}

func (w *worker) close() {
	if w.db != nil {
		w.db.Close()
	}
}

// try does something with the file and, if the file fails, once more in memory.
func (w *worker) try(f func() error) {
	err := f()
	if err != nil && w.path != Memory {
		w.giveUp(err)
		err = f()
	}
	if err != nil {
		w.log.Error("history", "error", err)
	}
}

func (w *worker) append(e Entry) {
	w.entries = slices.DeleteFunc(w.entries, func(old Entry) bool { return old.Line == e.Line })
	w.entries = append(w.entries, e)
	w.try(func() error { return w.insert(e) })
}

func (w *worker) insert(e Entry) error {
	_, err := w.db.Exec(`INSERT OR REPLACE INTO history VALUES (?, ?, ?, ?)`, w.session, e.Line, e.Source, e.Source)
	switch {
	case err != nil:
		return err
	case e.Output == nil:
		_, err = w.db.Exec(`DELETE FROM output_history WHERE session = ? AND line = ?`, w.session, e.Line)
	default:
		_, err = w.db.Exec(`INSERT OR REPLACE INTO output_history VALUES (?, ?, ?)`, w.session, e.Line, *e.Output)
	}
	return err
}

func (w *worker) output(line int, output string) {
	i := slices.IndexFunc(w.entries, func(e Entry) bool { return e.Line == line })
	if i < 0 {
		return // it was not to be remembered
	}
	w.entries[i].Output = &output
	w.try(func() error { return w.insert(w.entries[i]) })
}

func (w *worker) end() {
	w.try(func() error {
		_, err := w.db.Exec(`UPDATE sessions SET end = ?, num_cmds = ? WHERE session = ?`,
			time.Now().Format(timeForm), len(w.entries), w.session)
		return err
	})
}

func (w *worker) tail(q Query) ([]Entry, error) {
	return w.last("", nil, q)
}

func (w *worker) search(pattern string, q Query) ([]Entry, error) {
	return w.last("WHERE source_raw GLOB ?", []any{pattern}, q)
}

// last selects inputs from the end, and returns them in their order. Those of
// this session are the last, although others may have begun since.
func (w *worker) last(where string, args []any, q Query) ([]Entry, error) {
	if q.Unique {
		// SQLite takes the bare columns from the row that has the maximum.
		where += " GROUP BY source_raw HAVING MAX((session = ?) * 9e15 + session * 131072 + line)"
		args = append(args, w.session)
	}
	args = append(args, w.session, q.N)
	entries, err := w.query(where+" ORDER BY session = ? DESC, session DESC, line DESC LIMIT ?", args, q.Output)
	slices.Reverse(entries)
	return entries, err
}

func (w *worker) lines(session, start, stop int, output bool) ([]Entry, error) {
	if session <= 0 {
		session += w.session
	}
	if start < 0 || stop <= 0 {
		var end int
		if err := w.db.QueryRow(`SELECT COALESCE(MAX(line), 0) + 1 FROM history WHERE session = ?`, session).Scan(&end); err != nil {
			return nil, err
		}
		if start < 0 {
			start += end
		}
		if stop <= 0 {
			stop += end
		}
	}
	return w.query("WHERE session = ? AND line >= ? AND line < ? ORDER BY line", []any{session, start, stop}, output)
}

// query selects inputs.
func (w *worker) query(clauses string, args []any, output bool) (entries []Entry, err error) {
	column, from := "NULL", "history"
	if output {
		column, from = "output", "history LEFT JOIN output_history USING (session, line)"
	}
	rows, err := w.db.Query(strings.Join([]string{"SELECT session, line, COALESCE(source_raw, source, ''),", column, "FROM", from, clauses}, " "), args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var e Entry
		if err := rows.Scan(&e.Session, &e.Line, &e.Source, &e.Output); err != nil {
			return nil, err
		}
		entries = append(entries, e)
	}
	return entries, rows.Err()
}
