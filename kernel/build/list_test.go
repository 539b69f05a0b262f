package build

import (
	"os"
	"path/filepath"
	"testing"
)

// Users who share a cache have one table, wherever their own folders are; what
// packages compile to still counts.
func TestFingerprint(t *testing.T) {
	of := func(env ...string) string { return fingerprint(Go{Env: append(env, "GOENV=/none")}, "/module", nil) }
	shared := []string{"GOCACHEPROG=spikebook go-cache /own /shared", "GOFLAGS=-modcacherw", "HOME=/a", "GOCACHE=/a", "GOMODCACHE=/a"}
	one := of(shared...)
	if of(append(shared, "HOME=/b", "GOCACHE=/b", "GOMODCACHE=/b")...) != one {
		t.Error("another home has another table")
	}
	if of(append(shared, "CGO_ENABLED=1")...) == one {
		t.Error("other settings have the same table")
	}
	written := filepath.Join(t.TempDir(), "env")
	for text, same := range map[string]bool{"GOPROXY=https://example.com\nGOFLAGS=-mod=mod\n": true, "GOPROXY=off\nGOAMD64=v3\n": false} {
		if err := os.WriteFile(written, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := fingerprint(Go{Env: append(shared, "GOENV="+written)}, "/module", nil); (got == one) != same {
			t.Errorf("with %q, the same table: %v, expected %v", text, !same, same)
		}
	}
	if of("HOME=/a") == of("HOME=/b") {
		t.Error("without a shared cache, another home has the same table")
	}
}
