package ptx_test

import (
	"fmt"

	"spikebook/gpu/ptx"
	"spikebook/snn/dynamics"
)

// The kernel of a neuron that adds up its input, and gives out whether the sum is
// above 0.
func ExampleNew() {
	v := dynamics.State("v").Add(dynamics.Input("x"))
	p, err := dynamics.Compile(dynamics.Definition{
		Inputs:  []string{"x"},
		Outputs: []dynamics.Expr{v.Heaviside()},
		States:  []dynamics.StateEquation{{Name: "v", Next: v}},
	})
	if err != nil {
		panic(err)
	}
	k, err := ptx.New(p.Listing(), ptx.Options{Name: "sum", Comment: []string{"v[t] = v[t-1] + x[t]"}})
	if err != nil {
		panic(err)
	}
	fmt.Println(k.Module)
	// Output:
	// .version 6.3
	// .target sm_70
	// .address_size 64
	//
	// // v[t] = v[t-1] + x[t]
	// .visible .entry steps_sum(
	// 	.param .u32 neurons,
	// 	.param .u32 steps,
	// 	.param .s64 row,
	// 	.param .u64 input0,
	// 	.param .s64 input0_row,
	// 	.param .u32 input0_column,
	// 	.param .u64 state0,
	// 	.param .u64 output0
	// )
	// {
	// 	.reg .pred %p<5>;
	// 	.reg .b32 %r<12>;
	// 	.reg .b64 %d<9>;
	//
	// 	mov.u32 %r1, %ctaid.x;
	// 	mov.u32 %r2, %ntid.x;
	// 	mov.u32 %r3, %tid.x;
	// 	mad.lo.u32 %r4, %r1, %r2, %r3; // the neuron of this thread
	// 	ld.param.u32 %r5, [neurons];
	// 	setp.ge.u32 %p1, %r4, %r5;
	// 	@%p1 bra $none;
	// 	ld.param.u32 %r6, [steps];
	// 	ld.param.s64 %d1, [row]; // bytes from a step to the next
	// 	ld.param.u64 %d2, [input0]; // x
	// 	cvta.to.global.u64 %d2, %d2;
	// 	ld.param.s64 %d3, [input0_row];
	// 	ld.param.u32 %r7, [input0_column];
	// 	mad.wide.u32 %d4, %r4, %r7, %d2;
	// 	ld.param.u64 %d5, [state0]; // v
	// 	cvta.to.global.u64 %d5, %d5;
	// 	mad.wide.u32 %d6, %r4, 4, %d5;
	// 	ld.global.f32 %r8, [%d6]; // v
	// 	ld.param.u64 %d7, [output0];
	// 	cvta.to.global.u64 %d7, %d7;
	// 	mad.wide.u32 %d8, %r4, 4, %d7;
	// 	setp.eq.u32 %p2, %r6, 0;
	// 	@%p2 bra $last;
	// $step:
	// 	ld.global.f32 %r9, [%d4]; // x
	// 	add.s64 %d4, %d4, %d3;
	// 	add.rn.f32 %r10, %r9, %r8; // t1 = x + v
	// 	// t2 = heaviside(t1)
	// 	setp.ge.f32 %p4, %r10, 0f00000000;
	// 	selp.f32 %r11, 0f3F800000, 0f00000000, %p4;
	// 	st.global.f32 [%d8], %r11; // output0
	// 	add.s64 %d8, %d8, %d1;
	// 	mov.b32 %r8, %r10; // the next v is t1
	// 	sub.u32 %r6, %r6, 1;
	// 	setp.ne.u32 %p3, %r6, 0;
	// 	@%p3 bra $step;
	// $last:
	// 	st.global.f32 [%d6], %r8; // v
	// $none:
	// 	ret;
	// }
}
