package bridge

import (
	"encoding/json"
	"testing"

	"spikebook/kernel/jupyter"
)

func TestHistory(t *testing.T) {
	f := newKernel(t, nil)
	for _, code := range []string{"a", "b/1", "a", "c"} {
		f.execute(code)
	}
	all := `[[1,1,"a"],[1,2,"b/1"],[1,3,"a"],[1,4,"c"]]`
	for _, test := range []struct {
		request map[string]any
		want    string
	}{
		{map[string]any{"hist_access_type": "tail", "n": 2}, `[[1,3,"a"],[1,4,"c"]]`},
		{map[string]any{"hist_access_type": "tail", "n": 0}, `[]`},
		{map[string]any{"hist_access_type": "tail", "n": -1}, all},
		{map[string]any{"hist_access_type": "tail"}, all},
		{map[string]any{"hist_access_type": "tail", "n": 1, "output": true}, `[[1,4,["c",null]]]`},
		{map[string]any{"hist_access_type": "tail", "n": nil, "output": nil, "raw": nil, "session": nil, "start": nil, "stop": nil, "pattern": nil, "unique": nil}, all},
		{map[string]any{"hist_access_type": "range", "session": 0, "start": 1, "stop": 3}, `[[1,1,"a"],[1,2,"b/1"]]`},
		{map[string]any{"hist_access_type": "range", "session": 1, "start": 4}, `[[1,4,"c"]]`},
		{map[string]any{"hist_access_type": "range"}, all},
		{map[string]any{"hist_access_type": "range", "session": 7, "start": 1, "stop": 3}, `[]`},
		{map[string]any{"hist_access_type": "search", "pattern": "b*", "output": true}, `[[1,2,["b/1",null]]]`},
		{map[string]any{"hist_access_type": "search", "pattern": "?", "unique": true}, `[[1,3,"a"],[1,4,"c"]]`},
		{map[string]any{"hist_access_type": "search", "pattern": "*", "n": 1}, `[[1,4,"c"]]`},
		{map[string]any{"hist_access_type": "search"}, all},
		{map[string]any{"hist_access_type": "search", "pattern": "["}, `[]`},
		{map[string]any{"hist_access_type": "of another kind"}, `[]`},
		{map[string]any{}, `[]`},
		{map[string]any{"hist_access_type": 7}, `null`},
	} {
		a := f.await(f.request(jupyter.Shell, "history_request", test.request))
		got, err := json.Marshal(a.field("history"))
		if err != nil || string(got) != test.want {
			t.Errorf("%v: got %s, want %s", test.request, got, test.want)
		}
		if status := map[bool]string{true: "error", false: "ok"}[test.want == "null"]; a.field("status") != status {
			t.Errorf("%v: status %v, want %s", test.request, a.field("status"), status)
		}
	}
}
