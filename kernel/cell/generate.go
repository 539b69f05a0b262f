package cell

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strings"
)

// generate makes the program, checks it, and writes its files.
func (c *compiler) generate() error {
	errs := append(slices.Clone(c.failed), c.firstErrors(func(msg string) bool {
		return strings.Contains(msg, "does not satisfy") || strings.Contains(msg, "no new variables") || strings.Contains(msg, "redeclared") || strings.Contains(msg, "use of untyped nil")
	})...)
	k, vars, list, err := c.secondCheck()
	if err != nil {
		return err
	}
	if c.findBroken(k) { // once is enough: leaving out a method breaks only who calls it
		if k, vars, list, err = c.secondCheck(); err != nil {
			return err
		}
	}
	second := c.typeErrors(k)
	if len(second) == 1 && second[0].ours { // x := x, of which the second check knows the x
		if first := c.firstErrors(func(string) bool { return true }); len(first) > 0 {
			second = first
		}
	}
	if errs = append(errs, second...); len(errs) > 0 {
		c.loseVars()
		return errs.sorted(c.hash)
	}
	c.remember()
	if c.p.Kind == Cell && len(c.starts) == 0 && onlyComments(string(c.pieces.stmts)) {
		return nil // declarations only
	}
	c.write(k, vars, list)
	return nil
}

// secondCheck type-checks the program.
func (c *compiler) secondCheck() (k *checked, vars *varsUnit, list []string, err error) {
	units, err := c.secondUnits()
	if err != nil {
		return nil, nil, nil, err
	}
	vars = newVarsUnit("vars.go")
	list = c.declareVars(vars)
	if err := vars.parse(c.fset); err != nil {
		return nil, nil, nil, fmt.Errorf("vars.go: %w", err)
	}
	return c.check(append(units, vars.unit)), vars, list, nil
}

// firstErrors are errors of the cell that only the first check can find, as :=
// and var are gone from the program.
func (c *compiler) firstErrors(wanted func(msg string) bool) Errors {
	k := *c.first
	k.errs = slices.DeleteFunc(slices.Clone(k.errs), func(e types.Error) bool {
		u, _ := k.unit(e.Pos)
		return u == nil || u.name != c.body.name && u.name != c.own.name || !wanted(e.Msg)
	})
	return c.typeErrors(&k)
}

// findBroken finds the methods of earlier cells that do not fit a type that was
// declared anew. They are left out as long as nobody calls them.
func (c *compiler) findBroken(k *checked) bool {
	for _, e := range k.errs {
		u, off := k.unit(e.Pos)
		if u == nil || len(u.decls) == 0 || unusedName(e.Msg) != "" {
			continue
		}
		d := u.declAt(off)
		if d == nil || !strings.Contains(d.Key, "~") || c.called[d] || slices.Contains(c.cell, d) || c.broken[d] {
			continue
		}
		c.broken[d] = true
		c.note("%s of cell-%s does not fit the new type and is left out: %s", strings.ReplaceAll(d.Key, "~", "."), d.Cell, readable(e.Msg))
	}
	return len(c.broken) > 0
}

