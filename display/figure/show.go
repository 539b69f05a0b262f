package figure

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"spikebook/display/figure/socket"
)

// SocketVariable is the environment variable that holds the path of the unix
// socket at which the kernel takes figures. The kernel sets it for its cells.
const SocketVariable = "SPIKEBOOK_DISPLAY"

// Renderer draws a figure in one of [Formats].
type Renderer func(f *Figure, format string) ([]byte, error)

var renderer atomic.Pointer[Renderer]

// RegisterRenderer makes r the renderer of [Figure.Save] in programs that do
// not run in a kernel. Package spikebook/display/render registers itself when it
// is imported.
func RegisterRenderer(r Renderer) {
	if r == nil {
		panic("figure.RegisterRenderer: the renderer is nil")
	}
	renderer.Store(&r)
}

// Show publishes the figure in the notebook and returns when it is there. In a
// program that does not run in a kernel it prints the figure's line of words.
func (f *Figure) Show() error { return f.ShowAt(Place{}) }

// ShowAt is Show in a place of its own, which may be one where something is
// shown already.
func (f *Figure) ShowAt(at Place) error {
	if err := f.Validate(); err != nil {
		return fmt.Errorf("show: %w", err)
	}
	if !inKernel() {
		return printLine(f.String())
	}
	if _, err := ask(&Request{Op: OpShow, Figure: f, Place: at}); err != nil {
		return fmt.Errorf("show figure: %w", err)
	}
	return nil
}

// ShowBundle publishes contents by MIME type, of which the front end shows the
// richest that it knows, and returns when that is done. In a program that does
// not run in a kernel it prints text/plain.
func ShowBundle(bundle map[string]string, at Place) error {
	r := &Request{Op: OpBundle, Bundle: bundle, Place: at}
	if err := r.Check(); err != nil {
		return fmt.Errorf("show: %w", err)
	}
	if !inKernel() {
		return printLine(bundle["text/plain"])
	}
	if _, err := ask(r); err != nil {
		return fmt.Errorf("show: %w", err)
	}
	return nil
}

// ClearOutput removes what the cell has shown and printed so far, or does so
// when the next output comes, which avoids flicker. In a program that does not
// run in a kernel it does nothing.
func ClearOutput(wait bool) error {
	if !inKernel() {
		return nil
	}
	if _, err := ask(&Request{Op: OpClear, Wait: wait}); err != nil {
		return fmt.Errorf("clear output: %w", err)
	}
	return nil
}

// Save draws the figure into a file; the extension of path, .svg, .png or .pdf,
// says the format. The file appears complete or not at all, and replaces one
// that exists. In a cell the kernel draws; a program that does not run in a
// kernel needs
//
//	import _ "spikebook/display/render"
func (f *Figure) Save(path string) error {
	format := strings.ToLower(strings.TrimPrefix(filepath.Ext(path), "."))
	if err := checkFormat(format); err != nil {
		return fmt.Errorf("save %s: %w", path, err)
	}
	if err := f.Validate(); err != nil {
		return fmt.Errorf("save %s: %w", path, err)
	}
	data, err := f.render(format)
	if err != nil {
		return fmt.Errorf("save %s: %w", path, err)
	}
	if err := writeAtomic(path, data); err != nil {
		return fmt.Errorf("save figure: %w", err)
	}
	return nil
}

func (f *Figure) render(format string) ([]byte, error) {
	if inKernel() {
		reply, err := ask(&Request{Op: OpRender, Format: format, Figure: f})
		if err != nil {
			return nil, err
		}
		if len(reply.Data) == 0 {
			return nil, errors.New("the kernel returned an empty picture")
		}
		return reply.Data, nil
	}
	r := renderer.Load()
	if r == nil {
		return nil, errors.New(`nothing here can draw it: add import _ "spikebook/display/render" to the program`)
	}
	return (*r)(f, format)
}

func checkFormat(format string) error {
	if !slices.Contains(Formats, format) {
		return fmt.Errorf("unknown picture format %q, want an extension of %s", format, strings.Join(Formats, ", "))
	}
	return nil
}

func inKernel() bool { return os.Getenv(SocketVariable) != "" }

// ask sends r to the kernel and returns its reply; a reply that says why it
// failed is returned as an error.
func ask(r *Request) (*Reply, error) {
	path := os.Getenv(SocketVariable)
	c, err := socket.Dial(path)
	if err != nil {
		return nil, fmt.Errorf("%s names the kernel's socket %s, but no kernel answers there: %w", SocketVariable, path, err)
	}
	defer c.Close()
	awaitPrinted()
	sendErr := Send(c, r)
	// The kernel may have answered, and closed, before it took all of a
	// message that it refuses: its reply says more than the broken pipe.
	var pipe *fs.PathError
	if sendErr != nil && !errors.As(sendErr, &pipe) {
		return nil, sendErr
	}
	var reply Reply
	if err := Receive(c, &reply); err != nil {
		if sendErr != nil {
			err = sendErr
		}
		return nil, fmt.Errorf("talk to the kernel: %w", err)
	}
	if reply.Error != "" {
		return nil, errors.New(reply.Error)
	}
	return &reply, nil
}

// printLine prints text and, where it has none, the end of its line.
func printLine(text string) error {
	if !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	_, err := os.Stdout.WriteString(text)
	return err
}

// writeAtomic writes data beside path and renames it to path. The temporary
// file is made with the permissions that the user's umask gives a new file,
// which os.CreateTemp would not do.
func writeAtomic(path string, data []byte) error {
	file, err := createBeside(path)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, reason(err))
	}
	_, err = file.Write(data)
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", path, reason(err)), os.Remove(file.Name()))
	}
	return nil
}

// createBeside makes a new file, with a name of its own, in the folder of path.
func createBeside(path string) (file *os.File, err error) {
	for range 100 {
		name := "." + filepath.Base(path) + "." + strconv.FormatUint(rand.Uint64(), 36) + ".tmp"
		file, err = os.OpenFile(filepath.Join(filepath.Dir(path), name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if !errors.Is(err, fs.ErrExist) {
			break
		}
	}
	return file, err
}

// reason strips the name of the temporary file, which says nothing to the user,
// from an error of package os.
func reason(err error) error {
	if e := (*fs.PathError)(nil); errors.As(err, &e) {
		return e.Err
	}
	if e := (*os.LinkError)(nil); errors.As(err, &e) {
		return e.Err
	}
	return err
}
