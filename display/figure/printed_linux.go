package figure

import (
	"os"
	"syscall"
	"time"
	"unsafe"
)

// awaitPrinted waits until what the program has printed is read by the other
// end of the pipe, so that a figure does not overtake it. It gives up after a
// second: a reader that is that slow must not stop the program.
func awaitPrinted() {
	deadline := time.Now().Add(time.Second)
	for _, f := range []*os.File{os.Stdout, os.Stderr} {
		if info, err := f.Stat(); err != nil || info.Mode()&os.ModeNamedPipe == 0 {
			continue
		}
		for unread(f.Fd()) > 0 && time.Now().Before(deadline) {
			time.Sleep(100 * time.Microsecond)
		}
	}
}

// unread returns how many bytes wait in a pipe, 0 if the system does not say.
func unread(fd uintptr) int {
	var n int32
	if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, fd, syscall.TIOCINQ, uintptr(unsafe.Pointer(&n))); errno != 0 {
		return 0
	}
	return int(n)
}
