package ptxsim

import (
	"fmt"
	"math"

	"spikebook/gpu/device"
)

// bind returns the arguments of a launch by the rows of their parameters.
func bind(parameters []parameter, args []any) (map[int]uint64, error) {
	if len(args) != len(parameters) {
		return nil, fmt.Errorf("%d arguments, expected %d", len(args), len(parameters))
	}
	rows := map[int]uint64{}
	for i, p := range parameters {
		k, value := argumentKind(args[i])
		if k != p.kind && !(p.kind.class == 'b' && k.bits == p.kind.bits) {
			return nil, fmt.Errorf("argument %d, %s, is a %T, expected %s", i, p.name, args[i], expectedTypes(p.kind))
		}
		rows[p.row] = value
	}
	return rows, nil
}

// argumentKind returns the kind that an argument is for, and its bits.
func argumentKind(arg any) (kind, uint64) {
	switch v := arg.(type) {
	case device.Pointer:
		return u64, uint64(v)
	case uint64:
		return u64, v
	case int64:
		return s64, uint64(v)
	case uint32:
		return u32, uint64(v)
	case int32:
		return s32, uint64(uint32(v))
	case float32:
		return f32, uint64(math.Float32bits(v))
	case float64:
		return f64, math.Float64bits(v)
	}
	return kind{}, 0
}

func expectedTypes(k kind) string {
	return map[kind]string{
		u64: "a device.Pointer or uint64", s64: "an int64", u32: "a uint32", s32: "an int32", f32: "a float32", f64: "a float64",
		b32: "an int32, uint32 or float32", b64: "a device.Pointer, int64, uint64 or float64",
	}[k]
}
