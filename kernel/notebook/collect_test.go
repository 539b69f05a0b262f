package notebook

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

type published struct{ msgType, content string }

// collect runs the messages through a collector for one cell.
func collect(t *testing.T, messages ...published) *Cell {
	t.Helper()
	cell := &Cell{Type: Code, Outputs: []*Output{{Type: Stream, Text: "of the last run"}}, ExecutionCount: 9}
	c := NewCollector()
	c.Begin(cell)
	for _, m := range messages {
		if err := c.Message(m.msgType, json.RawMessage(m.content)); err != nil {
			t.Fatal(err)
		}
	}
	c.End()
	return cell
}

func out(text string) *Output  { return &Output{Type: Stream, Name: "stdout", Text: text} }
func warn(text string) *Output { return &Output{Type: Stream, Name: "stderr", Text: text} }
func show(text string) *Output {
	return &Output{Type: DisplayData, Data: map[string]any{"text/plain": text}, Metadata: map[string]any{}}
}

func TestCollect(t *testing.T) {
	stdout := func(text string) published {
		quoted, _ := json.Marshal(text)
		return published{"stream", `{"name":"stdout","text":` + string(quoted) + `}`}
	}
	stderr := published{"stream", `{"name":"stderr","text":"w"}`}
	display := func(text string) published {
		return published{"display_data", `{"data":{"text/plain":"` + text + `"},"metadata":{}}`}
	}
	for _, test := range []struct {
		name     string
		messages []published
		want     []*Output
	}{
		{"nothing", nil, nil},
		{"status and comms make no output", []published{{"status", `{"execution_state":"busy"}`}, {"comm_open", `{"data":{}}`}}, nil},
		{"a stream in pieces is one output", []published{stdout("a"), stdout("b\n"), stdout("c")}, []*Output{out("ab\nc")}},
		{"streams keep their order", []published{stdout("a"), stderr, stdout("b")}, []*Output{out("a"), warn("w"), out("b")}},
		{"a display separates", []published{stdout("a"), display("d"), stdout("b")}, []*Output{out("a"), show("d"), out("b")}},
		{"a progress bar leaves its last state", []published{stdout("\r 10 %"), stdout("\r 20 %"), stdout("\r100 %\n"), stdout("done\r\n")}, []*Output{out("100 %\ndone\r\n")}},
		{"a carriage return waits for what comes", []published{stdout("abc\r"), stdout("x")}, []*Output{out("x")}},
		{"a line end may come in two pieces", []published{stdout("abc\r"), stdout("\nx")}, []*Output{out("abc\r\nx")}},
		{"backspaces", []published{stdout("|\b/\b"), stdout("\b-é\b\n")}, []*Output{out("-\n")}},
		{"execution result", []published{{"execute_result", `{"data":{"text/plain":"4"},"metadata":{"m":1},"execution_count":7}`}},
			[]*Output{{Type: ExecuteResult, Data: map[string]any{"text/plain": "4"}, Metadata: map[string]any{"m": json.Number("1")}, ExecutionCount: 7}}},
		{"error", []published{stdout("a"), {"error", `{"ename":"E","evalue":"v","traceback":["1","2"]}`}},
			[]*Output{out("a"), {Type: Error, EName: "E", EValue: "v", Traceback: []string{"1", "2"}}}},
		{"clear at once", []published{stdout("a"), {"clear_output", `{"wait":false}`}, stdout("b")}, []*Output{out("b")}},
		{"clear at the next output", []published{stdout("a"), {"clear_output", `{"wait":true}`}, stdout("b"), stdout("c")}, []*Output{out("bc")}},
		{"clear that waits for ever", []published{stdout("a"), {"clear_output", `{"wait":true}`}}, []*Output{out("a")}},
		{"lines of a bundle are joined", []published{{"display_data", `{"data":{"text/plain":["a\n","b"],"application/json":[1]}}`}},
			[]*Output{{Type: DisplayData, Data: map[string]any{"text/plain": "a\nb", "application/json": []any{json.Number("1")}}, Metadata: map[string]any{}}}},
		{"an update changes every place", []published{
			{"display_data", `{"data":{"text/plain":"1"},"transient":{"display_id":"x"}}`},
			{"display_data", `{"data":{"text/plain":"1"},"transient":{"display_id":"x"}}`},
			{"display_data", `{"data":{"text/plain":"1"},"transient":{"display_id":"y"}}`},
			{"update_display_data", `{"data":{"text/plain":"2"},"transient":{"display_id":"x"}}`},
			{"update_display_data", `{"data":{"text/plain":"3"},"transient":{"display_id":"unknown"}}`},
		}, []*Output{show("2"), show("2"), show("1")}},
	} {
		cell := collect(t, test.messages...)
		if !reflect.DeepEqual(cell.Outputs, test.want) {
			got, _ := json.Marshal(cell.Outputs)
			want, _ := json.Marshal(test.want)
			t.Errorf("%s:\n got %s\nwant %s", test.name, got, want)
		}
		if cell.ExecutionCount != 0 {
			t.Errorf("%s: execution count of the last run was kept", test.name)
		}
	}
}

func TestCollectExecutionCount(t *testing.T) {
	if n := collect(t, published{"execute_input", `{"code":"x","execution_count":12}`}).ExecutionCount; n != 12 {
		t.Errorf("execution count %d, want 12", n)
	}
}

// A display of an earlier cell is updated there, unless that cell was run anew.
func TestCollectAcrossCells(t *testing.T) {
	first, second := &Cell{Type: Code}, &Cell{Type: Code}
	c := NewCollector()
	message := func(msgType, content string) {
		t.Helper()
		if err := c.Message(msgType, json.RawMessage(content)); err != nil {
			t.Fatal(err)
		}
	}
	c.Begin(first)
	message("display_data", `{"data":{"text/plain":"0 %"},"transient":{"display_id":"bar"}}`)
	c.Begin(second)
	message("update_display_data", `{"data":{"text/plain":"100 %"},"transient":{"display_id":"bar"}}`)
	if got := first.Outputs[0].Data["text/plain"]; got != "100 %" {
		t.Errorf("the earlier cell shows %q", got)
	}
	if len(second.Outputs) != 0 {
		t.Errorf("an update became an output: %v", second.Outputs)
	}
	shown := first.Outputs[0]
	c.Begin(first)
	message("update_display_data", `{"data":{"text/plain":"late"},"transient":{"display_id":"bar"}}`)
	if got := shown.Data["text/plain"]; got != "100 %" {
		t.Errorf("a removed output was updated to %q", got)
	}
}

func TestCollectMalformed(t *testing.T) {
	c := NewCollector()
	c.Begin(&Cell{Type: Code})
	err := c.Message("stream", json.RawMessage(`{"name":5}`))
	if err == nil || !strings.Contains(err.Error(), "content of stream") {
		t.Errorf("err = %v", err)
	}
}

// Text that comes in many small pieces comes out whole.
func TestCollectMuchText(t *testing.T) {
	cell := &Cell{Type: Code}
	c := NewCollector()
	c.Begin(cell)
	const n = 20000
	for range n {
		if err := c.Message("stream", json.RawMessage(`{"name":"stdout","text":"0123456789\n"}`)); err != nil {
			t.Fatal(err)
		}
	}
	c.End()
	if len(cell.Outputs) != 1 || len(cell.Outputs[0].Text) != 11*n {
		t.Errorf("%d outputs, %d bytes", len(cell.Outputs), len(cell.Outputs[0].Text))
	}
}
