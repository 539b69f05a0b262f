package main

import (
	"fmt"
	"strings"

	"spikebook/tests/robust/model"
)

// change is a cell that changes variables, and what comes of it.
type change struct {
	code  string
	after state
}

// changes are those that functions of the model make.
var changes = []struct {
	name string
	do   func(k int)
}{
	{"Append", model.Append}, {"Insert", model.Insert}, {"Patch", model.Patch}, {"Rewrite", model.Rewrite},
	{"Resize", model.Resize}, {"Relink", model.Relink}, {"Step", model.Step}, {"All", model.All}, {"All", model.All}, {"Fatten", model.Fatten},
}

// inline does what Append does, in the cell itself.
const inline = `first = %[1]d
if list = append(list, %[1]d); len(list) > 12 {
	list = append([]int{}, list[6:]...)
}
last = %[1]d`

// change chooses a change of the values of now.
func (l *life) change() change {
	l.steps++
	k := l.event*10 + l.steps%10 + 1
	l.now.saved.Put()
	c := change{after: l.now}
	switch n := l.random.IntN(len(changes) + 3); {
	case n < len(changes):
		c.code = fmt.Sprintf("%s(%d)", changes[n].name, k)
		changes[n].do(k)
	case n == len(changes):
		c.code = fmt.Sprintf(inline, k)
		model.Append(k)
	default: // the type of a variable changes with the values of others
		value := []any{k, fmt.Sprint("text", k), []int{k, k + 1}, [2]bool{true, false}}[l.random.IntN(4)]
		c.code = fmt.Sprintf("Append(%d)\nshape := %#v\nInsert(%d)", k, value, k)
		c.after.shape = value
		model.Append(k)
		model.Insert(k)
	}
	c.after.saved = model.Save()
	return c
}

// fresh makes the cell one that was never compiled.
func (l *life) fresh(code string) string {
	return fmt.Sprintf("{ type fresh%d_%d struct{}; _ = fresh%[1]d_%[2]d{} }\n%s", l.seed, l.event, code)
}

// slow is a cell that does not end after its change.
func (l *life) slow(c change) string {
	return c.code + "\n" + []string{
		"fmt.Println(\"ready\")\nfor {}",
		"fmt.Println(\"ready\")\ntime.Sleep(time.Hour)",
		"fmt.Println(\"ready\")\nexec.Command(\"sleep\", \"1000\").Run()\ntime.Sleep(time.Hour)",
		"for range 3 { go func() { for {} }() }\nfmt.Println(\"ready\")\nselect {}",
	}[l.random.IntN(4)]
}

// brief is a cell on one line, for the script.
func brief(code string) string {
	return strings.ReplaceAll(code, "\n", "; ")
}
