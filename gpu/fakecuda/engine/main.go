// Command engine has the memory of one device of package fakecuda and runs its
// kernels, for a driver at the other end of the socket that is its standard input.
// It ends when the driver does.
package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"spikebook/gpu/ptxsim"
)

func main() {
	if err := serve(os.Stdin, &engine{device: ptxsim.Open(ptxsim.Options{})}); err != nil {
		fmt.Fprintln(os.Stderr, "fakecuda:", err)
		os.Exit(1)
	}
}

// request is what the driver sends: five numbers, and so many bytes behind them.
type request struct {
	Operation, A, B, C, Size uint64
}

// answer is what it gets.
type answer struct {
	Result, Value, Size uint64
}

// serve answers the requests of a connection until it is closed.
func serve(connection io.ReadWriter, e *engine) error {
	for in := bufio.NewReader(connection); ; {
		var q request
		if err := binary.Read(in, binary.NativeEndian, &q); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		payload := make([]byte, q.Size)
		if _, err := io.ReadFull(in, payload); err != nil {
			return err
		}
		result, value, reply := e.do(q, payload)
		a := answer{Result: uint64(result), Value: value, Size: uint64(len(reply))}
		out, err := binary.Append(nil, binary.NativeEndian, a)
		if err != nil {
			return err
		}
		if _, err := connection.Write(append(out, reply...)); err != nil {
			return err
		}
	}
}
