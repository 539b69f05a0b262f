package session

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"spikebook/kernel/session/wire"
)

// Input is the standard input of a cell: each line that is read is asked from
// the user. Where the front end takes no input, reading gives io.EOF. In a
// program that no kernel started it is the file.
type Input struct {
	*os.File

	mu   sync.Mutex
	rest []byte // of the line that was read last
}

// Stdin stands for os.Stdin in cells.
var Stdin = &Input{File: os.Stdin}

// A variable that holds a reader of the input finds the input of the next
// program there.
func init() { Global("spikebook/kernel/session.Stdin", &Stdin) }

// Read reads from the line that the user typed last, or asks for the next one.
func (in *Input) Read(p []byte) (int, error) {
	attach()
	if program == nil {
		return in.File.Read(p)
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	if len(p) == 0 {
		return 0, nil
	}
	if len(in.rest) == 0 {
		line, err := program.line(wire.Input{})
		if err != nil {
			return 0, err
		}
		if line.EOF {
			return 0, io.EOF
		}
		in.rest = append([]byte(line.Text), '\n')
	}
	n := copy(p, in.rest)
	in.rest = in.rest[n:]
	return n, nil
}

// WriteTo copies lines to w until the user ends the input. It hides the method
// of the file, which would not ask.
func (in *Input) WriteTo(w io.Writer) (int64, error) {
	return io.Copy(w, struct{ io.Reader }{in})
}

// Scan is fmt.Scan, reading from [Stdin].
func Scan(a ...any) (int, error) { return fmt.Fscan(source, a...) }

// Scanln is fmt.Scanln, reading from [Stdin].
func Scanln(a ...any) (int, error) { return fmt.Fscanln(source, a...) }

// Scanf is fmt.Scanf, reading from [Stdin].
func Scanf(format string, a ...any) (int, error) { return fmt.Fscanf(source, format, a...) }

// source is Stdin as package fmt sees os.Stdin: it takes single bytes and none
// back. What follows a value on its line is there for the next call, but for
// the character that ended the value. To give that one back, too, would make a
// Scanln after a Scan find an empty line, which it does not in other programs.
var source io.Reader = struct{ io.Reader }{Stdin}

// ReadLine shows the prompt and returns the line that the user types, without
// its end. The error is io.EOF where the user ended the input and where the
// front end takes none.
func ReadLine(prompt string) (string, error) { return readLine(prompt, false) }

// ReadPassword is [ReadLine] for what must not be seen while it is typed. Only
// a front end can hide it.
func ReadPassword(prompt string) (string, error) { return readLine(prompt, true) }

func readLine(prompt string, password bool) (string, error) {
	attach()
	if program == nil {
		fmt.Print(prompt)
		return nextLine(Stdin)
	}
	line, err := program.line(wire.Input{Prompt: prompt, Password: password})
	if err != nil {
		return "", err
	}
	if line.EOF {
		return "", io.EOF
	}
	return line.Text, nil
}

// nextLine reads one line and nothing after it.
func nextLine(r io.Reader) (string, error) {
	var line strings.Builder
	for one := make([]byte, 1); ; {
		switch n, err := r.Read(one); {
		case n > 0 && one[0] == '\n':
			return strings.TrimSuffix(line.String(), "\r"), nil
		case n > 0:
			line.WriteByte(one[0])
		case err == io.EOF && line.Len() > 0: // the last line may lack its end
			return line.String(), nil
		case err != nil:
			return "", err
		}
	}
}
