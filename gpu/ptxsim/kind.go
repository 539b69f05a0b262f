package ptxsim

import "fmt"

// kind is the type of an instruction, a register or a parameter.
type kind struct {
	class byte // b, u, s, f, or p for a predicate
	bits  int
}

var (
	predicate         = kind{'p', 1}
	b8, b16, b32, b64 = kind{'b', 8}, kind{'b', 16}, kind{'b', 32}, kind{'b', 64}
	u8, u16, u32, u64 = kind{'u', 8}, kind{'u', 16}, kind{'u', 32}, kind{'u', 64}
	s8, s16, s32, s64 = kind{'s', 8}, kind{'s', 16}, kind{'s', 32}, kind{'s', 64}
	f32, f64          = kind{'f', 32}, kind{'f', 64}
)

var kinds = func() map[string]kind {
	named := map[string]kind{}
	for _, k := range []kind{predicate, b8, b16, b32, b64, u8, u16, u32, u64, s8, s16, s32, s64, f32, f64} {
		named[k.String()] = k
	}
	return named
}()

func (k kind) String() string {
	if k == predicate {
		return "pred"
	}
	return fmt.Sprintf("%c%d", k.class, k.bits)
}

func (k kind) integer() bool { return k.class == 'u' || k.class == 's' }
func (k kind) float() bool   { return k.class == 'f' }
func (k kind) bytes() int    { return k.bits / 8 }

// mask has the bits that a value of this kind may have set.
func (k kind) mask() uint64 { return 1<<k.bits - 1 }

// accepts says whether a register may be an operand of an instruction of kind k,
// by the rules of PTX for operands of the same size.
func (k kind) accepts(register kind) bool {
	if k.bits != register.bits {
		return false
	}
	return k.class == register.class || k.class == 'b' && register != predicate || register.class == 'b' && k != predicate ||
		k.integer() && register.integer()
}

// acceptsWider is accepts for loads, stores and conversions, for which the register
// may have more bits than the instruction.
func (k kind) acceptsWider(register kind) bool {
	return k.accepts(register) || register.bits > k.bits && k != predicate && !k.float() && !register.float()
}

// extend returns a value of kind k as a register of more bits holds it.
func (k kind) extend(v uint64, register kind) uint64 {
	if k.class == 's' {
		shift := 64 - k.bits
		v = uint64(int64(v<<shift) >> shift)
	}
	return v & register.mask()
}
