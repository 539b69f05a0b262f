package dynamics

import (
	"errors"
	"fmt"
	"math"
	"sort"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// functions are the functions that a formula may call, by name.
var functions = map[string]struct {
	arity int
	call  func(args []Expr) Expr
}{
	"abs":       {1, func(a []Expr) Expr { return a[0].Abs() }},
	"exp":       {1, func(a []Expr) Expr { return a[0].Exp() }},
	"log":       {1, func(a []Expr) Expr { return a[0].Log() }},
	"sqrt":      {1, func(a []Expr) Expr { return a[0].Sqrt() }},
	"tanh":      {1, func(a []Expr) Expr { return a[0].Tanh() }},
	"sigmoid":   {1, func(a []Expr) Expr { return a[0].Sigmoid() }},
	"sin":       {1, func(a []Expr) Expr { return a[0].Sin() }},
	"cos":       {1, func(a []Expr) Expr { return a[0].Cos() }},
	"atan":      {1, func(a []Expr) Expr { return a[0].Atan() }},
	"erf":       {1, func(a []Expr) Expr { return a[0].Erf() }},
	"round":     {1, func(a []Expr) Expr { return a[0].Round() }},
	"floor":     {1, func(a []Expr) Expr { return a[0].Floor() }},
	"sign":      {1, func(a []Expr) Expr { return a[0].Sign() }},
	"heaviside": {1, func(a []Expr) Expr { return a[0].Heaviside() }},
	"relu":      {1, func(a []Expr) Expr { return Const(0).Max(a[0]) }}, // the gradient at 0 is 0
	"min":       {2, func(a []Expr) Expr { return a[0].Min(a[1]) }},
	"max":       {2, func(a []Expr) Expr { return a[0].Max(a[1]) }},
	"pow":       {2, func(a []Expr) Expr { return a[0].Power(a[1]) }},
	"clamp":     {3, func(a []Expr) Expr { return a[0].Clamp(a[1], a[2]) }},
	"where":     {3, func(a []Expr) Expr { return a[0].Select(a[1], a[2]) }},
}

// maxNesting is how deeply brackets may be nested in a formula.
const maxNesting = 500

// Parse reads a line of mathematics: + - * / ** (or ^), the comparisons < <= >
// >= ==, which are 1 or 0, brackets, numbers, pi, the names in names, and
// functions: abs, exp, log, sqrt, tanh, sigmoid, sin, cos, atan, erf, round,
// floor, sign, heaviside, relu, min(a, b), max(a, b), pow(a, b), clamp(a, lo, hi) and
// where(condition, a, b). Operators bind as in Python, a power of a power needs
// brackets, and comparisons do not chain. An exponent that is a whole number
// from 1 to 16 makes a product; any other makes [Expr.Power], and so does pow. The error, an
// *Error, shows the place with a caret.
func Parse(formula string, names map[string]Expr) (e Expr, err error) {
	p := parser{text: formula, names: names}
	defer func() {
		if err != nil {
			e = Expr{}
		}
	}()
	defer catch(&err)
	e = p.comparison()
	if p.skip(); p.at < len(p.text) {
		p.fail(p.at, "expected an operator or the end")
	}
	return e, nil
}

// parser is a recursive-descent parser; depth bounds the recursion.
type parser struct {
	text  string
	at    int
	names map[string]Expr
	depth int
}

func (p *parser) fail(at int, format string, args ...any) {
	panic(&Error{"dynamics.Parse", fmt.Sprintf("%s\n    %s\n    %s^", fmt.Sprintf(format, args...), p.text, strings.Repeat(" ", utf8.RuneCountInString(p.text[:at])))})
}

func (p *parser) skip() {
	for p.at < len(p.text) && (p.text[p.at] == ' ' || p.text[p.at] == '\t') {
		p.at++
	}
}

// take takes one of the tokens if it is next.
func (p *parser) take(tokens ...string) string {
	p.skip()
	for _, t := range tokens {
		if strings.HasPrefix(p.text[p.at:], t) {
			p.at += len(t)
			return t
		}
	}
	return ""
}

func (p *parser) enter() {
	if p.depth++; p.depth > maxNesting {
		p.fail(p.at, "brackets and signs are nested more than %d deep", maxNesting)
	}
}

// comparisons are in the order in which they are looked for.
var comparisons = []string{"<=", ">=", "==", "<", ">"}

func (p *parser) comparison() Expr {
	p.enter()
	defer func() { p.depth-- }()
	e := p.sum()
	op := p.take(comparisons...)
	if op == "" {
		return e
	}
	f := p.sum()
	at := p.at
	if p.take(comparisons...) != "" {
		p.fail(at, "comparisons do not chain; use a product: (a < b) * (b < c)")
	}
	switch op {
	case "<=":
		return e.LessEqual(f)
	case ">=":
		return e.GreaterEqual(f)
	case "==":
		return e.Equal(f)
	case "<":
		return e.Less(f)
	}
	return e.Greater(f)
}

func (p *parser) sum() Expr {
	e := p.product()
	for {
		switch p.take("+", "-") {
		case "+":
			e = e.Add(p.product())
		case "-":
			e = e.Sub(p.product())
		default:
			return e
		}
	}
}

func (p *parser) product() Expr {
	e := p.signed()
	for {
		p.skip()
		if strings.HasPrefix(p.text[p.at:], "**") {
			p.fail(p.at, "a power of a power needs brackets")
		}
		switch p.take("*", "/") {
		case "*":
			e = e.Mul(p.signed())
		case "/":
			e = e.Div(p.signed())
		default:
			return e
		}
	}
}

func (p *parser) signed() Expr {
	p.enter()
	defer func() { p.depth-- }()
	switch p.take("-", "+") {
	case "-":
		return p.signed().Neg()
	case "+":
		return p.signed()
	}
	return p.power()
}

func (p *parser) power() Expr {
	e := p.atom()
	if p.take("**", "^") == "" {
		return e
	}
	p.skip()
	start := p.at
	for p.at < len(p.text) && p.text[p.at] >= '0' && p.text[p.at] <= '9' {
		p.at++
	}
	n, err := strconv.Atoi(p.text[start:p.at])
	if whole := p.at == len(p.text) || !strings.ContainsRune(".eE", rune(p.text[p.at])); err == nil && whole && n >= 1 && n <= MaxPower {
		return e.Pow(n)
	}
	p.at = start
	p.enter()
	defer func() { p.depth-- }()
	switch p.take("-", "+") {
	case "-":
		return e.Power(p.atom().Neg())
	case "+":
	}
	return e.Power(p.atom())
}

func (p *parser) atom() Expr {
	p.skip()
	start := p.at
	if p.at == len(p.text) {
		p.fail(start, "expected a number, a name or a bracket")
	}
	switch c := p.text[p.at]; {
	case c == '(':
		p.at++
		e := p.comparison()
		if p.take(")") == "" {
			p.fail(p.at, "expected )")
		}
		return e
	case c >= '0' && c <= '9' || c == '.':
		return p.number()
	}
	name := p.name()
	if name == "" {
		p.fail(start, "expected a number, a name or a bracket")
	}
	if p.take("(") != "" {
		return p.call(name, start)
	}
	e, ok := p.names[name]
	if !ok && name == "pi" {
		return Const(math.Pi)
	}
	if !ok {
		p.fail(start, "%q is unknown; there are %s", name, p.known())
	}
	return e
}

func (p *parser) name() string {
	start := p.at
	for p.at < len(p.text) {
		r, n := utf8.DecodeRuneInString(p.text[p.at:])
		if !(r == '_' || unicode.IsLetter(r) || p.at > start && unicode.IsDigit(r)) {
			break
		}
		p.at += n
	}
	return p.text[start:p.at]
}

func (p *parser) number() Expr {
	start := p.at
	for p.at < len(p.text) {
		c := p.text[p.at]
		exponent := (c == '-' || c == '+') && (p.text[p.at-1] == 'e' || p.text[p.at-1] == 'E')
		if !(c >= '0' && c <= '9' || c == '.' || c == 'e' || c == 'E' || exponent && p.at > start) {
			break
		}
		p.at++
	}
	v, err := strconv.ParseFloat(p.text[start:p.at], 32)
	switch {
	case errors.Is(err, strconv.ErrRange):
		p.fail(start, "%s is too large for a float32", p.text[start:p.at])
	case err != nil:
		p.fail(start, "%q is no number", p.text[start:p.at])
	}
	return Const(v)
}

// call reads the arguments of a function.
func (p *parser) call(name string, start int) Expr {
	f, ok := functions[name]
	if !ok {
		p.fail(start, "there is no function %q; there are %s", name, join(functions))
	}
	var args []Expr
	for {
		args = append(args, p.comparison())
		if p.take(",") == "" {
			break
		}
	}
	if p.take(")") == "" {
		p.fail(p.at, "expected )")
	}
	if len(args) != f.arity {
		p.fail(start, "%s takes %d arguments, got %d", name, f.arity, len(args))
	}
	return f.call(args)
}

func (p *parser) known() string { return join(p.names) }

// join lists the keys of a map.
func join[T any](m map[string]T) string {
	var names []string
	for name := range m {
		names = append(names, name)
	}
	sort.Strings(names)
	return strings.Join(names, ", ")
}
