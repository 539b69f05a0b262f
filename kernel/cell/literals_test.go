package cell

import (
	"strings"
	"testing"
)

const literalImports = `package main

import ("fmt"; "math"; "os"; "time"; "unsafe")

var _, _, _, _, _ = fmt.Sprint, math.Pi, os.Args, time.Now, unsafe.Pointer(nil)
`

// literalEnv is what the snippets can use.
const literalEnv = literalImports + `
const k, kk = 3, 2.5
const enabled = true

type Celsius float64
type Temperature = Celsius
type Flag bool
type point struct { X, Y float32; Name string }
type number interface { ~int | ~uint8 | ~float32 | ~float64 }
type wrap[T any] int

var (
	i int; u uint8; n uint; f32 float32; f64 float64; c128 complex128; c64 complex64; b bool; r rune; a any; str string
	xs []int; fs []float32; bs []byte; arr [4]int; parr = &arr; m map[string]int; ms map[any]any; ch chan Flag
	cel Celsius; flag Flag; p point; ptr uintptr; d time.Duration
)

func id[T any](x T) T { return x }
func sum[T number](x ...T) (s T) { for _, x := range x { s += x }; return s }
func first[S ~[]E, E any](s S, e E) E { return e }
func apply[T, U any](x T, f func(T) U) U { return f(x) }
func label[T any](x T, args ...any) {}
func show(...any) {}
`

