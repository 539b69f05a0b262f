package model

import "testing"

var changes = map[string]func(int){
	"Append": Append, "Insert": Insert, "Patch": Patch, "Rewrite": Rewrite, "Resize": Resize,
	"Relink": Relink, "Step": Step, "Fatten": Fatten, "All": All,
}

// TestSave checks that a copy has all that the values are: from it and from the
// original, the same changes lead to the same values.
func TestSave(t *testing.T) {
	Begin()
	k := 0
	for range 8 {
		for name, change := range changes { // in any order
			k++
			before := Digest()
			saved := Save()
			change(k)
			after := Digest()
			if after == before {
				t.Errorf("%s(%d) changes nothing that Digest tells of", name, k)
			}
			saved.Put()
			if got := Digest(); got != before {
				t.Fatalf("before %s(%d): copied\n%s\nwant\n%s", name, k, got, before)
			}
			if change(k); Digest() != after {
				t.Fatalf("%s(%d) of a copy:\n%s\nwant\n%s", name, k, Digest(), after)
			}
		}
	}
}

func TestSourceIsCell(t *testing.T) {
	if s := Source(); len(s) < 1000 || s[0] == 'p' {
		t.Errorf("the cell begins with %.40q", s)
	}
}
