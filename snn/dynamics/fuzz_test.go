package dynamics

import (
	"errors"
	"math"
	"testing"
	"time"
)

// large is the first byte of definitions that may be large. Most are not, so that
// there are many a second.
const large = 255

// definitionOf reads a definition from bytes. Any bytes make one, also one that
// is nested too deeply, has too many operations, or is wrong otherwise; building
// it may panic with an *Error, as for a user.
func definitionOf(code []byte) (d Definition, numbers []float32) {
	next := func() byte {
		if len(code) == 0 {
			return 0
		}
		b := code[0]
		code = code[1:]
		return b
	}
	many := func(shift byte) int { return int(next() % 8) }
	if budget := maxValues + maxValues/4; len(code) > 0 && code[0] == large {
		many = func(shift byte) int {
			n := min(int(next())<<shift, budget)
			budget -= n
			return n
		}
	}
	d.Inputs = []string{"x", "y"}
	pool := []Expr{Input("x"), Input("y"), Param("p"), Param("q"), Uniform("u"), Const(0), Const(1), Const(-1), Const(2), Const(0.3)}
	for k := range next() % 4 {
		name := string(rune('a' + k))
		d.States = append(d.States, StateEquation{Name: name})
		pool = append(pool, State(name))
	}
	pick := func() Expr { return pool[len(pool)-1-int(next())%len(pool)] } // 0 is the last one
	outputs := 1 + int(next())%3
	for len(code) > 0 {
		var e Expr
		switch b := next(); {
		case b < 150:
			op := OpAdd + Op(b)%(opCount-OpAdd)
			e = apply(op, []Expr{pick(), pick(), pick()}[:operations[op].arity]...)
		case b < 160: // a long chain
			e = pick()
			for range many(b - 150) {
				e = e.Sin().Add(pool[0])
			}
		case b < 170: // a wide tree
			level := []Expr{pick()}
			for i := range many(b - 160) {
				level = append(level, level[i/2].Mul(Const(float64(i))))
			}
			for len(level) > 1 {
				half := len(level) / 2
				for i := range half {
					level[i] = level[2*i].Add(level[2*i+1])
				}
				level = level[:half]
			}
			e = level[0]
		case b < 180: // all of it twice, again and again: 2^k leaves, k operations
			e = pick()
			for range many(0) {
				e = e.Mul(e)
			}
		case b < 190:
			e = pick().Replace(string(rune('a'+next()%4)), pick())
		case b < 200:
			e = pick().Spike(steep{})
		case b < 205:
			e = []Expr{Input("z"), State("z"), Param("a"), {}, Const(math.Inf(1)), Const(math.NaN())}[next()%6]
		case b < 210:
			e = pick().Pow(int(next()) - 2)
		default:
			e = Const(float64(int8(next())) / 16)
		}
		if e.IsZero() {
			d.Outputs = append(d.Outputs, e) // an error of Compile
			continue
		}
		pool = append(pool, e)
		numbers = append(numbers, float32(int8(next()))/16)
	}
	for range outputs {
		d.Outputs = append(d.Outputs, pick())
		pool = pool[:max(1, len(pool)-1)]
	}
	for k := range d.States {
		d.States[k].Next = pick()
		pool = pool[:max(1, len(pool)-1)]
	}
	return d, append(numbers, special...)
}

// FuzzEvaluate: any definition prints, compiles, differentiates and runs within
// a short time, or there is an *Error. What it computes is what it means.
func FuzzEvaluate(f *testing.F) {
	for _, seed := range [][]byte{
		nil, {0}, {1, 0, 0, 1, 2, 3}, {3, 2, 10, 20, 30, 40, 50, 60, 70, 80}, {large, 1, 154, 3, 255}, {large, 1, 159, 0, 255}, {large, 1, 169, 0, 255}, {large, 1, 165, 0, 100},
		{large, 0, 175, 0, 255, 0, 175, 0, 60}, {2, 0, 155, 0, 3, 0, 165, 0, 7, 0, 175, 0, 6}, {2, 1, 195, 2, 3, 195, 1}, {0, 0, 200, 3}, {0, 0, 200, 1}, {0, 0, 206, 0, 0}, {2, 0, 185, 0, 1, 30, 4, 1}, {1, 2, 37, 4, 9, 38, 0, 6, 4, 2, 2, 2},
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, code []byte) {
		if len(code) > 200 {
			return
		}
		start := time.Now()
		evaluate(t, code)
		if took := time.Since(start); took > 20*time.Second {
			t.Errorf("it took %v", took)
		}
	})
}

func evaluate(t *testing.T, code []byte) {
	d, numbers, err := safely(code)
	if err != nil {
		return
	}
	for _, e := range d.Outputs {
		if text := e.String(); text == "" || len(text) > maxPrint || e.LaTeX() == "" {
			t.Errorf("prints %d characters", len(text))
		}
	}
	p, err := Compile(d)
	if e := (*Error)(nil); err != nil && !errors.As(err, &e) {
		t.Fatal(err)
	}
	der, derErr := d.Differentiate(d.Inputs, []string{"p"}, nil)
	if e := (*Error)(nil); derErr != nil && !errors.As(derErr, &e) {
		t.Fatal(derErr)
	}
	if err != nil {
		if derErr == nil {
			t.Fatalf("differentiates, but does not compile: %v", err)
		}
		return
	}
	r := runOf(len(d.Outputs), p, 2, 3, numbers)
	got, loops := cloneRun(r), cloneRun(r)
	p.Run(got)
	setting(t, &worthLoop, 0, func() { p.Run(loops) })
	if where := differ(loops, got); where != "" {
		t.Fatalf("as loops: %s\noutputs: %v\nstates: %v", where, d.Outputs, d.States)
	}
	if len(meaningOf(d.all()...).nodes) > 1000 {
		return
	}
	simulate(d, p, r)
	if where := differ(got, r); where != "" {
		t.Fatalf("%s\noutputs: %v\nstates: %v", where, d.Outputs, d.States)
	}
	if der != nil {
		if where := checkDerivative(d, d.Inputs, []string{"p"}, nil, 2, 3, numbers); where != "" {
			t.Fatalf("%s\noutputs: %v\nstates: %v", where, d.Outputs, d.States)
		}
	}
}

func safely(code []byte) (d Definition, numbers []float32, err error) {
	defer catch(&err)
	d, numbers = definitionOf(code)
	return d, numbers, nil
}
