package build

import "testing"

// Users who share a cache have one table, wherever their own folders are; what
// packages compile to still counts.
func TestFingerprint(t *testing.T) {
	of := func(env ...string) string { return fingerprint(Go{Env: append(env, "GOENV=off")}, "/module", nil) }
	shared := []string{"GOCACHEPROG=spikebook go-cache /own /shared", "HOME=/a", "GOCACHE=/a", "GOMODCACHE=/a"}
	one := of(shared...)
	if of(append(shared, "HOME=/b", "GOCACHE=/b", "GOMODCACHE=/b")...) != one {
		t.Error("another home has another table")
	}
	if of(append(shared, "CGO_ENABLED=1")...) == one {
		t.Error("other settings have the same table")
	}
	if of("HOME=/a") == of("HOME=/b") {
		t.Error("without a shared cache, another home has the same table")
	}
}
