package supervisor

import (
	"fmt"
	"strings"
	"testing"
)

func TestTail(t *testing.T) {
	var last Tail
	if last.String() != "" {
		t.Errorf("an empty tail is %q", last.String())
	}
	for i := range 1000 {
		fmt.Fprintln(&last, "line", i)
	}
	lines := strings.Split(last.String(), "\n")
	if len(lines) != tailLines || lines[tailLines-1] != "line 999" || lines[0] != "line 980" {
		t.Errorf("%q", lines)
	}
}
