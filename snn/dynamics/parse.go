package dynamics

import (
	"errors"
	"fmt"
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
	"abs":     {1, func(a []Expr) Expr { return a[0].Abs() }},
	"exp":     {1, func(a []Expr) Expr { return a[0].Exp() }},
	"log":     {1, func(a []Expr) Expr { return a[0].Log() }},
	"sqrt":    {1, func(a []Expr) Expr { return a[0].Sqrt() }},
	"tanh":    {1, func(a []Expr) Expr { return a[0].Tanh() }},
	"sigmoid": {1, func(a []Expr) Expr { return a[0].Sigmoid() }},
	"atan":    {1, func(a []Expr) Expr { return a[0].Atan() }},
	"min":     {2, func(a []Expr) Expr { return a[0].Min(a[1]) }},
	"max":     {2, func(a []Expr) Expr { return a[0].Max(a[1]) }},
}

// maxNesting is how deeply brackets may be nested in a formula.
const maxNesting = 500

// Parse reads a line of mathematics: + - * / ** (or ^) with a whole exponent
// from 1 to 16, brackets, numbers, the names in names, and the functions abs,
// exp, log, sqrt, tanh, sigmoid, atan, min and max. Operators bind as in
// Python. The error, an *Error, shows the place with a caret.
func Parse(formula string, names map[string]Expr) (e Expr, err error) {
	p := parser{text: formula, names: names}
	defer func() {
		if r := recover(); r != nil {
			mistake, ok := r.(*Error)
			if !ok {
				panic(r)
			}
			e, err = Expr{}, mistake
		}
	}()
	e = p.sum()
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

func (p *parser) sum() Expr {
	p.enter()
	defer func() { p.depth-- }()
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
	if err != nil || n < 1 || n > MaxPower || p.at < len(p.text) && p.text[p.at] == '.' {
		p.fail(start, "expected a whole exponent from 1 to %d", MaxPower)
	}
	return e.Pow(n)
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
		e := p.sum()
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
		args = append(args, p.sum())
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
