package assist

import (
	"cmp"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"spikebook/kernel/cell"
)

// magic is a command that is no Go.
type magic struct{ name, usage, doc string }

// magics are those of GoNB and our own, in the order in which they are
// offered.
var magics = []magic{
	{"%%", "%% [args]", "What follows are statements of a main function; the arguments become the program's."},
	{"%main", "%main [args]", "The same as %%."},
	{"%args", "%args [args]", "Arguments of the program."},
	{"%exec", "%exec function [args]", "Run a function as main, with arguments of the program."},
	{"%test", "%test [flags]", "Run the tests and benchmarks of the cell with go test."},
	{"%session", "%session [forget NAMES | save FILE | restore [FILE]]", "List the variables that are kept from cell to cell, with type, size and preview; forget, save or restore them."},
	{"%time", "%time", "Say how long the cell took."},
	{"%backend", "%backend [name]", "Choose where neurons run, or list the backends."},
	{"%snn", "%snn", "Help on neurons and pictures."},
	{"%cd", "%cd [folder]", "Change the working folder of cells and shell commands."},
	{"%env", "%env NAME value", "Set a variable of the environment of later cells."},
	{"%capture", "%capture [-a] file", "Write the output of the cell to a file, too."},
	{"%goflags", "%goflags [flags]", "Flags for go build."},
	{"%list", "%list", "List the remembered declarations."},
	{"%ls", "%ls", "The same as %list."},
	{"%remove", "%remove names", "Forget declarations."},
	{"%rm", "%rm names", "The same as %remove."},
	{"%reset", "%reset [go.mod]", "Forget all declarations."},
	{"%autoget", "%autoget", "Download missing packages by go get."},
	{"%noautoget", "%noautoget", "Download nothing."},
	{"%with_inputs", "%with_inputs", "The next shell command may ask for input."},
	{"%with_password", "%with_password", "The next shell command may ask for a password."},
	{"%widgets", "%widgets", "Load GoNB's widgets."},
	{"%wasm", "%wasm", "Compile the cell to WebAssembly."},
	{"%track", "%track [path]", "Watch a folder or file for changes."},
	{"%untrack", "%untrack path", "No longer watch it."},
	{"%goworkfix", "%goworkfix", "Make go.work's modules known to go.mod."},
	{"%version", "%version", "Versions of GoNB and Go."},
	{"%help", "%help", "GoNB's help."},
	{"%%writefile", "%%writefile [-a] file", "Write the rest of the cell to a file."},
	{"%%script", "%%script command", "Give the rest of the cell to a command."},
	{"%%bash", "%%bash", "Run the rest of the cell by bash."},
	{"%%sh", "%%sh", "Run the rest of the cell by sh."},
	{"!", "!command", "Run a shell command in the working folder."},
	{"!*", "!*command", "Run a shell command in the folder of the cell's module, such as !*go get example.com/module@v1."},
}

// arguments are the words that may follow a magic, and the magics that take
// file names.
var (
	arguments = map[string][]string{
		"%session": {"forget", "restore", "save"},
		"%reset":   {"go.mod"},
	}
	takesFile = []string{"%cd", "%capture", "%track", "%untrack", "%%writefile", "%session save", "%session restore"}
)

// isMagic says whether a line is no Go.
func isMagic(line string) bool { return strings.HasPrefix(line, "%") || strings.HasPrefix(line, "!") }

// goOnly blanks what is no Go in a cell, so that all else stays where it is.
func goOnly(src string) string {
	parts := cell.Split(src)
	if parts.Whole == "" {
		return parts.Go
	}
	blank := []byte(src)
	for i, c := range blank {
		if c != '\n' {
			blank[i] = ' '
		}
	}
	return string(blank)
}

// lineBefore returns the line of an offset up to it.
func lineBefore(src string, at int) string {
	return src[strings.LastIndexByte(src[:at], '\n')+1 : at]
}

// completeMagic completes a line that is no Go. It returns where the word
// begins that the matches replace.
func completeMagic(env Env, line string) (items []item, typed string) {
	typed = line[strings.LastIndexAny(line, " \t")+1:]
	command := strings.Fields(strings.TrimSuffix(line, typed))
	if len(command) == 0 {
		for _, m := range magics {
			items = append(items, item{text: m.name, kind: kindMagic, signature: m.usage})
		}
		return items, typed
	}
	two := strings.Join(command[:min(2, len(command))], " ")
	switch {
	case two == "%session forget" || command[0] == "%exec" && len(command) == 1:
		items = sessionNames(env, command[0] == "%exec")
	case len(command) == 1 && arguments[command[0]] != nil:
		for _, a := range arguments[command[0]] {
			items = append(items, item{text: a, kind: kindMagic})
		}
	case strings.HasPrefix(line, "!") || slices.Contains(takesFile, command[0]) || slices.Contains(takesFile, two):
		items = fileNames(env.Dir, typed)
	}
	return items, typed
}

// sessionNames returns the variables of the session, or its functions.
func sessionNames(env Env, functions bool) []item {
	var items []item
	if !functions && env.Variables != nil {
		for _, name := range slices.Sorted(maps.Keys(env.Variables)) {
			items = append(items, item{text: name, kind: kindInstance})
		}
		return items
	}
	view := env.View("")
	if view == nil || view.Pkg == nil {
		return nil
	}
	for _, name := range view.Pkg.Scope().Names() {
		it := describe(view, view.Pkg.Scope().Lookup(name))
		if !hidden(it.text) && functions == (it.kind == kindFunction) && (functions || it.kind == kindInstance) {
			items = append(items, it)
		}
	}
	return items
}

// fileNames returns the files whose names begin with what is typed.
func fileNames(dir, typed string) []item {
	folder := typed[:strings.LastIndexByte(typed, '/')+1]
	where := cmp.Or(folder, ".")
	if !filepath.IsAbs(where) {
		where = filepath.Join(dir, where)
	}
	entries, err := os.ReadDir(where)
	if err != nil {
		return nil // what cannot be read has nothing to offer
	}
	var items []item
	for _, e := range entries {
		name := folder + e.Name()
		if e.IsDir() {
			name += "/"
		}
		if strings.HasPrefix(name, typed) {
			items = append(items, item{text: name, kind: kindPath})
		}
	}
	return items
}
