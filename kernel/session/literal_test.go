package session

import (
	"fmt"
	"math"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"
)

// setLiterals makes the values the literals of this process, as a kernel would.
func setLiterals(t *testing.T, values ...any) {
	t.Helper()
	var b []byte
	for _, v := range values {
		b = AppendLiteral(b, v)
	}
	setLiteralBytes(t, b)
}

func setLiteralBytes(t *testing.T, b []byte) {
	before := requestLiterals
	requestLiterals = sync.OnceValues(func() ([]any, error) { return readLiterals(b) })
	t.Cleanup(func() { requestLiterals = before })
}

type (
	celsius float64
	level   uint8
	flags   uintptr
	label   string
	onOff   bool
	phase   complex64
	single  float32
	wave    complex128
)

func TestLit(t *testing.T) {
	nan := math.Float64frombits(0x7ff8000000000123)
	tests := []struct {
		value any
		read  func() any
		want  any
	}{
		{true, func() any { return Lit[bool](0) }, true},
		{false, func() any { return Lit[onOff](0) }, onOff(false)},
		{true, func() any { return Lit[onOff](0) }, onOff(true)},
		{int64(-3), func() any { return Lit[int](0) }, -3},
		{int64(math.MinInt64), func() any { return Lit[int64](0) }, int64(math.MinInt64)},
		{int64(-128), func() any { return Lit[int8](0) }, int8(-128)},
		{int64('é'), func() any { return Lit[rune](0) }, 'é'},
		{int64(2e9), func() any { return Lit[time.Duration](0) }, 2 * time.Second},
		{uint64(math.MaxUint64), func() any { return Lit[uint64](0) }, uint64(math.MaxUint64)},
		{uint64(255), func() any { return Lit[byte](0) }, byte(255)},
		{uint64(7), func() any { return Lit[level](0) }, level(7)},
		{uint64(math.MaxUint64), func() any { return Lit[flags](0) }, flags(math.MaxUint64)},
		{float32(.1), func() any { return Lit[float32](0) }, float32(.1)},
		{float32(math.SmallestNonzeroFloat32), func() any { return Lit[single](0) }, single(math.SmallestNonzeroFloat32)},
		{.1, func() any { return Lit[float64](0) }, .1},
		{math.MaxFloat64, func() any { return Lit[celsius](0) }, celsius(math.MaxFloat64)},
		{nan, func() any { return math.Float64bits(Lit[float64](0)) }, math.Float64bits(nan)},
		{complex64(1 - 2i), func() any { return Lit[complex64](0) }, complex64(1 - 2i)},
		{complex64(1 - 2i), func() any { return Lit[phase](0) }, phase(1 - 2i)},
		{.1 + 1e300i, func() any { return Lit[complex128](0) }, .1 + 1e300i},
		{.1 + 1e300i, func() any { return Lit[wave](0) }, wave(.1 + 1e300i)},
		{"", func() any { return Lit[string](0) }, ""},
		{"a\x00\xff\n", func() any { return Lit[string](0) }, "a\x00\xff\n"},
		{strings.Repeat("x", 1000), func() any { return Lit[label](0) }, label(strings.Repeat("x", 1000))},
	}
	for _, test := range tests {
		t.Run(fmt.Sprintf("%T", test.want), func(t *testing.T) {
			setLiterals(t, test.value)
			if got := test.read(); !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %#v, want %#v", got, test.want)
			}
		})
	}
}

func TestLitInOrder(t *testing.T) {
	setLiterals(t, int64(1), "two", float32(3), true, uint64(5), 6i, .7)
	got := []any{Lit[float64](6), Lit[string](1), Lit[int](0), Lit[uint16](4), Lit[bool](3), Lit[float32](2), Lit[complex128](5)}
	if want := []any{.7, "two", 1, uint16(5), true, float32(3), 6i}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %#v, want %#v", got, want)
	}
}

func TestRequestOfAnotherProgram(t *testing.T) {
	tests := []struct {
		name  string
		bytes []byte
		read  func()
		want  string
	}{
		{"too few", AppendLiteral(nil, int64(1)), func() { Lit[int](1) }, "literal 1 of this program has type int, but the request has 1 literals"},
		{"none", nil, func() { Lit[float64](0) }, "the request has 0 literals"},
		{"another kind", AppendLiteral(nil, "x"), func() { Lit[int](0) }, `has type int, but the request has the string "x"`},
		{"another kind, named", AppendLiteral(nil, int64(1)), func() { Lit[celsius](0) }, "has type session.celsius, but the request has the int64 1"},
		{"another width", AppendLiteral(nil, .5), func() { Lit[float32](0) }, "the request has the float64 0.5"},
		{"not signed", AppendLiteral(nil, int64(1)), func() { Lit[uint](0) }, "the request has the int64 1"},
		{"too large", AppendLiteral(nil, int64(128)), func() { Lit[int8](0) }, "the request has the int64 128"},
		{"too large, unsigned", AppendLiteral(nil, uint64(256)), func() { Lit[level](0) }, "the request has the uint64 0x100"},
		{"not basic", AppendLiteral(nil, int64(1)), func() { Lit[[]int](0) }, "has type []int"},
		{"unknown kind", []byte{'?'}, func() { Lit[int](0) }, "damaged after 0 of them"},
		{"damaged later", append(AppendLiteral(nil, int64(1)), litFloat64, 1, 2), func() { Lit[int](0) }, "damaged after 1 of them"},
		{"text too short", []byte{litString, 5, 'a'}, func() { Lit[string](0) }, "damaged after 0 of them"},
		{"length overflows", append([]byte{litString}, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01a"...), func() { Lit[string](0) }, "damaged"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			setLiteralBytes(t, test.bytes)
			defer func() {
				message, _ := recover().(string)
				if !strings.Contains(message, test.want) || !strings.Contains(message, "restart the kernel") {
					t.Errorf("got %q, want %q and what to do", message, test.want)
				}
			}()
			test.read()
		})
	}
}

func FuzzReadLiterals(f *testing.F) {
	f.Add(AppendLiteral(AppendLiteral(nil, int64(-1)), "text"))
	f.Add([]byte{litComplex128, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		all, err := readLiterals(b)
		if err != nil {
			return
		}
		var again []byte
		for _, v := range all {
			again = AppendLiteral(again, v)
		}
		if len(again) > len(b) {
			t.Errorf("%d literals take %d bytes written again, %d before", len(all), len(again), len(b))
		}
	})
}

func BenchmarkLit(b *testing.B) {
	requestLiterals = sync.OnceValues(func() ([]any, error) { return []any{int64(1), int64(2)}, nil })
	b.Run("int", func(b *testing.B) {
		for b.Loop() {
			Lit[int](0)
		}
	})
	b.Run("Duration", func(b *testing.B) {
		for b.Loop() {
			Lit[time.Duration](1)
		}
	})
}
