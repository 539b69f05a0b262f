package dynamics

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// String prints the expression as a line of mathematics.
func (e Expr) String() string { return e.print(false) }

// LaTeX prints the expression for a formula of LaTeX, without dollar signs.
// Names become symbols: tau a Greek letter, v_reset a letter with an index.
func (e Expr) LaTeX() string { return e.print(true) }

// maxPrint is the length above which an expression is not printed: a shared
// part would be printed as often as it is used.
const maxPrint = 10000

func (e Expr) print(latex bool) string {
	var b strings.Builder
	if e.n == nil {
		return "(no expression)"
	}
	printNode(&b, e.n, latex, 0)
	switch {
	case b.Len() <= maxPrint:
		return b.String()
	case latex:
		return `\text{(too long to print)}`
	}
	return "(too long to print)"
}

// printNode prints n, in brackets if it binds less than required.
func printNode(b *strings.Builder, n *node, latex bool, required int) {
	if b.Len() > maxPrint {
		return
	}
	n = n.computes()
	op := operations[n.op]
	switch n.op {
	case OpInput, OpState, OpParam, OpUniform:
		if latex {
			b.WriteString(symbol(n.name))
		} else {
			b.WriteString(n.name)
		}
		return
	case OpConst:
		b.WriteString(printNumber(float64(n.value), latex, required))
		return
	}
	form, open, end := op.text, "(", ")"
	if latex {
		form, open, end = op.latex, `\left(`, `\right)`
	}
	brackets := op.binding < required
	whole := !latex && n.op == OpPow && isWholePower(n.args[1])
	if whole { // which would read back as a product
		form, brackets = "pow(%a, %b)", false
	}
	if latex {
		switch n.op {
		case OpDiv: // a fraction holds together, but under a power
			brackets = required == bindAtom
		case OpNeg: // two signs do not stand side by side
			brackets = required > bindSum
		case OpSelect: // it has no end that one sees
			brackets = required > 0
		case OpLess, OpLessEqual, OpEqual: // they have theirs
			brackets = false
		}
	}
	if brackets {
		b.WriteString(open)
	}
	for i := 0; i < len(form); i++ {
		if form[i] != '%' {
			b.WriteByte(form[i])
			continue
		}
		i++
		k := int(form[i] - 'a')
		binding := operandBinding(n.op, k, latex)
		if whole {
			binding = 0
		}
		printNode(b, n.args[k], latex, binding)
	}
	if brackets {
		b.WriteString(end)
	}
}

// printNumber prints a constant, in brackets if it binds less than required.
func printNumber(v float64, latex bool, required int) string {
	text := strconv.FormatFloat(v, 'g', -1, 32)
	brackets := math.Signbit(v) && required > bindSum
	if latex {
		mantissa, exponent, large := strings.Cut(text, "e")
		switch {
		case math.IsInf(v, 0):
			text = strings.TrimLeft(text[:1], "+") + `\infty`
		case math.IsNaN(v):
			text = `\mathrm{NaN}`
		case large: // an e would read as a symbol
			n, _ := strconv.Atoi(exponent)
			text = fmt.Sprintf(`%s \cdot 10^{%d}`, mantissa, n)
			if mantissa == "1" || mantissa == "-1" {
				text = fmt.Sprintf(`%s10^{%d}`, strings.TrimSuffix(mantissa, "1"), n)
			}
			brackets = brackets || required == bindAtom
		}
	}
	if brackets {
		return "(" + text + ")"
	}
	return text
}

// computes returns what a node computes, behind operations that only steer the
// derivative.
func (n *node) computes() *node {
	for n.op == OpDetach || n.op == OpGradient {
		n = n.args[0]
	}
	return n
}

// isWholePower reports whether an exponent is one that [Parse] makes a product
// of.
func isWholePower(n *node) bool {
	n = n.computes()
	v := n.value
	return n.op == OpConst && v >= 1 && v <= MaxPower && v == float32(int(v))
}

// operandBinding says how tightly operand k must bind to need no brackets.
func operandBinding(op Op, k int, latex bool) int {
	own := operations[op].binding
	switch {
	case own == bindAtom, latex && op == OpDiv, latex && op == OpPow && k == 1:
		return 0
	case op == OpMix:
		return bindProduct + 1
	case own == bindComparison, k > 0 && own <= bindProduct:
		return own + 1 // the order of rounding is part of a definition
	case own == bindPower:
		return bindAtom
	}
	return own
}

// greek are the names that are Greek letters in LaTeX.
var greek = map[string]string{
	"alpha": `\alpha`, "beta": `\beta`, "gamma": `\gamma`, "delta": `\delta`, "epsilon": `\epsilon`, "zeta": `\zeta`,
	"eta": `\eta`, "theta": `\theta`, "kappa": `\kappa`, "lambda": `\lambda`, "mu": `\mu`, "nu": `\nu`, "xi": `\xi`,
	"rho": `\rho`, "sigma": `\sigma`, "tau": `\tau`, "phi": `\phi`, "chi": `\chi`, "psi": `\psi`, "omega": `\omega`,
}

// symbol prints a name in LaTeX: v_reset as v with an index, tau as a letter.
// A name that is no identifier stands for itself: it is LaTeX already.
func symbol(name string) string {
	if strings.ContainsAny(name, `\[{ `) {
		return name
	}
	base, index, ok := strings.Cut(name, "_")
	if g := greek[base]; g != "" {
		base = g
	} else if utf8.RuneCountInString(base) > 1 {
		base = `\mathrm{` + base + `}`
	}
	if !ok {
		return base
	}
	return base + `_{\mathrm{` + strings.ReplaceAll(index, "_", `\_`) + `}}`
}
