package live

import (
	"encoding/json"
	"errors"
	"testing"

	"spikebook/kernel/cell"
	"spikebook/kernel/session"
)

func TestInspectMissingManifest(t *testing.T) {
	for _, test := range []struct {
		memory  string
		damaged bool
	}{
		{`{}`, false},
		{`{"Vars": {"x": {"Type": "int"}}}`, true},
	} {
		n := &Notebook{config: Config{Store: t.TempDir()}, memory: cell.New(nil, nil)}
		if err := json.Unmarshal([]byte(test.memory), n.memory); err != nil {
			t.Fatal(err)
		}
		_, err := n.inspect()
		var damaged *session.Damaged
		if errors.As(err, &damaged) != test.damaged || !test.damaged && err != nil {
			t.Errorf("a memory of %s and an empty store: %v", test.memory, err)
		}
	}
}
