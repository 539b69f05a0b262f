package main

import "fmt"

// What the README of the data demands.
const (
	outputTolerance    = 2e-6
	gradientTolerance  = 1e-5
	trainingTolerance  = 5e-6 // after five steps of an optimizer
	surrogateTolerance = 5e-7
	surrogateRange     = 10 // beyond which the tolerance is not promised
)

// result is the outcome of a case.
type result struct {
	skipped  string   // why it was not run
	partly   []string // what of it was not compared
	err      float64  // largest difference of an output
	gradient float64  // and of a gradient
	miss     string   // what is wrong
}

// unsupported is a case that this version cannot run.
type unsupported string

func (u unsupported) Error() string { return string(u) }

// check runs a case.
func check(g *group, c *reference) (r result) {
	defer func() {
		if p := recover(); p != nil {
			r.miss = fmt.Sprint("panic: ", p)
		}
	}()
	var err error
	switch {
	case g.Group == "defaults":
		err = unsupported("arguments of constructors: no numbers to compare")
	case len(c.unknown) > 0:
		err = unsupported(c.Class + " with the key " + c.unknown[0])
	case len(c.Buffers) > 0:
		err = unsupported(c.Class + " with buffers")
	case surrogates[c.Class] != nil:
		r, err = checkSurrogate(g, c)
	case neurons[c.Class] != nil || parallel[c.Class]:
		r, err = checkNeuron(g, c)
	case encoders[c.Class] != nil:
		r, err = checkEncoder(c)
	case learners[c.Class]:
		r, err = checkLearner(c)
	case g.Group == "network":
		r, err = checkNetwork(c)
	case layers[c.Class] != nil:
		r, err = checkLayer(c)
	case g.Group == "functional":
		r, err = checkFunctional(c)
	default:
		err = unsupported(c.Class)
	}
	if u, ok := err.(unsupported); ok {
		r.skipped = string(u)
	} else if err != nil {
		r.miss = err.Error()
	}
	return r
}
