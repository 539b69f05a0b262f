package cell

import (
	"go/ast"
	"go/token"
	"go/types"
	"maps"

	"spikebook/kernel/session"
)

// sessionPath is the import path of the run-time half.
const sessionPath = "spikebook/kernel/session"

// Program is a compiled cell.
type Program struct {
	Hash     string            // of the cell: its lines are those of cell-HASH.go
	Files    map[string]string // Go files of package main; nil when there is nothing to run
	Literals []byte            // values of the literals, for the request
	Imports  []string          // import paths that Files name
	Kind     Kind
	Run      []string // magic lines that must go along with the run
	Before   []string // other magic and shell lines, run before the cell is compiled
	Own      []string // magic lines of our own
	Notes    []string // for the user
	Vars     []string // the variables that the program restores or sets

	memory  *Memory
	decls   []*decl
	lits    []*decl // function literals
	broken  []*decl
	vars    map[string]*variable
	imports map[string]string
	dots    []string
	makers  map[string][]string // of the restored variables, from now on
}

// compiler is the work on one cell. Its phases fill it in order.
type compiler struct {
	*Memory
	p      *Program
	src    string
	hash   string
	source *source
	parts  Parts
	pieces pieces
	fset   *token.FileSet
	stored map[string]session.VarInfo

	// collect
	decls    map[string]*decl  // the memory, without what this cell declares anew
	cell     []*decl           // declarations of this cell
	declared map[string]bool   // the names of both
	explicit map[string]string // imports of this cell
	others   []string          // its imports with . and _
	pkgVars  []*ast.GenDecl    // package-level variables of a plain main cell
	failed   Errors            // imports that do not exist
	absent   map[string]bool   // and their names

	// resolve
	visible  map[string]*variable // remembered variables that nothing here replaces
	used     map[string]string    // imports in effect in this cell
	earlier  []*unit              // declarations of earlier cells, one unit for each
	own      *unit                // declarations of this cell
	body     *unit                // statements
	hidden   map[string]bool      // variables whose name a package or a predeclared name has
	varNames map[string]string    // the way back from their names in the program

	// lift, reach
	first    *checked
	lifted   map[types.Object]bool
	vars     map[string]*variable // new and redefined variables
	varObjs  map[types.Object]string
	before   map[string]bool // variables that the statements know by another type: old_x__
	persist  map[string]bool // reached remembered variables
	reached  map[*decl]bool
	called   map[*decl]bool  // reached functions and methods that something names
	broken   map[*decl]bool  // methods that a later type has broken and nobody names
	makers   []string        // functions of packages that the cell refers to
	locals   map[string]bool // functions of the notebook that declare a type of a restored value
	varSpecs [][2]int        // where in the cell a var became an assignment
	lits     []*decl
	litAt    []place // where each of them is
	edits    map[*unit][]edit
	returns  bool            // the statements may end early
	initOnce map[string]bool // package-level variables that keep their value
	starts   []starting      // what runs before the statements
}

// Compile makes a program of a cell. stored describes the values of the
// variables as they are now. The error is Errors for what the user did wrong.
// The memory changes only when the program's Done is called.
func (m *Memory) Compile(src string, stored *session.Info) (*Program, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.newCompiler(src, stored)
	if c.parts.Whole != "" {
		c.p.Before = []string{c.parts.Whole}
		return c.p, nil
	}
	err := c.compile()
	if err != nil {
		return nil, err
	}
	return c.p, nil
}

func (m *Memory) newCompiler(src string, stored *session.Info) *compiler {
	c := &compiler{Memory: m, src: src, hash: Hash(src), parts: Split(src), fset: token.NewFileSet(),
		stored: map[string]session.VarInfo{}, decls: maps.Clone(m.Decls), declared: map[string]bool{}, explicit: map[string]string{},
		visible: map[string]*variable{}, used: map[string]string{}, hidden: map[string]bool{},
		lifted: map[types.Object]bool{}, vars: map[string]*variable{}, varNames: map[string]string{}, varObjs: map[types.Object]string{}, before: map[string]bool{},
		persist: map[string]bool{}, reached: map[*decl]bool{}, called: map[*decl]bool{}, broken: map[*decl]bool{}, edits: map[*unit][]edit{},
		initOnce: map[string]bool{}, absent: map[string]bool{}, locals: map[string]bool{}}
	c.source = &source{cell: c.hash, text: c.parts.Go, line: 1, col: 1}
	c.p = &Program{Hash: c.hash, Kind: c.parts.Kind, Run: c.parts.Run, Before: c.parts.Before, Own: c.parts.Own, memory: m}
	for n, v := range m.Vars {
		c.visible[n] = v
	}
	if stored != nil {
		for _, v := range stored.Vars {
			c.stored[v.Name] = v
		}
		for n := range c.visible {
			if _, ok := c.stored[n]; !ok {
				delete(c.visible, n)
			}
		}
	}
	return c
}

// compile is the list of phases. The first check finds the types of what the
// cell defines; the second one, of the program itself, finds the user's errors.
func (c *compiler) compile() error {
	c.pieces = separate(c.parts)
	if x := c.pieces.unbalanced; x != nil {
		return Errors{c.at(x.Col, "%s", x.Msg)}
	}
	if err := c.collect(); err != nil { // declarations and imports of the cell
		return err
	}
	if err := c.resolve(); err != nil { // what free names mean: packages, variables, predeclared names
		return err
	}
	c.first = c.check(c.firstUnits())
	c.lift()          // what the top level defines becomes package-level
	c.reach()         // what of the memory the cell needs
	c.liftFunctions() // function literals that capture nothing get names
	c.findMakers()
	c.rename()
	c.checkErrors() // dropped errors fail the cell
	c.show()        // the last expression is shown
	return c.generate()
}
