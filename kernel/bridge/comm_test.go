package bridge

import (
	"context"
	"encoding/json"
	"testing"

	"spikebook/kernel/jupyter"
)

func TestComms(t *testing.T) {
	started := make(chan struct{})
	f := newKernel(t, nil, func(_ *frontEnd, c *Config) {
		start := c.Start
		c.Start = func(ctx context.Context) (Backend, error) {
			<-started
			return start(ctx)
		}
	})
	open := func(id, target string) {
		f.request(jupyter.Shell, "comm_open", map[string]any{"comm_id": id, "target_name": target, "data": map[string]any{}})
	}
	open("early", "gonb_comm") // nobody hears it
	close(started)
	f.execute("x")
	open("1", "gonb_comm")
	open("2", "gonb_comm")
	open("3", "unheard of")
	f.request(jupyter.Shell, "comm_msg", map[string]any{"comm_id": "3", "data": map[string]any{}})
	f.request(jupyter.Shell, "comm_close", map[string]any{"comm_id": "2", "data": map[string]any{}})
	f.request(jupyter.Shell, "comm_open", map[string]any{"comm_id": 4})
	for _, test := range []struct {
		request any
		want    string
	}{
		{map[string]any{}, `{"1":{"target_name":"gonb_comm"}}`},
		{map[string]any{"target_name": nil}, `{"1":{"target_name":"gonb_comm"}}`},
		{map[string]any{"target_name": "gonb_comm"}, `{"1":{"target_name":"gonb_comm"}}`},
		{map[string]any{"target_name": "unheard of"}, `{}`},
	} {
		a := f.await(f.request(jupyter.Shell, "comm_info_request", test.request))
		if got, err := json.Marshal(a.field("comms")); err != nil || string(got) != test.want {
			t.Errorf("%v: got %s, want %s", test.request, got, test.want)
		}
	}
	closed := map[any]bool{}
	for _, m := range f.backlog {
		if m.Header.Type == "comm_close" {
			var c commContent
			if err := m.Unmarshal(&c); err != nil {
				t.Fatal(err)
			}
			closed[c.ID] = true
		}
	}
	if len(closed) != 2 || !closed["early"] || !closed["3"] {
		t.Errorf("closed were %v, want those that nobody hears: early and 3", closed)
	}
}
