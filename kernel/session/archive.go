package session

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"time"
)

const archiveMagic = "spikebook archive 1\n"

// Save writes everything in dir, and extra beside it, into one file that replaces file when it is complete and on the disk.
func Save(dir, file string, extra []byte) (err error) {
	if err := Verify(dir); err != nil {
		return err
	}
	m, err := readManifest(dir)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(file), ".spikebook-*")
	if err != nil {
		return fmt.Errorf("the session could not be saved as %s: %w", file, err)
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("the session could not be saved as %s, which is as before: %w", file, errors.Join(err, f.Close(), os.Remove(f.Name())))
		}
	}()
	a := &archiver{w: f, sum: crc32.New(castagnoli)}
	a.bytes([]byte(archiveMagic))
	a.sized(extra)
	seen := map[string]bool{}
	add := func(name string) {
		if name != "" && !seen[name] {
			seen[name] = true
			a.file(dir, name)
		}
	}
	for _, c := range m.comps {
		add(c.file)
		for _, f := range c.files {
			add(f)
		}
	}
	if m.gen > 0 {
		add(manifestFile)
	}
	a.sized(nil)
	if a.err == nil {
		_, a.err = f.Write(a.sum.Sum(nil))
	}
	if a.err == nil {
		a.err = f.Sync()
	}
	if a.err != nil {
		return a.err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), file); err != nil {
		return err
	}
	return syncDir(filepath.Dir(file))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// archiver writes, and remembers the first error.
type archiver struct {
	w   io.Writer
	sum hash.Hash32
	err error
}

func (a *archiver) bytes(b []byte) {
	if a.err == nil {
		a.sum.Write(b)
		_, a.err = a.w.Write(b)
	}
}

func (a *archiver) size(n int64) { a.bytes(binary.LittleEndian.AppendUint64(nil, uint64(n))) }

func (a *archiver) sized(b []byte) {
	a.size(int64(len(b)))
	a.bytes(b)
}

func (a *archiver) file(dir, name string) {
	f, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		a.err = errors.Join(a.err, err)
		return
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		a.err = errors.Join(a.err, err)
		return
	}
	a.sized([]byte(name))
	a.size(st.Size())
	a.size(st.ModTime().UnixNano())
	if a.err == nil {
		_, a.err = io.CopyN(io.MultiWriter(a.w, a.sum), f, st.Size())
	}
}

// Restore replaces what is in dir by what Save wrote into file, and gives back extra. When it fails, dir is as it was.
func Restore(file, dir string) (extra []byte, err error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	fresh, old := dir+".new", dir+".old"
	if err := errors.Join(os.RemoveAll(fresh), os.RemoveAll(old), os.MkdirAll(fresh, 0o700)); err != nil {
		return nil, err
	}
	defer os.RemoveAll(fresh)
	if extra, err = unpack(f, filepath.Base(file), fresh); err != nil {
		return nil, err
	}
	if err := Verify(fresh); err != nil {
		return nil, fmt.Errorf("%s holds a session that cannot be used: %w", file, err)
	}
	if err := os.Rename(dir, old); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	if err := os.Rename(fresh, dir); err != nil {
		return nil, errors.Join(err, os.Rename(old, dir))
	}
	return extra, os.RemoveAll(old)
}

func unpack(f *os.File, name, dir string) (extra []byte, err error) {
	bad := func(what string) error {
		return fmt.Errorf("%s is no session that %%session save wrote, or it is damaged (%s); use another copy", name, what)
	}
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	left := st.Size() - 4
	sum := crc32.New(castagnoli)
	r := io.TeeReader(f, sum)
	take := func(n int64) ([]byte, bool) {
		if n < 0 || n > left {
			return nil, false
		}
		left -= n
		b := make([]byte, n)
		_, err := io.ReadFull(r, b)
		return b, err == nil
	}
	size := func() (int64, bool) {
		b, ok := take(8)
		if !ok {
			return 0, false
		}
		n := int64(binary.LittleEndian.Uint64(b))
		return n, n >= 0 && n <= left
	}
	if b, ok := take(int64(len(archiveMagic))); !ok || string(b) != archiveMagic {
		return nil, bad("its beginning is not ours")
	}
	n, ok := size()
	if ok {
		extra, ok = take(n)
	}
	if !ok {
		return nil, bad("it ends early")
	}
	for {
		n, ok := size()
		b, ok2 := take(n)
		if !ok || !ok2 {
			return nil, bad("it ends early")
		}
		if n == 0 {
			break
		}
		if !plainName(string(b)) {
			return nil, bad("it names the file " + string(b))
		}
		n, ok = size()
		written, ok2 := take(8)
		if !ok || !ok2 || n > left {
			return nil, bad("it ends early")
		}
		left -= n
		out, err := os.OpenFile(filepath.Join(dir, string(b)), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return nil, err
		}
		_, err = io.CopyN(out, r, n)
		stamp := time.Unix(0, int64(binary.LittleEndian.Uint64(written)))
		if err = errors.Join(err, out.Close(), os.Chtimes(out.Name(), stamp, stamp)); err != nil {
			return nil, err
		}
	}
	want := sum.Sum(nil)
	var got [4]byte
	if _, err := io.ReadFull(f, got[:]); err != nil || left != 0 || string(got[:]) != string(want) {
		return nil, bad("its checksum differs")
	}
	return extra, nil
}
