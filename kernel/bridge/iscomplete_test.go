package bridge

import (
	"testing"

	"spikebook/kernel/jupyter"
)

func TestIsComplete(t *testing.T) {
	f := newKernel(t, nil)
	for _, test := range []struct {
		request        any
		status, indent any
	}{
		{map[string]any{"code": "x := 1"}, "complete", nil},
		{map[string]any{"code": "func f() {"}, "incomplete", "    "},
		{map[string]any{"code": "func )("}, "invalid", nil},
		{map[string]any{}, "complete", nil},
		{map[string]any{"code": 1}, "unknown", nil},
	} {
		a := f.await(f.request(jupyter.Shell, "is_complete_request", test.request))
		if a.field("status") != test.status || a.field("indent") != test.indent {
			t.Errorf("%v: got %s, want %v %v", test.request, a.reply.Content, test.status, test.indent)
		}
	}
}
