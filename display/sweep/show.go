package sweep

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"spikebook/display"
	"spikebook/snn"
)

// maxRows is how many runs a table shows; of more it shows the first and the last.
const maxRows = 40

// String returns the table as text.
func (runs Runs) String() string { return runs.MIMEBundle()["text/plain"] }

// MIMEBundle returns the table of the runs: a row for each, a column for each
// parameter and each record, with six digits, and one for failures if there are any.
func (runs Runs) MIMEBundle() map[string]string {
	rows := runs.table()
	columns := len(rows[0])
	widths := make([]int, columns)
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var plain, markdown strings.Builder
	for n, row := range rows {
		for i, cell := range row {
			fmt.Fprintf(&plain, "%*s", widths[i], cell)
			if i+1 < columns {
				plain.WriteString("  ")
			}
			fmt.Fprintf(&markdown, "| %s ", escape.Replace(cell))
		}
		plain.WriteByte('\n')
		markdown.WriteString("|\n")
		if n == 0 {
			markdown.WriteString(strings.Repeat("|--:", columns) + "|\n")
		}
	}
	caption := fmt.Sprintf("%d runs", len(runs))
	if failed := len(runs.Failed()); failed > 0 {
		caption += fmt.Sprintf(", %d of them failed", failed)
	}
	return map[string]string{"text/plain": plain.String() + caption, "text/markdown": markdown.String() + "\n" + caption + "\n"}
}

// escape keeps Markdown from seeing more in a cell than text.
var escape = strings.NewReplacer("|", `\|`, "*", `\*`, "_", `\_`, "`", "\\`", "<", "&lt;", "$", `\$`, "[", `\[`, "\n", " ")

// table returns the heads of the columns and the rows.
func (runs Runs) table() [][]string {
	ps, rs := runs.names(params), runs.names(records)
	head := slices.Concat(ps, rs)
	failed := len(runs.Failed()) > 0
	if failed || len(head) == 0 {
		head = append(head, "failure")
	}
	rows := [][]string{head}
	for i := range runs {
		if left := len(runs) - maxRows; left > 0 && i >= maxRows/2 && i < maxRows/2+left {
			if i == maxRows/2 {
				rows = append(rows, slices.Repeat([]string{"…"}, len(head)))
			}
			continue
		}
		row := make([]string, 0, len(head))
		for _, name := range ps {
			row = append(row, text(runs[i].Params[name]))
		}
		for _, name := range rs {
			row = append(row, short(runs[i].Records[name]))
		}
		if len(row) < len(head) {
			row = append(row, runs[i].Failure)
		}
		rows = append(rows, row)
	}
	return rows
}

// Heatmap draws a record over two parameters: the values of x from left to right,
// those of y from the bottom to the top. Where several runs have both values the
// colour is their mean; where none has, or all failed, it is grey.
func (runs Runs) Heatmap(record, x, y string, options ...display.Option) (*display.Figure, error) {
	if names := runs.names(records); !slices.Contains(names, record) {
		return nil, fmt.Errorf("sweep: no run has recorded %q; there is %s", record, list(names))
	}
	for _, name := range []string{x, y} {
		if names := runs.names(params); !slices.Contains(names, name) {
			return nil, fmt.Errorf("sweep: no run has a parameter %q; there is %s", name, list(names))
		}
	}
	xs, ys := runs.values(x), runs.values(y)
	slices.Reverse(ys) // a heatmap's first row is its highest
	sums, counts := make([]float64, len(xs)*len(ys)), make([]int, len(xs)*len(ys))
	for i := range runs {
		value := runs[i].Number(record)
		if runs[i].Failure != "" || runs[i].Records[record] == nil || math.IsNaN(value) {
			continue
		}
		column, hasX := find(xs, runs[i].Params[x])
		row, hasY := find(ys, runs[i].Params[y])
		if hasX && hasY {
			sums[column*len(ys)+row] += value
			counts[column*len(ys)+row]++
		}
	}
	means := snn.Full(float32(math.NaN()), len(xs), len(ys))
	for i, n := range counts {
		if n > 0 {
			means.Data()[i] = float32(sums[i] / float64(n))
		}
	}
	f := display.Plot2DHeatmap(means, append([]display.Option{
		display.Title(record), display.XLabel(x), display.YLabel(y), display.ColorbarLabel(record),
		display.XNames(texts(xs)...), display.YNames(texts(ys)...),
	}, options...)...)
	_, extent, _ := strings.Cut(f.Text, ", ")
	f.Text = fmt.Sprintf("heatmap of %s: %s (%d) × %s (%d), %s", record, x, len(xs), y, len(ys), extent)
	if most := slices.Max(counts); most > 1 {
		f.Text += fmt.Sprintf("; each is the mean of up to %d runs", most)
	}
	return f, nil
}

// short writes a value as text does, and a number with six digits.
func short(value any) string {
	if x, ok := value.(float64); ok && x != math.Trunc(x) {
		return strconv.FormatFloat(x, 'g', 6, 64)
	}
	return text(value)
}

func find(values []any, value any) (int, bool) {
	at := slices.IndexFunc(values, func(v any) bool { return compare(v, value) == 0 })
	return at, at >= 0
}

func texts(values []any) []string {
	names := make([]string, len(values))
	for i, v := range values {
		names[i] = text(v)
	}
	return names
}

// list spells names, for messages.
func list(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}
