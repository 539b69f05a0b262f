package entry

import (
	"math"
	"reflect"
	"testing"

	"spikebook/gpu/device"
)

func TestParse(t *testing.T) {
	for _, c := range []struct {
		name, ptx string
		want      Entries
	}{
		{"no kernel", ".version 7.0\n.func f(.param .u64 x) { ret; }", Entries{}},
		{"no parameters", ".visible .entry a() { ret; } .entry b { ret; }", Entries{"a": nil, "b": nil}},
		{"types", ".entry k(\n\t.param .u64 .ptr .global .align 4 x,\n\t.param .f32 y, // one, \n\t.param .align 8 .b64 z\n)", Entries{"k": {"u64", "f32", "b64"}}},
		{"a kernel in a comment", "/* .entry a(.param .u8 x) */ // .entry b\n.entry $c%1(.param .s32 $p%1)", Entries{"$c%1": {"s32"}}},
	} {
		if got, err := Parse(c.ptx); err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %v, %v, want %v", c.name, got, err, c.want)
		}
	}
	for ptx, want := range map[string]string{
		".entry k(.param .u64 x, .param .align 4 .b8 y[12])": `parameter 1 of kernel k is ".param .align 4 .b8 y[12]"; expected one number or address, as .param .u64 name`,
		".entry k(.param .u8 x)":                             `parameter 0 of kernel k is ".param .u8 x"; expected one number or address, as .param .u64 name`,
	} {
		if got, err := Parse(ptx); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, %v, want %s", ptx, got, err, want)
		}
	}
}

func TestPack(t *testing.T) {
	values := []any{device.Pointer(1 << 40), int64(-2), uint64(3), int32(-4), uint32(5), float32(-0.5), 0.25}
	want := []uint64{1 << 40, 1<<64 - 2, 3, 1<<32 - 4, 5, uint64(math.Float32bits(-0.5)), math.Float64bits(0.25)}
	allowed := map[string][]bool{
		"u64": {true, true, true, false, false, false, false},
		"s64": {true, true, true, false, false, false, false},
		"b64": {true, true, true, false, false, false, true},
		"f64": {false, false, false, false, false, false, true},
		"u32": {false, false, false, true, true, false, false},
		"s32": {false, false, false, true, true, false, false},
		"b32": {false, false, false, true, true, true, false},
		"f32": {false, false, false, false, false, true, false},
	}
	for kind, fits := range allowed {
		for i, v := range values {
			got, err := Pack([]string{kind}, []any{v})
			switch {
			case (err == nil) != fits[i]:
				t.Errorf("%T for .%s: %v", v, kind, err)
			case err == nil && got[0] != want[i]:
				t.Errorf("%T for .%s: %#x, want %#x", v, kind, got[0], want[i])
			}
		}
	}
}

func TestPackErrors(t *testing.T) {
	for _, c := range []struct {
		arguments []any
		want      string
	}{
		{[]any{1}, "argument 0 is of type int, the parameter is .u32"},
		{[]any{uint32(1), uint32(2)}, "2 arguments for 1 parameters"},
		{nil, "0 arguments for 1 parameters"},
	} {
		if _, err := Pack([]string{"u32"}, c.arguments); err == nil || err.Error() != c.want {
			t.Errorf("%v: %v, want %s", c.arguments, err, c.want)
		}
	}
	if _, err := Unpack([]string{"u32"}, nil); err == nil {
		t.Error("no argument was unpacked for a parameter")
	}
}

// TestUnpack checks that values come back that have a type of their own in PTX.
func TestUnpack(t *testing.T) {
	kinds := []string{"u64", "s64", "u32", "s32", "f32", "f64"}
	values := []any{uint64(1 << 63), int64(-1), uint32(1 << 31), int32(-1), float32(1.5), -2.5}
	packed, err := Pack(kinds, values)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := Unpack(kinds, packed); err != nil || !reflect.DeepEqual(got, values) {
		t.Errorf("got %v, %v, want %v", got, err, values)
	}
}
