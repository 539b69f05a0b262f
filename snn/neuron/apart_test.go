package neuron_test

import (
	"reflect"
	"testing"
	"unsafe"

	"spikebook/snn"
	"spikebook/snn/neuron"
)

// reachable collects the addresses of all objects that a value leads to.
func reachable(v reflect.Value, found map[unsafe.Pointer]string, path string) {
	add := func(p unsafe.Pointer) bool {
		if p == nil || found[p] != "" {
			return false
		}
		found[p] = path
		return true
	}
	switch v.Kind() {
	case reflect.Pointer:
		if add(v.UnsafePointer()) {
			reachable(v.Elem(), found, path)
		}
	case reflect.Interface:
		if !v.IsNil() {
			reachable(v.Elem(), found, path)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			reachable(v.Field(i), found, path+"."+v.Type().Field(i).Name)
		}
	case reflect.Slice:
		if v.Cap() > 0 {
			add(v.UnsafePointer())
		}
		for i := range v.Len() {
			reachable(v.Index(i), found, path)
		}
	case reflect.Array:
		for i := range v.Len() {
			reachable(v.Index(i), found, path)
		}
	case reflect.Map:
		add(v.UnsafePointer())
		for it := v.MapRange(); it.Next(); {
			reachable(it.Value(), found, path)
		}
	}
}

// Two layers share nothing, nor does a layer share anything with what it is
// given and gives out: variables of a notebook that share memory are restored
// and stored together, and each cell that uses one of them would be another
// program whenever one is added.
func TestLayersAreApart(t *testing.T) {
	for name, f := range all {
		x := snn.Ones(testSteps, 2)
		a, b := f(neuron.StepMode("m"), neuron.StoreVSeq(true)), f(neuron.StepMode("m"), neuron.StoreVSeq(true))
		var y *snn.Tensor
		snn.NoGrad(func() { // a result on the tape leads to the layer
			y = a.Forward(x)
			b.Forward(snn.Ones(testSteps, 2))
		})
		things := map[string]any{"a": a, "b": b, "x": x, "y": y}
		owner := map[unsafe.Pointer]string{}
		for _, what := range []string{"a", "b", "x", "y"} {
			found := map[unsafe.Pointer]string{}
			reachable(reflect.ValueOf(things[what]), found, what)
			for p, path := range found {
				if other, taken := owner[p]; taken {
					t.Errorf("%s: %s and %s are one object", name, other, path)
				}
				owner[p] = path
			}
		}
	}
}
