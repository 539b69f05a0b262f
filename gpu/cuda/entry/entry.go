// Package entry reads from PTX which parameters a kernel takes. The driver does
// not tell before version 12.4, and reads whatever lies behind arguments that
// are too few.
package entry

import (
	"fmt"
	"math"
	"regexp"
	"strings"

	"spikebook/gpu/device"
)

// Entries are the kernels of a module by their names, with the types of their
// parameters, as "u64".
type Entries map[string][]string

var (
	comment   = regexp.MustCompile(`(?s)//[^\n]*|/\*.*?\*/`)
	header    = regexp.MustCompile(`\.entry\s+([\w$%]+)\s*(?:\(([^)]*)\))?`)
	parameter = regexp.MustCompile(`^\s*\.param\s+(?:\.align\s+\d+\s+)?\.([a-z]\d+)\s+(?:\.ptr\s+(?:\.\w+\s+)*(?:\.align\s+\d+\s+)?)?[\w$%]+\s*$`)
)

// Parse finds the kernels of a module.
func Parse(ptx string) (Entries, error) {
	entries := Entries{}
	for _, m := range header.FindAllStringSubmatch(comment.ReplaceAllString(ptx, " "), -1) {
		name, list := m[1], strings.TrimSpace(m[2])
		entries[name] = nil
		if list == "" {
			continue
		}
		for i, p := range strings.Split(list, ",") {
			kind := parameter.FindStringSubmatch(p)
			if kind == nil || bytes(kind[1]) == 0 {
				return nil, fmt.Errorf("parameter %d of kernel %s is %q; expected one number or address, as .param .u64 name", i, name, strings.TrimSpace(p))
			}
			entries[name] = append(entries[name], kind[1])
		}
	}
	return entries, nil
}

// bytes is the size of a type, 0 if no argument has it.
func bytes(kind string) int {
	switch kind {
	case "u64", "s64", "b64", "f64":
		return 8
	case "u32", "s32", "b32", "f32":
		return 4
	}
	return 0
}

// Pack returns the arguments of a kernel, eight bytes for each, from the lowest on.
func Pack(kinds []string, arguments []any) ([]uint64, error) {
	if len(arguments) != len(kinds) {
		return nil, fmt.Errorf("%d arguments for %d parameters", len(arguments), len(kinds))
	}
	packed := make([]uint64, len(arguments))
	for i, a := range arguments {
		value, fits := pack(kinds[i], a)
		if !fits {
			return nil, fmt.Errorf("argument %d is of type %T, the parameter is .%s", i, a, kinds[i])
		}
		packed[i] = value
	}
	return packed, nil
}

// pack returns the bits of a value, and whether a parameter may have it. Signs are
// not looked at: in PTX they belong to the instructions.
func pack(kind string, value any) (bits uint64, fits bool) {
	size, float, plain := bytes(kind), kind[0] == 'f', kind[0] == 'b'
	switch v := value.(type) {
	case device.Pointer:
		return uint64(v), size == 8 && !float
	case int64:
		return uint64(v), size == 8 && !float
	case uint64:
		return v, size == 8 && !float
	case int32:
		return uint64(uint32(v)), size == 4 && !float
	case uint32:
		return uint64(v), size == 4 && !float
	case float32:
		return uint64(math.Float32bits(v)), size == 4 && (float || plain)
	case float64:
		return math.Float64bits(v), size == 8 && (float || plain)
	}
	return 0, false
}

// Unpack returns the arguments that Pack packed, addresses as numbers.
func Unpack(kinds []string, packed []uint64) ([]any, error) {
	if len(packed) != len(kinds) {
		return nil, fmt.Errorf("%d arguments for %d parameters", len(packed), len(kinds))
	}
	arguments := make([]any, len(packed))
	for i, v := range packed {
		switch kinds[i] {
		case "f64":
			arguments[i] = math.Float64frombits(v)
		case "f32":
			arguments[i] = math.Float32frombits(uint32(v))
		case "s64":
			arguments[i] = int64(v)
		case "s32":
			arguments[i] = int32(v)
		case "u32", "b32":
			arguments[i] = uint32(v)
		default:
			arguments[i] = v
		}
	}
	return arguments, nil
}