// secondUnits are the files of the program: of the memory what is reached, and
// the cell with its edits.
func (c *compiler) secondUnits() ([]*unit, error) {
	var units []*unit
	for _, u := range c.earlier {
		kept, err := u.only(c.fset, func(d *decl) bool {
			again := slices.ContainsFunc(c.lits, func(l *decl) bool { return l.Key == d.Key })
			return c.reached[d] && c.vars[d.Key] == nil && !c.broken[d] && !again
		})
		if err != nil {
			return nil, err
		}
		if len(kept.decls) > 0 {
			units = append(units, kept)
		}
	}
	own := *c.own
	own.text = c.own.text.apply(c.edits[c.own])
	for i, l := range c.lits {
		own.text.write(fmt.Sprintf("//line cell-%s.go:%d\nfunc %s", c.hash, l.Line, l.Key))
		at := c.litAt[i]
		literal := at.in.text.rewrite(c.inside(at.in), at.lo, at.hi)
		own.text.append(literal, 0, len(literal.b))
		own.text.write("\n")
	}
	if c.p.Kind == Test {
		own.name = "main_test.go"
	}
	if len(own.decls)+len(c.lits) > 0 {
		if err := own.parse(c.fset); err != nil {
			return nil, fmt.Errorf("%s: %w", own.name, err)
		}
		units = append(units, &own)
	}
	if c.p.Kind == Test {
		return units, nil
	}
	body := *c.body
	body.text = &text{}
	body.text.append(c.body.text, 0, len(bodyHeader))
	for _, s := range c.starts {
		body.text.write(s.text)
		init := c.own.text.rewrite(c.edits[c.own], s.lo, s.lo)
		if s.lo < s.hi {
			init = c.own.text.rewrite(c.inside(c.own), s.lo, s.hi)
		}
		body.text.append(init, 0, len(init.b))
		body.text.write("\n")
	}
	if c.p.Kind == Main {
		body.imports = maps.Clone(body.imports)
		body.imports["flag__"] = "flag"
		body.text.write("flag__.Parse()\n")
	}
	rest := c.body.text.rewrite(c.edits[c.body], len(bodyHeader), len(c.body.text.b))
	body.text.append(rest, 0, len(rest.b))
	body.imports = maps.Clone(body.imports)
	body.imports["session__"] = sessionPath
	if err := body.parse(c.fset); err != nil {
		return nil, fmt.Errorf("%s: %w", body.name, err)
	}
	return append(units, &body), nil
}

// inside are the edits of what stands inside the variables' declarations, which as a whole are gone.
func (c *compiler) inside(u *unit) []edit {
	return slices.DeleteFunc(slices.Clone(c.edits[u]), func(e edit) bool { return e.why == "package variable" })
}

// only returns the unit with some of its declarations.
func (u *unit) only(fset *token.FileSet, keep func(*decl) bool) (*unit, error) {
	v := *u
	v.text, v.decls, v.at = &text{}, nil, nil
	v.text.write(header)
	for i, d := range u.decls {
		if keep(d) {
			v.decls = append(v.decls, d)
			v.text.append(u.text, u.at[i], u.at[i+1])
		}
	}
	if len(v.decls) == len(u.decls) {
		return u, nil
	}
	return &v, v.parse(fset)
}

// declareVars declares the variables of the program and lists them for Main.
func (c *compiler) declareVars(vars *varsUnit) (list []string) {
	add := func(name, field string, v *variable, more string) {
		vars.declare(name, v)
		list = append(list, fmt.Sprintf("session__.Var{Name: %q, Type: %q, Ptr: &%s%s}", field, v.Show, name, more))
	}
	for _, n := range sortedKeys(c.vars) {
		v, old := c.vars[n], c.Vars[n]
		more := ""
		if old == nil || c.stored != nil && c.visible[n] == nil && !c.initOnce[n] || old.Type != v.Type || !c.returns && !c.persist[n] {
			more = ", New: true"
		}
		add(c.emitted(n), n, v, more)
	}
	for _, n := range sortedKeys(c.persist) {
		v := c.visible[n]
		switch {
		case v == nil:
		case c.before[n]:
			add("old_"+n+"__", n, v, ", Old: true")
		case c.vars[n] == nil:
			add(c.emitted(n), n, v, "")
		}
	}
	return list
}

// rename gives hidden variables, and those that get another type, the names
// that they have in the program.
func (c *compiler) rename() {
	for _, u := range []*unit{c.own, c.body} {
		ast.Inspect(u.file, func(n ast.Node) bool {
			id, ok := n.(*ast.Ident)
			if !ok {
				return true
			}
			o := c.first.info.Uses[id]
			if o == nil {
				o = c.first.info.Defs[id]
			}
			if o == nil {
				return true
			}
			if n, ok := c.varObjs[o]; ok && u == c.body && c.vars[n] != nil && c.vars[n].Type != c.visible[n].Type {
				c.before[n] = true
				c.edit(u, "old", id.Pos(), id.End(), "old_"+n+"__")
			}
			if c.lifted[o] && c.emitted(o.Name()) != id.Name {
				c.edit(u, "name", id.Pos(), id.End(), c.emitted(o.Name()))
			}
			return true
		})
	}
}

