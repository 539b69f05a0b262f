package ptxsim

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"spikebook/gpu/device"
)

// operationCase is an instruction on %a, %b and %c with its result in %y, and what Go
// computes. The types of the function are those of the registers.
type operationCase struct {
	text string
	want any
}

var registerTypes = map[reflect.Kind]string{
	reflect.Float32: "f32", reflect.Float64: "f64", reflect.Int32: "b32", reflect.Uint32: "b32",
	reflect.Int64: "b64", reflect.Uint64: "b64", reflect.Int16: "b16", reflect.Uint16: "b16", reflect.Bool: "pred",
}

// specials are values for which operations often go wrong, as bits of 64; those of
// 32 bits are the lower ones.
var specials = func() (values []uint64) {
	for _, f := range []float32{
		0, 1, 1.5, 0.5, 2.5, 3, 1e-45, 1e-38, 1.1754942e-38, 1e38, math.MaxFloat32, 8388609, 1 << 24, 1 << 31, 1 << 32, 1 << 63,
		float32(math.Inf(1)), float32(math.NaN()),
	} {
		values = append(values, uint64(math.Float32bits(f)), uint64(math.Float32bits(-f)))
	}
	for _, f := range []float64{0, 1, 0.1, 1.5, -2.5, 1e-320, 1e300, 1 << 31, 1 << 53, 1 << 63, -1 << 63, math.Inf(1), math.Inf(-1), math.NaN()} {
		values = append(values, math.Float64bits(f))
	}
	for _, n := range []int64{0, 1, -1, 2, 7, 31, 32, 33, 64, 255, -128, math.MaxInt32, math.MinInt32, math.MaxInt64, math.MinInt64, 0xFFFF} {
		values = append(values, uint64(n))
	}
	return values
}()

// run gives the results of an operation for rows of arguments, on the interpreter.
func (o operationCase) run(t *testing.T, arguments [3][]uint64) []uint64 {
	t.Helper()
	f := reflect.TypeOf(o.want)
	n := len(arguments[0])
	d := Open(Options{})
	var declared, loaded strings.Builder
	addresses := []any{uint32(n)}
	for i := range 3 {
		p := alloc(t, d, 8*n, "argument")
		data, _ := binary.Append(nil, binary.LittleEndian, arguments[i])
		if err := d.Upload(p, data); err != nil {
			t.Fatal(err)
		}
		addresses = append(addresses, p)
		if i >= f.NumIn() {
			continue
		}
		name := string('a' + rune(i))
		kind := registerTypes[f.In(i).Kind()]
		fmt.Fprintf(&declared, ".reg .%s %%%s;\n", kind, name)
		fmt.Fprintf(&loaded, "ld.param.u64 %%at, [%s];\nadd.u64 %%at, %%at, %%offset;\n", name)
		if kind == "pred" {
			fmt.Fprintf(&loaded, "ld.global.u32 %%t, [%%at];\nand.b32 %%t, %%t, 1;\nsetp.ne.u32 %%%s, %%t, 0;\n", name)
		} else {
			fmt.Fprintf(&loaded, "ld.global.%s %%%s, [%%at];\n", kind, name)
		}
	}
	result := registerTypes[f.Out(0).Kind()]
	stored := "st.global." + result + " [%at], %y;"
	if result == "pred" {
		stored = "selp.u32 %t, 1, 0, %y;\nst.global.u32 [%at], %t;"
	}
	y := alloc(t, d, 8*n, "result")
	err := d.Launch(device.Launch{
		Module: fmt.Sprintf(`.version 6.3
.target sm_70
.address_size 64
.visible .entry test(.param .u32 n, .param .u64 a, .param .u64 b, .param .u64 c, .param .u64 y)
{
.reg .b32 %%i, %%t;
.reg .b64 %%at, %%offset;
.reg .pred %%none;
%s.reg .%s %%y;
mov.u32 %%i, %%ctaid.x;
mov.u32 %%t, %%ntid.x;
mul.lo.u32 %%i, %%i, %%t;
mov.u32 %%t, %%tid.x;
add.u32 %%i, %%i, %%t;
ld.param.u32 %%t, [n];
setp.ge.u32 %%none, %%i, %%t;
@%%none ret;
mul.wide.u32 %%offset, %%i, 8;
%s%s
ld.param.u64 %%at, [y];
add.u64 %%at, %%at, %%offset;
%s
}`, &declared, result, &loaded, o.text, stored),
		Kernel: "test", Grid: [3]int{n/256 + 1, 1, 1}, Block: [3]int{256, 1, 1}, Args: append(addresses, y),
	})
	if err != nil {
		t.Fatal(err)
	}
	data, results := make([]byte, 8*n), make([]uint64, n)
	if err := d.Download(data, y); err != nil {
		t.Fatal(err)
	}
	if _, err := binary.Decode(data, binary.LittleEndian, results); err != nil {
		t.Fatal(err)
	}
	return results
}

// goValue makes a value of the bits that the interpreter has.
func goValue(v uint64, t reflect.Type) reflect.Value {
	switch t.Kind() {
	case reflect.Bool:
		return reflect.ValueOf(v&1 == 1)
	case reflect.Float32:
		return reflect.ValueOf(math.Float32frombits(uint32(v)))
	case reflect.Float64:
		return reflect.ValueOf(math.Float64frombits(v))
	}
	return reflect.ValueOf(v).Convert(t)
}

// equal compares bits, but for those of a NaN.
func equal(a, b reflect.Value) bool {
	if a.CanFloat() && a.Float() != a.Float() {
		return b.Float() != b.Float()
	}
	return a.Equal(b) && (!a.CanFloat() || math.Signbit(a.Float()) == math.Signbit(b.Float()))
}

func testOperations(t *testing.T, cases []operationCase) {
	for _, o := range cases {
		t.Run(strings.ReplaceAll(strings.TrimSuffix(o.text, ";"), "%", ""), func(t *testing.T) {
			f := reflect.ValueOf(o.want)
			arguments := argumentsFor(f.Type().NumIn())
			for i, bits := range o.run(t, arguments) {
				var in []reflect.Value
				var shown []any
				for j := range f.Type().NumIn() {
					in = append(in, goValue(arguments[j][i], f.Type().In(j)))
					shown = append(shown, in[j].Interface())
				}
				want, got := f.Call(in)[0], goValue(bits, f.Type().Out(0))
				if !equal(want, got) {
					t.Fatalf("of %v: %v, expected %v", shown, got, want)
				}
			}
		})
	}
}

// argumentsFor returns all special values, with two arguments all pairs of them,
// with three some, and random ones.
func argumentsFor(arity int) (arguments [3][]uint64) {
	add := func(a, b, c uint64) {
		for i, v := range []uint64{a, b, c} {
			arguments[i] = append(arguments[i], v)
		}
	}
	random := rand.New(rand.NewPCG(3, 4))
	special := func() uint64 { return specials[random.IntN(len(specials))] }
	for _, a := range specials {
		if arity == 1 {
			add(a, 0, 0)
			continue
		}
		for _, b := range specials {
			add(a, b, special())
		}
	}
	for range 1000 {
		add(random.Uint64(), random.Uint64(), random.Uint64())
		add(random.Uint64(), special(), special())
	}
	return arguments
}
