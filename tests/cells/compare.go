package main

import (
	"fmt"
	"regexp"
	"strings"
)

// checkPatterns returns an error if a line is a regular expression that is none.
func checkPatterns(text string) error {
	for line := range strings.SplitSeq(text, "\n") {
		if pattern, ok := strings.CutPrefix(line, "~ "); ok {
			if _, err := regexp.Compile(pattern); err != nil {
				return err
			}
		}
	}
	return nil
}

// matches reports whether a text is what the table wants.
func matches(want, got string) bool {
	return matchLines(strings.Split(want, "\n"), strings.Split(got, "\n"))
}

func matchLines(want, got []string) bool {
	for i, w := range want {
		if w == "..." {
			for n := i; n <= len(got); n++ {
				if matchLines(want[i+1:], got[n:]) {
					return true
				}
			}
			return false
		}
		if i >= len(got) || !matchLine(w, got[i]) {
			return false
		}
	}
	return len(want) == len(got)
}

func matchLine(want, got string) bool {
	if pattern, ok := strings.CutPrefix(want, "~ "); ok {
		return regexp.MustCompile(`^(?:` + pattern + `)$`).MatchString(got)
	}
	return want == got
}

// same reports whether the outputs of a cell are what the table wants.
func same(want, got []section) bool {
	if len(want) != len(got) {
		return false
	}
	for i, w := range want {
		if w.kind != got[i].kind || !matches(w.text, got[i].text) {
			return false
		}
	}
	return true
}

// miss describes a cell whose outputs are not what the table wants.
func miss(number int, c *cell, got []section) string {
	var b strings.Builder
	indented := func(text string) {
		for line := range strings.SplitSeq(text, "\n") {
			fmt.Fprintf(&b, "        %s\n", line)
		}
	}
	list := func(head string, sections []section) {
		fmt.Fprintf(&b, "    %s\n", head)
		if len(sections) == 0 {
			indented("(nothing)")
		}
		for _, s := range sections {
			indented("-- " + s.kind + " --\n" + s.text)
		}
	}
	fmt.Fprintf(&b, "    cell %d\n", number)
	indented(c.source)
	list("want", c.want)
	list("got", got)
	return b.String()
}
