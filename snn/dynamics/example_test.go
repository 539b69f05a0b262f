package dynamics_test

import (
	"fmt"

	"spikebook/snn/dynamics"
)

func Example() {
	v, x, tau := dynamics.State("v"), dynamics.Input("x"), dynamics.Param("tau")
	h := v.Add(x.Sub(v).Div(tau))
	fmt.Println(h)
	fmt.Println(h.LaTeX())

	p, err := dynamics.Compile(dynamics.Definition{
		Inputs: []string{"x"}, Outputs: []dynamics.Expr{h}, States: []dynamics.StateEquation{{Name: "v", Next: h}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	potential := []float32{0, 0} // two neurons
	out := make([]float32, 3*2)  // for three steps
	p.Run(dynamics.Run{
		T: 3, N: 2, Params: [][]float32{{2}},
		Inputs: [][]float32{{1, 2, 1, 2, 1, 2}}, Outputs: [][]float32{out}, States: [][]float32{potential},
	})
	fmt.Println(out, potential)
	// Output:
	// v + (x - v) / tau
	// v + \frac{x - v}{\tau}
	// [0.5 1 0.75 1.5 0.875 1.75] [0.875 1.75]
}

func ExampleParse() {
	names := map[string]dynamics.Expr{"v": dynamics.State("v"), "x": dynamics.Input("x")}
	e, _ := dynamics.Parse("0.9*v + x**2", names)
	fmt.Println(e)
	_, err := dynamics.Parse("0.9*v + y**2", names)
	fmt.Println(err)
	// Output:
	// 0.9 * v + x**2
	// dynamics.Parse: "y" is unknown; there are v, x
	//     0.9*v + y**2
	//             ^
}
