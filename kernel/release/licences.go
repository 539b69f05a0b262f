package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// licences returns the licences of what is linked into the command: most ask that who
// passes on the binary passes on their text.
func licences(run func(...string) ([]byte, error)) ([]byte, error) {
	root, err := run("env", "GOROOT")
	if err != nil {
		return nil, err
	}
	modules, err := run("list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}}\t{{.Dir}}{{end}}{{end}}", "./kernel")
	if err != nil {
		return nil, err
	}
	list := []string{"Go\t" + strings.TrimSpace(string(root))}
	for line := range strings.Lines(string(modules)) {
		if line = strings.TrimSpace(line); line != "" {
			list = append(list, line)
		}
	}
	slices.Sort(list)
	var out bytes.Buffer
	for _, line := range slices.Compact(list) {
		name, folder, _ := strings.Cut(line, "\t")
		text, err := licence(folder)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		fmt.Fprintf(&out, "==== %s\n\n%s\n\n", name, bytes.TrimSpace(text))
	}
	return out.Bytes(), nil
}

// licence returns what stands in the files of a module that say how it may be used.
func licence(folder string) (text []byte, err error) {
	var names []string
	for _, pattern := range []string{"LICEN[CS]E*", "COPYING*", "NOTICE*", "licenses/*"} {
		found, err := filepath.Glob(filepath.Join(folder, pattern))
		if err != nil {
			return nil, err
		}
		names = append(names, found...)
	}
	if len(names) == 0 {
		return nil, errors.New("no file says under which licence it is; look whether it may be passed on, and under which name it says so")
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		text = append(append(text, bytes.TrimSpace(data)...), "\n\n"...)
	}
	return text, nil
}
