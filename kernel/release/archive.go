package main

import (
	"archive/tar"
	"bytes"
	"cmp"
	"compress/gzip"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// file is one of an archive.
type file struct {
	name string
	mode int64
	data []byte
}

// read returns a file, or those of a folder but what begins with a dot.
func read(root string) (files []file, err error) {
	err = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.Name()[0] == '.' && entry.IsDir():
			return filepath.SkipDir
		case entry.Name()[0] == '.' || entry.IsDir():
			return nil
		}
		data, err := os.ReadFile(path)
		files = append(files, file{filepath.ToSlash(path), 0o644, data})
		return err
	})
	return files, err
}

// archive packs files in a folder. Nothing in it tells who packed it, where, or when.
func archive(folder string, files []file, when time.Time) ([]byte, error) {
	files = slices.SortedFunc(slices.Values(files), func(a, b file) int { return cmp.Compare(a.name, b.name) })
	var out bytes.Buffer
	packed, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	t := tar.NewWriter(packed)
	for _, f := range files {
		header := &tar.Header{Name: folder + "/" + f.name, Mode: f.mode, Size: int64(len(f.data)), ModTime: when, Format: tar.FormatUSTAR}
		if err := t.WriteHeader(header); err != nil {
			return nil, err
		}
		if _, err := t.Write(f.data); err != nil {
			return nil, err
		}
	}
	err = errors.Join(t.Close(), packed.Close())
	return out.Bytes(), err
}
