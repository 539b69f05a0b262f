// Command release makes what is published of a version: an archive for each system with
// the spikebook command and its licences, their checksums, and the notes. It is run in
// the root of the repository. The same commit and the same Go give the same bytes,
// wherever and whenever it runs.
package main

import (
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// systems are those that there are archives for, as GOOS/GOARCH.
const systems = "linux/amd64,linux/arm64,darwin/arm64"

// toRead are files and folders that README.md sends its readers to.
var toRead = []string{"LICENSE", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "RATIONALE.md", "docs", "notebooks"}

func main() {
	version := flag.String("version", "", "the `VERSION`, as 1.2.3")
	seconds := flag.Int64("time", 0, "the time of all files, in `SECONDS` since 1970; that of the commit")
	out := flag.String("out", "", "the `FOLDER` that is made anew")
	targets := flag.String("systems", systems, "the `SYSTEMS` to build for")
	flag.Parse()
	if err := release(*version, time.Unix(*seconds, 0), *out, strings.Split(*targets, ",")); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

func release(version string, when time.Time, out string, targets []string) error {
	switch {
	case version == "" || out == "":
		return errors.New("want -version and -out; `make release` gives both")
	case strings.HasSuffix(version, "-dirty"):
		return fmt.Errorf("version %s has changes that are in no commit; commit them first", version)
	}
	changes, err := os.ReadFile("CHANGELOG.md")
	if err != nil {
		return err
	}
	text, err := notes(string(changes), version)
	if err != nil {
		return err
	}
	if err := errors.Join(os.RemoveAll(out), os.MkdirAll(out, 0o755)); err != nil {
		return err
	}
	var sums strings.Builder
	for _, target := range targets {
		name, err := build(version, target, when, out)
		if err != nil {
			return fmt.Errorf("%s: %w", target, err)
		}
		data, err := os.ReadFile(filepath.Join(out, name))
		if err != nil {
			return err
		}
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256(data), name)
	}
	fmt.Print(sums.String())
	return errors.Join(
		os.WriteFile(filepath.Join(out, "SHA256SUMS"), []byte(sums.String()), 0o644),
		os.WriteFile(filepath.Join(out, "notes.md"), []byte(text), 0o644),
	)
}

// build makes the archive for one system and returns its name.
func build(version, target string, when time.Time, out string) (name string, err error) {
	system, processor, ok := strings.Cut(target, "/")
	if !ok {
		return "", errors.New("expected GOOS/GOARCH, as linux/amd64")
	}
	environment := append(os.Environ(), "CGO_ENABLED=0", "GOOS="+system, "GOARCH="+processor, "GOAMD64=v1", "GOARM64=v8.0", "GOEXPERIMENT=", "GOFLAGS=", "GOWORK=off")
	run := func(args ...string) ([]byte, error) {
		cmd := exec.Command("go", args...)
		cmd.Env, cmd.Stderr = environment, os.Stderr
		return cmd.Output()
	}
	binary := filepath.Join(out, "spikebook")
	defer os.Remove(binary)
	if _, err := run("build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w -X main.stamped="+version, "-o", binary, "./kernel"); err != nil {
		return "", err
	}
	texts, err := licences(run)
	if err != nil {
		return "", err
	}
	program, err := os.ReadFile(binary)
	if err != nil {
		return "", err
	}
	files := []file{{"spikebook", 0o755, program}, {"THIRD_PARTY_LICENSES", 0o644, texts}}
	for _, root := range toRead {
		found, err := read(root)
		if err != nil {
			return "", err
		}
		files = append(files, found...)
	}
	folder := strings.Join([]string{"spikebook", version, system, processor}, "_")
	data, err := archive(folder, files, when)
	if err != nil {
		return "", err
	}
	name = folder + ".tar.gz"
	return name, os.WriteFile(filepath.Join(out, name), data, 0o644)
}
