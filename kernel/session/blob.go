package session

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"syscall"
	"unsafe"
)

const (
	blobMin = 64 << 10 // pointer-free memory from this size on has a file of its own
	page    = 4096
)

// blob is large pointer-free memory: a file that is mapped copy-on-write, and the pages that differ from it.
type blob struct {
	file   string
	size   uintptr
	stamp  int64  // when file was written, in ns: to read it all for a checksum would take too long
	patch  string // "" when the file is the whole truth
	crc    uint32 // of the patch
	base   unsafe.Pointer
	mapped bool // base is a mapping of file
}

// mapFile maps the file and applies the patch, whose pages are then the changed pages again.
func (b *blob) mapFile(dir string) error {
	f, err := os.Open(filepath.Join(dir, b.file))
	if err != nil {
		return &Damaged{b.file, err.Error()}
	}
	defer f.Close()
	if err := b.check(f.Stat()); err != nil {
		return err
	}
	mem, err := syscall.Mmap(int(f.Fd()), 0, int(b.size), syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE)
	if err != nil {
		return fmt.Errorf("the session's file %s cannot be mapped into memory: %w", b.file, err)
	}
	b.base, b.mapped = unsafe.Pointer(&mem[0]), true
	p, err := b.readPatch(dir)
	if err != nil {
		return err
	}
	return applyPatch(mem, p, b.patch)
}

// readPatch reads the pages that differ from the file, none if there is no patch.
func (b *blob) readPatch(dir string) ([]byte, error) {
	if b.patch == "" {
		return nil, nil
	}
	p, err := disk.read(filepath.Join(dir, b.patch))
	if err != nil {
		return nil, &Damaged{b.patch, err.Error()}
	}
	if checksum(p) != b.crc {
		return nil, &Damaged{b.patch, "its checksum differs"}
	}
	return p, nil
}

// check compares the file with what it was when it was written. A short mapping would be a SIGBUS later.
func (b *blob) check(st os.FileInfo, err error) error {
	switch {
	case err != nil:
		return &Damaged{b.file, err.Error()}
	case st.Size() != int64(b.size):
		return &Damaged{b.file, "its size is wrong"}
	case st.ModTime().UnixNano() != b.stamp:
		return &Damaged{b.file, "something else has written to it"}
	}
	return nil
}

func applyPatch(mem, p []byte, name string) error {
	for len(p) >= 8 {
		number := binary.LittleEndian.Uint64(p)
		n := min(page, len(p)-8)
		if number > uint64(len(mem)/page) || int(number)*page+n > len(mem) {
			return &Damaged{name, "a page is out of range"}
		}
		copy(mem[int(number)*page:], p[8:8+n])
		p = p[8+n:]
	}
	return nil
}

// changedPages lists the pages of a mapping that were written to. The kernel gives a private mapping its own page at the first
// write, and /proc/self/pagemap tells such a page (present or swapped, not file-backed) from a page of the file.
func changedPages(base unsafe.Pointer, size uintptr) ([]uint64, error) {
	f, err := os.Open("/proc/self/pagemap")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var pages []uint64
	n := int((size + page - 1) / page)
	buf := make([]uint64, min(n, 32<<10))
	for done := 0; done < n; {
		part := buf[:min(len(buf), n-done)]
		b := unsafe.Slice((*byte)(unsafe.Pointer(&part[0])), len(part)*8)
		if _, err := f.ReadAt(b, int64(uintptr(base)/page*8)+int64(done)*8); err != nil {
			return nil, err
		}
		for i, e := range part {
			if e>>62 != 0 && e>>61&1 == 0 {
				pages = append(pages, uint64(done+i))
			}
		}
		done += len(part)
	}
	return pages, nil
}

// differingPages is for systems without pagemap.
func differingPages(dir string, b *blob) ([]uint64, error) {
	old := &blob{file: b.file, size: b.size, stamp: b.stamp}
	if err := old.mapFile(dir); err != nil {
		return nil, err
	}
	now, was := b.bytes(), old.bytes()
	defer syscall.Munmap(was)
	var pages []uint64
	for at := uintptr(0); at < b.size; at += page {
		if end := min(at+page, b.size); string(now[at:end]) != string(was[at:end]) {
			pages = append(pages, uint64(at/page))
		}
	}
	return pages, nil
}

func (b *blob) bytes() []byte { return unsafe.Slice((*byte)(b.base), b.size) }

// save brings the files of a blob up to date and returns what it wrote. suffix makes new names.
func (b blob) save(dir, suffix string) (saved blob, written []string, err error) {
	mem := b.bytes()
	if b.mapped {
		pages, err := changedPages(b.base, b.size)
		if err != nil {
			if pages, err = differingPages(dir, &b); err != nil {
				return b, nil, err
			}
		}
		if len(pages) == 0 {
			return b, nil, nil // a patch would have changed pages
		}
		if uintptr(len(pages))*page < b.size/4 {
			w := make([]byte, 0, len(pages)*(page+8))
			for _, p := range pages {
				w = binary.LittleEndian.AppendUint64(w, p)
				w = append(w, mem[p*page:min(uintptr(p+1)*page, b.size)]...)
			}
			crc := checksum(w)
			if b.patch != "" && crc == b.crc {
				return b, nil, nil
			}
			b.patch, b.crc = "patch-"+suffix, crc
			return b, []string{b.patch}, disk.write(filepath.Join(dir, b.patch), w)
		}
	}
	b.file, b.patch, b.crc = "blob-"+suffix, "", 0
	name := filepath.Join(dir, b.file)
	if err := disk.write(name, mem); err != nil {
		return b, []string{b.file}, err
	}
	st, err := os.Stat(name)
	if err == nil {
		b.stamp = st.ModTime().UnixNano()
	}
	return b, []string{b.file}, err
}

// blobAt finds the mapped file that has address a.
func (s *session) blobAt(a uintptr) *blob {
	if len(s.blobs) == 0 {
		return nil
	}
	i := sort.Search(len(s.blobs), func(i int) bool { return uintptr(s.blobs[i].base) > a }) - 1
	if i >= 0 && a < uintptr(s.blobs[i].base)+s.blobs[i].size {
		return s.blobs[i]
	}
	return nil
}

// unmap gives the mappings back; only tests, which open many sessions in one process, need that.
func (s *session) unmap() {
	for _, b := range s.blobs {
		if b.mapped {
			syscall.Munmap(b.bytes())
		}
	}
	for _, b := range s.copied {
		syscall.Munmap(b.bytes())
	}
	s.blobs, s.copied = nil, nil
}
