package library

import (
	"fmt"
	"math"
	"strings"

	"spikebook/gpu/device"
)

// Product says what MatMul is to multiply: C [M, N] = A [M, K] times B [K, N].
type Product struct {
	M, N, K int

	// TransposeA says that A is stored the other way round, as [K, M]; TransposeB
	// that B is stored as [N, K].
	TransposeA, TransposeB bool

	// Add adds the product to what is in C.
	Add bool

	// Batch is the number of products, 1 for a single one. From one to the next,
	// each matrix is as many values further; the same A or B serves all with 0.
	Batch                     int
	StrideC, StrideA, StrideB int
}

// MatMul multiplies matrices.
//
// Each sum starts with 0 and goes through k from the first to the last; a product is
// rounded before it is added, and what is 0 in A adds nothing, whatever is in B.
// Package snn computes the same bits.
func MatMul(c, a, b device.Pointer, p Product) ([]device.Launch, error) {
	n, err := p.check()
	if err != nil || n == 0 {
		return nil, err
	}
	addresses := []address{{"C", c, 4}}
	if p.K > 0 {
		addresses = append(addresses, address{"A", a, 4}, address{"B", b, 4})
	}
	if err := aligned("MatMul", addresses...); err != nil {
		return nil, err
	}
	return p.launch(p.variant(), c, a, b)
}

// check returns the number of values of one C.
func (p Product) check() (int, error) {
	if p.Batch < 1 {
		return 0, fmt.Errorf("library.MatMul: the batch is %d; expected the number of products, at least 1", p.Batch)
	}
	for _, shape := range [][]int{{p.M, p.K}, {p.K, p.N}} {
		if _, err := volume("MatMul", shape...); err != nil {
			return 0, err
		}
	}
	n, err := volume("MatMul", p.M, p.N)
	if err != nil {
		return 0, err
	}
	if p.Batch > 1 && max(p.StrideC, -p.StrideC) < n {
		return 0, fmt.Errorf("library.MatMul: matrices C of %d values are only %d apart; expected at least their size, or they overlap", n, p.StrideC)
	}
	return n, nil
}

// variant is one of the kernels. A thread computes so many rows and columns of C.
type variant struct {
	transposeA, transposeB bool
	each                   int
}

// productVariants returns all of them.
func productVariants() []variant {
	var list []variant
	for _, each := range []int{2, 4} {
		for _, a := range []bool{false, true} {
			for _, b := range []bool{false, true} {
				list = append(list, variant{a, b, each})
			}
		}
	}
	return list
}

// variant chooses the kernel. A thread that computes more reads less for each value,
// but only a large C keeps a GPU busy then.
func (p Product) variant() variant {
	const enough = 256 // blocks of threads
	v := variant{p.TransposeA, p.TransposeB, 4}
	if v.blocks(p.M)*v.blocks(p.N)*p.Batch < enough {
		v.each = 2
	}
	return v
}

// side is that of the square of C which a block of 16*16 threads computes.
func (v variant) side() int { return 16 * v.each }

// blocks returns how many squares cover so many rows or columns.
func (v variant) blocks(n int) int { return (n + v.side() - 1) / v.side() }

func (p Product) launch(v variant, c, a, b device.Pointer) ([]device.Launch, error) {
	const most = 1<<16 - 1 // of the second and third size of a grid
	if v.blocks(p.N) > most || p.Batch > most {
		return nil, fmt.Errorf("library.MatMul: %d products with %d columns are more than one launch can count; expected at most %d with %d, split them",
			p.Batch, p.N, most, most*v.side())
	}
	add := uint32(0)
	if p.Add {
		add = 1
	}
	return []device.Launch{{
		Module: text(v.name()),
		Kernel: v.name(),
		Grid:   [3]int{v.blocks(p.M), v.blocks(p.N), p.Batch},
		Block:  [3]int{256, 1, 1},
		Args: []any{
			c, a, b, uint32(p.M), uint32(p.N), uint32(p.K), add,
			4 * int64(p.StrideC), 4 * int64(p.StrideA), 4 * int64(p.StrideB),
		},
	}}, nil
}

// name is that of the kernel and of its module: "matmul_nt_32" for a B that is
// transposed and squares with 32 rows.
func (v variant) name() string {
	letters := map[bool]string{false: "n", true: "t"}
	return fmt.Sprintf("matmul_%s%s_%d", letters[v.transposeA], letters[v.transposeB], v.side())
}

// depth is the number of columns of A and rows of B of one pass.
const depth = 16

func (v variant) text() string {
	register := func(name string) string {
		list := numbers(v.each)
		for i, n := range list {
			list[i] = "%" + name + n
		}
		return strings.Join(list, ", ")
	}
	// Rows in shared memory are a vector further apart than they are long, so that a
	// column of them is not all in one bank.
	pitch := 4 * (v.side() + 4)
	text := file("matmul",
		"$OPERANDS", v.operand("a", "x", "%m", !v.transposeA)+v.operand("b", "y", "%n", v.transposeB),
		"$NAME", v.name(),
		"$AVALUES", register("a"),
		"$BVALUES", register("b"),
	)
	text = each(text, "x", "a", "b")
	text = each(text, "j", numbers(v.each)...)
	text = each(text, "r", numbers(v.each)...)
	text = each(text, "c", numbers(v.each)...)
	return strings.NewReplacer(
		"$R", fmt.Sprint(v.each),
		"$SIDE", fmt.Sprint(v.side()),
		"$PITCH", fmt.Sprint(pitch),
		"$SIZE", fmt.Sprint(depth*pitch),
	).Replace(text)
}

// operand returns how a thread finds what it copies of one operand, whose edge is the
// side of C along an axis of the grid. Neighbouring threads copy what is next to each
// other in memory: values along the depth, or along the edge.
func (v variant) operand(name, axis, edges string, alongDepth bool) string {
	near, far, size, length, pass := "edge", "depth", v.side(), edges, edges
	if alongDepth {
		near, far, size, length, pass = "depth", "edge", depth, "%k", "1"
	}
	return file("operand",
		"$x", name, "$AXIS", axis, "$EDGES", edges, "$NEAR", near, "$FAR", far, "$LENGTH", length, "$PASS", pass,
		"$MASK", fmt.Sprint(size-1), "$SHIFT", fmt.Sprint(math.Log2(float64(size))), "$SPACING", fmt.Sprint(256/size),
	)
}