// In the snippets «» are around what must be found.
var literalSnippets = []struct{ name, body string }{
	{"arguments", `fmt.Println(«1», «"a"», «2.5», «'x'», «true», «3i», nil)`},
	{"maximal", `show(«1+2*3», i+«2*3», i+«2»+«3», «(4)», «(4+5)»*i, «-1», -i, «!true»)`},
	{"definitions", `x, y := «1», «"a"»; var z float32 = «1»; var w, v = «1.5», i; show(x, y, z, w, v)`},
	{"assignments", `i = «5»; f32 = «.1»; cel, u = «1», «255»; a = «1»; _ = «7»; p.X = «3»; *parr = arr`},
	{"compound", `i += «2»; f64 *= «2»; str += «"x"»; i &^= «1»; i |= «0xff»; i++`},
	{"divisors", `i /= 2; i %= 3; u /= 2; f64 /= «2»; show(i/2, i%10, «100»/i, i/(i+«2»), f64/«2», f64/«2.»/«3.», d/2)`},
	{"shifts", `i <<= 2; i >>= 1; show(i<<3, 1<<n, 1<<i<<2, i<<(n+«1»), «1<<4», i>>1&«1», i>>uint(1))`},
	{"shift in an untyped expression", `var x int64 = «2» * (1 << n); show(x, «2»+1<<n)`},
	{"const declarations", `const q = 5; const ( o = iota; o2 ); show(q, o, o2, «q*2», «-q»)`},
	{"named constants", `show(k, (kk), math.Pi, «2*math.Pi», «-k», «k+1», time.Second, «2*time.Second», enabled, «!enabled»)`},
	{"own true", `true := b; const false = 1 == 1; show(true, false)`},
	{"array lengths", `var x [3]int; y := [...]int{«1»}; z := [2*k]int{}; show(x, y, z, [1]int{}, new([4]int))`},
	{"cases", `switch i { case 1, 2: show(«1»); case i + «3»: }; switch { case i > «3»: show(«2»); case true: }`},
	{"tags", `switch «5» { case 5: }; switch x := «"a"»; x { case "a": }; switch «true» { case b: }`},
	{"type switch", `switch x := a.(type) { case int: show(x, «1»); case nil: show(«2») }`},
	{"select", `select { case ch <- «true»: show(«2»); case x := <-time.After(«5*time.Second»): show(x); default: }`},
	{"keys of lists", `show([]string{2: «"a"», «"b"»}, [...]int{k: «1»}, [5]int{4: «1»})`},
	{"keys of maps", `show(map[string]int{«"a"»: «1», «"b"»: «2»}, map[any]bool{«1»: «true»}, map[point]int{{«1», «2», «""»}: «3»})`},
	{"structs", `show(point{X: «1», Name: «"a"»}, &point{«1», «2», «"b"»}, []point{{X: «1»}}, []*point{{«1», «2», «""»}})`},
	{"struct tags", "type t struct { A [2]int `json:\"a\"` }; var x struct { B int `b:\"\"` }; show(t{}, x)"},
	{"indices", `show(xs[«0»], arr[0], parr[k], str[«1»], m[«"a"»], ms[«1»], arr[i+«1»], [2]int{«1»}[1])`},
	{"indices of constants", `show(«"abc"»[i], «"abc"»[«1»], «"abc"»[«1»:«2»])`},
	{"assigned indices", `xs[«0»] = «1»; arr[2] = «3»; m[«"a"»]++; m[«"b"»] += «2»; arr[1] /= 2`},
	{"slices", `show(xs[«1»:«2»], xs[:«2»:«3»], arr[1:2], parr[:2], str[«1»:], xs[len(xs)-«1»:])`},
	{"conversions", `show(«float32(1)», float32(i)*«2», «Celsius(3)», «string(rune(65))», []byte(«"abc"»), any(«1»), fmt.Stringer(«time.Duration(5)»))`},
	{"built-in functions", `show(len(arr), len(arr)*2, «len("abc")», len(xs)*«2», cap(parr), len([3]int{}), «min(1, 2)», min(i, «2»), max(f32, «1», «2»))`},
	{"sizes", `show(make([]int, «3», «10»), make(map[string]int, «8»), make(chan int, «1»), make([]int, «1e3»), new(«5»))`},
	{"append", `xs = append(xs, «1», «2»); bs = append(bs, «"abc"»...); copy(bs, «"x"»); delete(m, «"a"»); clear(m)`},
	{"print", `print(«"a"», «1», «2.5»); println(«true»); if b { panic(«"x"») }`},
	{"complex", `show(complex(f64, «1»), «complex(1, 2)», real(c128)*«2», «real(2i)», c64+«1i», c128*«2»)`},
	{"unsafe", `show(unsafe.Sizeof(i), unsafe.Sizeof(i)*2, uintptr(unsafe.Sizeof(1)), ptr+«8», unsafe.Add(unsafe.Pointer(parr), «8»))`},
	{"conditions", `if «true» { show(«1») }; if «1 < 2» && b { }; for «true» { break }; for b == «true» { break }; if !b || «false» { }`},
	{"loops", `for j := «0»; j < «10»; j++ { }; for range «3» { }; for j := range «10» { show(j) }; for u = range «7» { }; for n = range n { }`},
	{"range over text", `for j, c := range «"aé"» { show(j, c) }`},
	{"named types", `cel = «20»; cel += «.5»; flag = b == «true»; flag = Flag(b) && «true»; flag = f64 < «1» && «true»; var t Temperature = «3»; show(t)`},
	{"named types of packages", `time.Sleep(«10»); d = «3» * d; ch <- «true»; show(d.Round(«5»), «(5 * time.Second)».String())`},
	{"package that is not imported", `os.Stdin.Chmod(0o600); show(os.ModePerm & 0o77, os.FileMode(0o644))`},
	{"local types", `type t int; var x t = 5; show(x+1, «int(t(3))», t(2), []t{1})`},
	{"generic calls", `show(id(«1»), id[float32](«1»), sum(«1», «2.5»), sum(f32, «1»), sum(«1», f32), sum(cel, «2»), first(fs, «1»))`},
	{"generic calls with interfaces", `first([]any{«1»}, 1); id[any](1); sum[int](); first[[]any](nil, any(«2»)); label(«"a"», «"b"», «1», i); label[any]("a", nil, «2»+i)`},
	{"inferred from a function", `show(apply(«1», func(x float32) float64 { return «2» }), apply(«'x'», func(r rune) any { return «1» }))`},
	{"generic types", `var x wrap[int] = 3; show(x+1, int(wrap[int](2)))`},
	{"functions", `g := func(x [2]int, y ...int) float32 { return «1.5» }; defer g([2]int{«1»}, «2», «3»); go show(«4»); show(g)`},
	{"returns", `_ = func() (float32, error, string, any) { return «1», nil, «"a"», «'x'» }`},
	{"comparisons", `show(i == «1», a == «1», f32 > «.1», «"a"» < str, «1 == 1.0», xs == nil, r == «'x'», u >= «'0'+1»)`},
	{"labels", "outer:\n for { for { break outer } }"},
	{"assertions", `x, ok := a.([3]int); show(x, ok, a.(interface{ Add([2]int) }), «1»)`},
	{"concatenation", `show(«"a" + "b"», str+«"a"», «"a"»+str+«"b"», «"\xff"»)`},
	{"limits", `show(«uint64(1<<64 - 1)»); f64 = «1e308*10/10»; f32 = «1e-60»; i = «-1 << 63»; u = «^uint8(0)»; f64 = «-0.0»; ptr = «1<<63»`},
	{"literals in literals", `show([][]int{{«1», «2»}, {1: «3»}}, map[string][]point{«"a"»: {{X: «1»}}}, []func() int{func() int { return «2» }})`},
	{"small table", `show([]int{` + strings.Repeat("«1», ", 64) + `})`},
	{"table", `show([]int{` + strings.Repeat("1, ", 65) + `}, «2»)`},
	{"table of rows", `show([][]int{` + strings.Repeat("{1, 2}, ", 33) + `{i + «3»}}, «4»)`},
	{"many lines", "show(«\"a\" +\n\t\"b\"», «`x\n\ny`», «1»)\n_ = func() string { return «`\n`» }"},
	{"nothing between", `if«!true»{}; _ = func() string { return«"a"» }; for range«"a"»{}`},
	{"shadowed type", `type float64 int; type string []int; var x float64 = 1; show(x, «2.5», «"a"», f64*«2»)`},
}

