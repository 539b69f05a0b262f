package figure

import (
	"os"
	"testing"
)

func TestAwaitPrinted(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	stdout := os.Stdout
	os.Stdout = w
	defer func() { os.Stdout = stdout }()
	if _, err := w.WriteString("printed"); err != nil {
		t.Fatal(err)
	}
	if n := unread(w.Fd()); n != 7 {
		t.Fatalf("%d bytes wait in the pipe, want 7", n)
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		if _, err := r.Read(make([]byte, 100)); err != nil {
			t.Error(err)
		}
	}()
	awaitPrinted()
	if n := unread(w.Fd()); n != 0 {
		t.Errorf("%d bytes wait in the pipe still", n)
	}
	<-read
}
