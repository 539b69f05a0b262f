package figure

import (
	"reflect"
	"strings"
	"testing"
)

func TestBundle(t *testing.T) {
	want := sample()
	b := want.MIMEBundle()
	got, err := Decode(b[MIME])
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	if b["text/plain"] != want.String() {
		t.Errorf("text %q", b["text/plain"])
	}
	for _, broken := range []string{"", b[MIME][:20], "nonsense"} {
		if _, err := Decode(broken); err == nil {
			t.Errorf("%q was decoded", broken)
		}
	}
	empty := (&Figure{}).MIMEBundle()
	if _, ok := empty[MIME]; ok || !strings.Contains(empty["text/plain"], "cannot be shown") {
		t.Errorf("an empty figure is shown as %q", empty)
	}
}
