//go:build !cuda

package cuda

import (
	"strings"
	"testing"
)

func TestWithoutTag(t *testing.T) {
	_, err := Devices()
	_, opened := Open(0)
	for _, err := range []error{err, opened} {
		if err == nil || !strings.Contains(err.Error(), "built without CUDA; `make gpu` builds") {
			t.Error(err)
		}
	}
}
