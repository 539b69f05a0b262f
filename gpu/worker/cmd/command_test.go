package cmd

import "testing"

func TestUsage(t *testing.T) {
	for _, test := range []struct {
		socket  string
		emulate int
	}{{"", 1}, {"socket", -1}, {"socket", 65}} {
		if err := serve(test.socket, test.emulate, 0); err == nil {
			t.Errorf("it serves %d devices at %q", test.emulate, test.socket)
		}
	}
}
