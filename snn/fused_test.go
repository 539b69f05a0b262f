package snn_test

import (
	"os/exec"
	"regexp"
	"testing"
)

// TestNoFusedProducts reads the machine code for arm64, where the compiler
// fuses a product into the sum around it unless the product is rounded first.
// Such an instruction would make the results differ between machines.
func TestNoFusedProducts(t *testing.T) {
	build := exec.Command("go", "build", "-gcflags=spikebook/snn/...=-S", "spikebook/snn", "spikebook/snn/dynamics", "spikebook/snn/vector")
	build.Env = append(build.Environ(), "GOARCH=arm64", "CGO_ENABLED=0")
	code, err := build.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, code)
	}
	if !regexp.MustCompile(`\tFMULS\t`).Match(code) {
		t.Fatal("there are no products in the machine code")
	}
	for _, fused := range regexp.MustCompile(`.*\tFN?M(ADD|SUB)[SD]\t.*`).FindAll(code, -1) {
		t.Errorf("a fused product: %s", fused)
	}
}
