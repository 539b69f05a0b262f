package cell

import (
	"fmt"
	"strings"
)

// varsUnit is the file of the variables.
type varsUnit struct {
	*unit
	helpers map[string]bool
}

func newVarsUnit(name string) *varsUnit {
	u := &varsUnit{&unit{name: name, text: &text{}, imports: map[string]string{}}, map[string]bool{}}
	u.text.write(header)
	return u
}

// declare writes the declaration of a variable. One whose type cannot be named
// takes it from an expression that is never evaluated for its value.
func (u *varsUnit) declare(name string, v *variable) {
	u.text.write(fmt.Sprintf("var %s %s\n", name, render(v.Type, u.imports)))
	if v.Helper != "" && !u.helpers[v.Helper] {
		u.helpers[v.Helper] = true
		u.text.write(v.Helper + "\n")
	}
}

// printf writes Go text in which packages are written {path}.
func (u *varsUnit) printf(format string, args ...any) {
	u.text.write(render(fmt.Sprintf(format, args...), u.imports))
}

// firstUnits are what the first check sees: all that is remembered, and the
// cell as it was written.
func (c *compiler) firstUnits() []*unit {
	vars := newVarsUnit("vars.go")
	for n, v := range c.visible {
		if !c.declared[n] {
			vars.declare(c.emitted(n), v)
			c.varNames[c.emitted(n)] = n
		}
	}
	if err := vars.parse(c.fset); err != nil {
		panic(fmt.Sprintf("cell: %v in\n%s", err, strings.TrimSpace(string(vars.text.b))))
	}
	return append(append([]*unit{}, c.earlier...), c.own, c.body, vars.unit)
}
