package display_test

import (
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"spikebook/display"
	"spikebook/snn"
)

type celsius float32

func TestRecord(t *testing.T) {
	for _, tt := range []struct {
		value any
		data  any
		text  string
	}{
		{0.25, 0.25, "0.25"},
		{float32(0.1), 0.1, "0.1"},
		{celsius(1e9), 1e9, "1e+09"},
		{-3, -3., "-3"},
		{uint8(255), 255., "255"},
		{true, true, "true"},
		{"a \"b\"\n\\\x01é", "a \"b\"\n\\\x01é", "a \"b\"\n\\\x01é"},
		{"\xff", "�", "\xff"},
		{snn.Ones(4).Mean(), 1., "1"},
		{snn.Full(0.5, 1, 1), 0.5, "0.5"},
		{math.NaN(), "NaN", "NaN"},
		{math.Inf(-1), "-Inf", "-Inf"},
	} {
		n := open(t)
		if err := display.Record("größe", tt.value); err != nil {
			t.Errorf("%v: %v", tt.value, err)
			continue
		}
		if want := "größe = " + tt.text; n.text[0] != want || !slices.Equal(n.types[0], []string{display.RecordMIME, "text/plain"}) {
			t.Errorf("%v is shown as %q %v, want %q", tt.value, n.text[0], n.types[0], want)
		}
		var got struct {
			Name, Encoder string
			Data          any
			Version       int
		}
		if err := json.Unmarshal([]byte(n.bundles[0][display.RecordMIME]), &got); err != nil {
			t.Errorf("%v: %v in %s", tt.value, err, n.bundles[0])
		}
		if got.Name != "größe" || got.Data != tt.data || got.Encoder != "json" || got.Version != 1 {
			t.Errorf("%v is recorded as %+v", tt.value, got)
		}
	}
}

func TestRecordRefuses(t *testing.T) {
	open(t)
	for _, tt := range []struct {
		name  string
		value any
		want  string
	}{
		{"", 1.5, "a value (1.5) needs a name"},
		{"x", nil, "found <nil>"},
		{"x", []float64{1}, "found []float64"},
		{"x", snn.Ones(2, 3), "found a tensor of shape [2 3]; choose one with At"},
		{"x", (*snn.Tensor)(nil), "found no tensor (nil)"},
	} {
		if err := display.Record(tt.name, tt.value); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q, %v: %v, want %s", tt.name, tt.value, err, tt.want)
		}
	}
	n := open(t)
	n.failed = errors.New("the browser is gone")
	if err := display.Record("x", 1); err == nil {
		t.Error("nothing was recorded and nothing said")
	}
}
