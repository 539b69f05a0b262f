package session

import (
	"io"
	"os"
)

// Output is the standard error of a cell. A write returns when the kernel has
// what was put out until then, on both outputs: so what a goroutine writes to
// the one and to the other stays in order. In a program that no kernel started
// it is the file.
type Output struct{ *os.File }

// Stderr stands for os.Stderr in cells, where a writer is wanted.
var Stderr = &Output{os.Stderr}

// A variable that holds a writer of standard error, as a logger does, finds
// that of the next program there.
func init() { Global("spikebook/kernel/session.Stderr", &Stderr) }

// Write writes p.
func (o *Output) Write(p []byte) (int, error) {
	attach()
	defer o.sync()
	return o.File.Write(p)
}

// WriteString writes s.
func (o *Output) WriteString(s string) (int, error) {
	attach()
	defer o.sync()
	return o.File.WriteString(s)
}

// ReadFrom copies r until its end. It hides the method of the file, after which
// the kernel would not be asked.
func (o *Output) ReadFrom(r io.Reader) (int64, error) {
	return io.Copy(struct{ io.Writer }{o}, r)
}

func (o *Output) sync() {
	if program != nil {
		program.sync()
	}
}
