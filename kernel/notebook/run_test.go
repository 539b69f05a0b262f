package notebook

import (
	"encoding/json"
	"reflect"
	"testing"
)

// The metadata tell of a run what papermill's tell, each value as JSON has it.
func TestRunInMetadata(t *testing.T) {
	nb := withParameters("var tau = 1.5\nvar n uint8\nvar s = \"x\"\nvar fast = false\nvar sizes []int\nconst c = 0.5\nconst t = true")
	if nb.Ran(false); nb.Metadata != nil {
		t.Errorf("without parameters: %v", nb.Metadata)
	}
	nb.Metadata = map[string]any{"papermill": map[string]any{"version": "2.7.0", "parameters": map[string]any{"old": 1}}}
	if err := nb.Inject(parse(t, "tau=3", "n=0xff", "s=12", "fast=1", "sizes=[1, 2]", "c=3", "t=false")); err != nil {
		t.Fatal(err)
	}
	for ok, exception := range map[bool]any{true: nil, false: true} {
		nb.Ran(ok)
		text, err := json.Marshal(nb.Metadata)
		if err != nil {
			t.Fatal(err)
		}
		var got map[string]any
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatal(err)
		}
		want := map[string]any{"papermill": map[string]any{"version": "2.7.0", "exception": exception, "parameters": map[string]any{
			"tau": 3., "n": 255., "s": "12", "fast": true, "sizes": []any{1., 2.}, "c": 3., "t": false,
		}}}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("ok %v: got %v, want %v", ok, got, want)
		}
	}
	nb = &Notebook{}
	if err := nb.Inject(parse(t, "a=1", "b=1.5", "c=x", "d=true")); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"a": json.Number("1"), "b": json.Number("1.5"), "c": "x", "d": true}
	if got := nb.Metadatum("papermill", "parameters"); !reflect.DeepEqual(got, want) {
		t.Errorf("without a parameters cell: got %v, want %v", got, want)
	}
}
