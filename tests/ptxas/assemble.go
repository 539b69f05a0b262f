package main

import (
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
)

// usage is what a kernel takes at most, of several GPUs.
type usage struct{ registers, spilled int }

// assemble assembles kernels as one module, which takes less time. It returns what
// the assembler complains of.
func assemble(path, target string, kernels []kernel, usages map[string]usage) (complaints []string, err error) {
	c := exec.Command(path, "-v", "-arch="+target, "-o", "/dev/null", "-")
	c.Stdin = strings.NewReader(join(kernels))
	output, err := c.CombinedOutput()
	if _, exited := err.(*exec.ExitError); err != nil && !exited {
		return nil, fmt.Errorf("%w; give its path with -ptxas", err)
	}
	if err != nil {
		complaints = append(complaints, err.Error())
	}
	return append(complaints, read(string(output), usages)...), nil
}

// join makes one module of several: what stands before the first empty line of each
// is the same.
func join(kernels []kernel) string {
	var b strings.Builder
	for i, k := range kernels {
		head, body, _ := strings.Cut(k.Module, "\n\n")
		if i == 0 {
			b.WriteString(head + "\n\n")
		}
		b.WriteString(body + "\n")
	}
	return b.String()
}

var (
	entryLine    = regexp.MustCompile(`Compiling entry function '(\w+)'`)
	spillLine    = regexp.MustCompile(`(\d+) bytes spill stores, (\d+) bytes spill loads`)
	registerLine = regexp.MustCompile(`Used (\d+) registers`)
)

// read reads what the assembler says. Every line that it does not expect is a
// complaint.
func read(output string, usages map[string]usage) (complaints []string) {
	number := func(s string) int { n, _ := strconv.Atoi(s); return n }
	var entry string
	for line := range strings.Lines(output) {
		u := usages[entry]
		switch {
		case entryLine.MatchString(line):
			entry = entryLine.FindStringSubmatch(line)[1]
		case spillLine.MatchString(line):
			m := spillLine.FindStringSubmatch(line)
			u.spilled = max(u.spilled, number(m[1]), number(m[2]))
			usages[entry] = u
		case registerLine.MatchString(line):
			u.registers = max(u.registers, number(registerLine.FindStringSubmatch(line)[1]))
			usages[entry] = u
		case strings.HasPrefix(line, "ptxas info"):
		default:
			complaints = append(complaints, strings.TrimSpace(line))
		}
	}
	return complaints
}