// write makes the files: with literals read from the request, unused variables
// used and unused imports gone.
func (c *compiler) write(k *checked, vars *varsUnit, list []string) {
	edits := k.useUnused()
	streams, gone := k.streams()
	for u, es := range streams {
		edits[u] = append(edits[u], es...)
	}
	var literals []literal
	for _, u := range k.units {
		if u == vars.unit {
			continue
		}
		found := findLiterals(k.info, k.pkg, u.file)
		for _, l := range found {
			lo, hi := offsetOf(c.fset, l.lo), offsetOf(c.fset, l.hi)
			edits[u] = append(edits[u], edit{"literal", lo, hi, literalText(len(literals), string(u.text.b[lo:hi]))})
			literals = append(literals, l)
			ast.Inspect(l.expr, func(n ast.Node) bool {
				if id, ok := n.(*ast.Ident); ok {
					gone[id] = true
				}
				return true
			})
		}
	}
	c.p.Literals = encodeLiterals(literals)
	for i, l := range literals {
		t := typeText(l.typ)
		vars.printf("var %s %s = session__.Lit[%s](%d)\n", literalVar(i), t, t, i)
	}
	c.p.Files = map[string]string{}
	paths := map[string]bool{}
	for _, u := range k.units {
		if u == vars.unit {
			continue
		}
		out := *u
		out.text = u.text.apply(edits[u])
		noNames, noDots := k.unused(u, gone)
		out.imports = maps.Clone(u.imports)
		maps.DeleteFunc(out.imports, func(n, _ string) bool { return noNames[n] })
		out.others = slices.DeleteFunc(slices.Clone(u.others), func(o string) bool { return noDots[o] })
		if u.session {
			out.imports["session__"] = sessionPath
		}
		c.p.Files[u.name] = out.source(paths)
	}
	c.writeMain(k, vars, list, paths)
	c.p.Files[vars.name] = vars.source(paths)
	c.p.Imports = sortedKeys(paths)
}

// source writes the unit with its imports, whose paths it adds to paths.
func (u *unit) source(paths map[string]bool) string {
	var b strings.Builder
	b.WriteString(header)
	for _, n := range sortedKeys(u.imports) {
		fmt.Fprintf(&b, "import %s %q\n", n, u.imports[n])
		paths[u.imports[n]] = true
	}
	for _, o := range u.others {
		fmt.Fprintf(&b, "import %s %q\n", o[:1], o[1:])
		paths[o[1:]] = true
	}
	b.Write(u.text.b[len(header):])
	return b.String()
}

// packageState is what packages keep that a notebook should keep, too: a
// hidden variable of each program that uses the package.
var packageState = map[string]string{
	snnPath: `session__.Var{Name: "snn.random", Ptr: {spikebook/snn}.RandomState(), Before: {spikebook/snn}.Fetch}`,
	gpuPath: `session__.Var{Name: "` + GPUState + `", Ptr: {spikebook/gpu}.State()}`,
}

const (
	snnPath = "spikebook/snn"
	gpuPath = "spikebook/gpu"
)

// GPUState is the hidden variable of a notebook that has called gpu.Emulate or its like.
const GPUState = "gpu.state"

// within says whether one of the packages is that of a path, or below it.
func within(paths map[string]bool, path string) bool {
	for p := range paths {
		if p == path || strings.HasPrefix(p, path+"/") {
			return true
		}
	}
	return false
}

// gpus has a program that computes link the backends that the notebook uses.
func (c *compiler) gpus(vars *varsUnit, paths map[string]bool) {
	_, stored := c.stored[GPUState]
	if c.gpu == "" && !stored || !within(paths, snnPath) && !within(paths, gpuPath) {
		return
	}
	paths[gpuPath] = true
	if c.gpu != "" {
		vars.imports["gpu__"] = gpuPath
		vars.printf("\nfunc init() { gpu__.Use(%q) }\n", c.gpu)
	}
}

