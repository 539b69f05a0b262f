package main

import (
	"strings"
	"testing"
	"time"
)

func TestQuantile(t *testing.T) {
	ten := samples{9, 1, 8, 2, 7, 3, 6, 4, 5, 10}
	for _, test := range []struct {
		name string
		s    samples
		q    float64
		want time.Duration
	}{
		{"nothing", nil, 0.5, 0},
		{"one", samples{7}, 0.95, 7},
		{"the middle of an even number is the lower", ten, 0.5, 5},
		{"the middle of an odd number", ten[:3], 0.5, 8},
		{"of ten, 95% is the largest", ten, 0.95, 10},
		{"the least", ten, 0, 1},
		{"all", ten, 1, 10},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := test.s.quantile(test.q); got != test.want {
				t.Errorf("got %d, want %d", got, test.want)
			}
		})
	}
	if ten[0] != 9 {
		t.Error("the samples were sorted in place")
	}
}

func TestPhases(t *testing.T) {
	const took = 100 * time.Millisecond
	for _, test := range []struct {
		name, text string
		rest       time.Duration
		err        string
	}{
		{"after output", "spike 0\ncheck 1.5 ms, build 80.0 ms, run 10.5 ms\n", 8 * time.Millisecond, ""},
		{"the user's own words", "check 1 ms, build\n", 0, "no line of %time"},
		{"no number", "check 1.2.3 ms, build 80.0 ms, run 10.5 ms\n", 0, "parsing"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var p phases
			err := p.add(result{took: took, text: test.text})
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Errorf("error %v, want %q in it", err, test.err)
				}
				return
			}
			if err != nil || p.rest[0] != test.rest || p.build[0] != 80*time.Millisecond {
				t.Errorf("%+v, %v; want the rest to be %v", p, err, test.rest)
			}
		})
	}
}

func TestTable(t *testing.T) {
	table := table{title: "Times"}
	table.add("", "p50", "goal", "")
	table.add(append([]string{"fast", ms(9940 * time.Microsecond)}, verdict(10, 10)...)...)
	table.add(append([]string{"slow and long", ms(1234 * time.Millisecond)}, verdict(11*time.Millisecond, 10*time.Millisecond)...)...)
	table.add(append([]string{"free", ms(-120 * time.Microsecond)}, verdict(1, 0)...)...)
	const want = `
**Times**

|               |  p50 |  goal |        |
|---------------|-----:|------:|-------:|
| fast          |  9.9 | ≤ 0.0 |    met |
| slow and long | 1234 |  ≤ 10 | missed |
| free          | -0.1 |       |        |
`
	if got := table.String(); got != want {
		t.Errorf("got%s\nwant%s", got, want)
	}
}

// What the rows measure rests on these: another name is another program, and
// another number is not.
func TestTexts(t *testing.T) {
	digits := strings.NewReplacer("0", "", "1", "", "2", "", "3", "", "4", "", "5", "", "6", "", "7", "", "8", "", "9", "")
	for name, text := range map[string]text{
		"empty": empty, "printed": printed, "ourStep": ourStep, "ourPlot": ourPlot, "gonbStep": gonbStep, "gonbPlot": gonbPlot,
	} {
		t.Run(name, func(t *testing.T) {
			if text("a", 1) == text("b", 1) {
				t.Error("another name gives the same cell")
			}
			one, two := text("a", 1), text("a", 2)
			if name != "empty" && one == two {
				t.Error("another number gives the same cell")
			}
			if digits.Replace(one) != digits.Replace(two) {
				t.Errorf("more than numbers differs:\n%s\n%s", one, two)
			}
		})
	}
}

func TestEarlier(t *testing.T) {
	for _, remembers := range []bool{true, false} {
		cells := earlier(before, remembers)
		if len(cells) != before {
			t.Errorf("%d cells, want %d", len(cells), before)
		}
		seen := map[string]bool{}
		for _, c := range cells {
			if seen[c] {
				t.Errorf("twice:\n%s", c)
			}
			seen[c] = true
		}
	}
}
