package bridge

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"spikebook/display/figure"
)

// What is JSON by its type travels as JSON; text stays text, whatever it looks like.
func TestBundle(t *testing.T) {
	data, metadata, err := bundle(map[string]string{"text/plain": `{"a":1}`, "application/x+json": `{"a":1}`, "application/json": `[2]`})
	want := map[string]any{"text/plain": `{"a":1}`, "application/x+json": json.RawMessage(`{"a":1}`), "application/json": json.RawMessage(`[2]`)}
	if err != nil || len(metadata) != 0 || !reflect.DeepEqual(data, want) {
		t.Errorf("got %v, %v, %v", data, metadata, err)
	}
	if _, _, err := bundle(map[string]string{"application/x+json": "{", "text/plain": "x"}); err == nil || !strings.Contains(err.Error(), `application/x+json is not JSON: "{"`) {
		t.Errorf("got %v", err)
	}
	drawn := &figure.Figure{Kind: figure.Heatmap, Text: "its own words", Series: []figure.Series{{Shape: []int{1, 2}, Data: figure.Values{0, 1}}}}
	forms := drawn.MIMEBundle()
	forms["text/html"], forms["text/plain"] = "<b>", "other"
	data, metadata, err = bundle(forms)
	if err != nil || data["image/png"] == nil || data["text/html"] != "<b>" || data[figure.MIME] != nil || metadata["image/png"] == nil {
		t.Errorf("got %v, %v, %v", data, metadata, err)
	}
	if text := data["text/plain"]; text != drawn.Text {
		t.Errorf("the figure's own words are %q", text)
	}
}