// writeMain adds the main function, or for tests what restores the variables
// before they run.
func (c *compiler) writeMain(k *checked, vars *varsUnit, list []string, paths map[string]bool) {
	for _, path := range vars.imports { // of the types of variables
		paths[path] = true
	}
	c.gpus(vars, paths)
	for _, path := range sortedKeys(packageState) {
		if within(paths, path) {
			list = append(list, packageState[path])
		}
	}
	out := vars
	vars.imports["session__"] = sessionPath
	call := "session__.Main(cell__"
	if c.p.Kind == Test {
		vars.text.write("\nfunc main() {}\n")
		if c.declares("TestMain") {
			c.note("the cell's own TestMain does not see the variables of earlier cells")
			return
		}
		out = newVarsUnit("vars_test.go")
		out.imports["session__"], out.imports["testing__"], out.imports["os__"] = sessionPath, "testing", "os"
		out.text.write("\nfunc TestMain(m *testing__.M) {\n")
		call = "session__.Main(func() {\n\t\tif code := m.Run(); code != 0 {\n\t\t\tos__.Exit(code)\n\t\t}\n\t}"
	} else {
		out.text.write("\nfunc main() {\n")
	}
	c.registrations(k, out)
	if paths["log"] || paths["log/slog"] {
		out.imports["log__"] = "log"
		out.text.write("\tlog__.SetOutput(session__.Stderr)\n")
	}
	out.text.write("\t" + call)
	for _, v := range list {
		out.printf(",\n\t\t%s", v)
	}
	out.text.write(")\n}\n")
	if out != vars {
		c.p.Files[out.name] = out.source(paths)
	}
}

func (c *compiler) declares(name string) bool {
	return slices.ContainsFunc(c.cell, func(d *decl) bool { return d.Key == name })
}

// remember prepares what Done adds to the memory.
func (c *compiler) remember() {
	for _, d := range c.lits {
		d.Imports, d.Dots = c.used, c.others
	}
	c.p.lits = c.lits
	for _, d := range c.cell {
		if d.Key == "init" || d.Key == "var" || c.p.Kind == Test && isTest(d.Key) {
			continue
		}
		d.Imports, d.Dots = c.used, c.others
		c.p.decls = append(c.p.decls, d)
	}
	c.p.vars, c.p.imports = c.vars, c.explicit
	c.rememberMakers()
	for _, o := range c.others {
		if o[0] == '.' {
			c.p.dots = append(c.p.dots, o[1:])
		}
	}
	c.p.broken = slices.Collect(maps.Keys(c.broken))
	if c.p.Kind == Test {
		c.testFlags()
	}
	names := keys(c.vars)
	for n := range c.persist {
		names[n] = true
	}
	c.p.Vars = sortedKeys(names)
}

func isTest(name string) bool {
	for _, prefix := range []string{"Test", "Benchmark", "Example", "Fuzz"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// testFlags are those that %test has when it is written without: the tests of
// the cell, each with its name.
func (c *compiler) testFlags() {
	at := slices.IndexFunc(c.p.Run, func(l string) bool { return strings.TrimSpace(l) == "%test" })
	if at < 0 {
		return
	}
	line, names := "%test -test.v", []string(nil)
	for _, d := range c.cell {
		if bench := strings.HasPrefix(d.Key, "Benchmark"); bench || strings.HasPrefix(d.Key, "Test") && d.Key != "TestMain" && !strings.Contains(d.Key, "~") {
			names = append(names, "^"+d.Key+"$")
			if bench && !strings.Contains(line, "bench") {
				line += " -test.bench=."
			}
		}
	}
	if names != nil {
		line += " -test.run=" + strings.Join(names, "|")
	}
	c.p.Run = slices.Clone(c.p.Run)
	c.p.Run[at] = line
}

// loseVars notes the variables of a cell that does not compile: who uses them
// is told so.
func (c *compiler) loseVars() {
	for n := range c.vars {
		if c.Vars[n] == nil {
			c.Lost[n] = "cell-" + c.hash + " defines it, but does not compile"
		}
	}
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
