package live

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// What GoNB answers to the magic lines that change how the next cells compile.
var (
	changedDir = regexp.MustCompile(`(?m)^Changed directory to (".*")$`)
	setFlags   = regexp.MustCompile(`(?m)^%goflags=\[(.*)\]$`)
	setEnv     = regexp.MustCompile(`(?m)^Set: ([^=\n]+)=(".*")$`)
)

// Ran is told the magic and shell lines that GoNB has run for a cell, and what
// they wrote.
func (n *Notebook) Ran(lines []string, output string) {
	n.place.Lock()
	if m := last(changedDir, output); m != nil {
		if dir, err := strconv.Unquote(m[1]); err == nil {
			n.dir = dir
		}
	}
	if m := last(setFlags, output); m != nil {
		n.flags = quoted(m[1])
	}
	for _, m := range setEnv.FindAllStringSubmatch(output, -1) {
		if value, err := strconv.Unquote(m[2]); err == nil {
			n.env = append(n.env, m[1]+"="+value)
		}
	}
	flags, env, module := n.flags, n.env, n.module
	n.place.Unlock()

	n.build.Configure(flags, env)
	shell := func(line string) bool { return strings.HasPrefix(line, "!*") }
	if n.config.Key != "" && module != "" && slices.ContainsFunc(lines, shell) {
		if err := n.w.SaveModule(n.config.Key, module); err != nil {
			n.config.Log.Warn("go.mod of the notebook", "error", err)
		}
	}
}

// last returns the last match of an expression.
func last(e *regexp.Regexp, text string) []string {
	all := e.FindAllStringSubmatch(text, -1)
	if len(all) == 0 {
		return nil
	}
	return all[len(all)-1]
}

// quoted reads words in quotation marks, separated by spaces.
func quoted(text string) (words []string) {
	for text = strings.TrimSpace(text); text != ""; text = strings.TrimSpace(text) {
		prefix, err := strconv.QuotedPrefix(text)
		if err != nil {
			return words
		}
		if word, err := strconv.Unquote(prefix); err == nil {
			words = append(words, word)
		}
		text = text[len(prefix):]
	}
	return words
}