func TestFindLiterals(t *testing.T) {
	for _, test := range literalSnippets {
		t.Run(test.name, func(t *testing.T) {
			source := literalImports + "\nfunc _() {\n" + test.body + "\n}\n"
			plain := strings.NewReplacer("«", "", "»", "").Replace(source)
			c := checkTexts(t, map[string]string{"env.go": literalEnv, "cell.go": plain})
			literals := findLiterals(c.info, c.pkg, c.files["cell.go"])
			marked := c.replaced("cell.go", literals, func(_ int, span string) string { return "«" + span + "»" })
			if marked != source {
				t.Fatalf("found\n%s\nwant\n%s", marked, source)
			}
			texts := c.rewritten(literals)
			checkTexts(t, texts)
			if got, want := strings.Count(texts["cell.go"], "\n"), strings.Count(plain, "\n"); got != want {
				t.Errorf("the rewritten text has %d lines, want %d:\n%s", got, want, texts["cell.go"])
			}
		})
	}
}

func TestFindLiteralsOfDeclarations(t *testing.T) {
	const source = `package main

import (
	. "math"
	"time"
)

const c = 2

var x, y float32 = «1», «c*3»
var z = [3]int{1: «2»}
var size = 2*Pi // a dot import would be unused

type t struct{ _ [4]byte }

type generic[T ~int | ~float32] struct{ v T }

func (g generic[T]) add(n int) T { return g.v + 1 + T(2) + T(n+«3») }

func (t) wait() time.Duration { return «2» }

func conv[T ~float32 | ~float64](x T) []T { return []T{0.1, T(0.2), x / 3} }

func missing() int {
	for {
		if x > «5» {
			return «1»
		}
	}
}
`
	plain := strings.NewReplacer("«", "", "»", "").Replace(source)
	c := checkTexts(t, map[string]string{"cell.go": plain})
	literals := findLiterals(c.info, c.pkg, c.files["cell.go"])
	if marked := c.replaced("cell.go", literals, func(_ int, span string) string { return "«" + span + "»" }); marked != source {
		t.Errorf("found\n%s\nwant\n%s", marked, source)
	}
	checkTexts(t, c.rewritten(literals))
}

func TestFindLiteralsKeepsTypesThatCannotBeWritten(t *testing.T) {
	const source = `package main

type int struct{}

var string, byte = 1.5, 2 > 1

func f(x float32, r rune) { f(«1», «'a'»); _, _ = 5, "a"; g(«1») }

func g(uint8) {}
`
	plain := strings.NewReplacer("«", "", "»", "").Replace(source)
	c := checkTexts(t, map[string]string{"cell.go": plain})
	literals := findLiterals(c.info, c.pkg, c.files["cell.go"].Decls[2])
	if marked := c.replaced("cell.go", literals, func(_ int, span string) string { return "«" + span + "»" }); marked != source {
		t.Errorf("found\n%s\nwant\n%s", marked, source)
	}
	checkTexts(t, c.rewritten(literals))
}
