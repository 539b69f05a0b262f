package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"
	"unicode/utf8"

	"golang.org/x/term"

	"spikebook/kernel/notebook"
)

// progress shows how a run goes: a line for each cell, on a terminal with the
// seconds running, elsewhere when the cell has ended.
type progress struct {
	w     io.Writer
	live  bool
	width func() int // of the terminal, in characters
	now   func() time.Time

	mu            sync.Mutex
	number, total int
	label         string
	since         time.Time // zero between cells
	quit, stopped chan struct{}
}

// newProgress shows progress on a file, live if that is a terminal.
func newProgress(f *os.File) *progress {
	p := &progress{w: f, live: term.IsTerminal(int(f.Fd())), now: time.Now, width: func() int {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
			return width
		}
		return 80
	}}
	if p.live {
		p.quit, p.stopped = make(chan struct{}), make(chan struct{})
		go p.run(time.Tick(100 * time.Millisecond))
	}
	return p
}

// run redraws the line until stop.
func (p *progress) run(tick <-chan time.Time) {
	defer close(p.stopped)
	for {
		select {
		case <-p.quit:
			return
		case <-tick:
			p.mu.Lock()
			if !p.since.IsZero() {
				p.draw("")
			}
			p.mu.Unlock()
		}
	}
}

// stop ends the redrawing.
func (p *progress) stop() {
	if p.quit != nil {
		close(p.quit)
		<-p.stopped
		p.quit = nil
	}
}

// say writes a line of its own.
func (p *progress) say(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintln(p.w, text)
}

// begin says that a cell begins.
func (p *progress) begin(number, total int, cell *notebook.Cell) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.number, p.total, p.label, p.since = number, total, cell.FirstLine(), p.now()
	if p.live {
		p.draw("")
	}
}

// end says that the cell has ended.
func (p *progress) end(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	mark := "  ok"
	if err != nil {
		mark = "  failed"
	}
	p.draw(mark)
	fmt.Fprintln(p.w)
	p.since = time.Time{}
}

// draw writes the line of the current cell, over the last one if live.
func (p *progress) draw(mark string) {
	width := len(fmt.Sprint(p.total))
	head := fmt.Sprintf("[%*d/%d] ", width, p.number, p.total)
	foot := fmt.Sprintf("  %.1f s%s", p.now().Sub(p.since).Seconds(), mark)
	label := p.label
	if p.live {
		// One column less than there are: some terminals wrap at the last one.
		label = shorten(label, p.width()-1-len(head)-len(foot))
		fmt.Fprintf(p.w, "\r\x1b[K%s%s%s", head, label, foot)
		return
	}
	fmt.Fprint(p.w, head, shorten(label, 60), foot)
}

// shorten cuts text to n characters; control characters are left out.
func shorten(text string, n int) string {
	var out []rune
	for _, r := range text {
		if r == '\t' {
			r = ' '
		}
		if r < ' ' || r == 0x7f || r == utf8.RuneError {
			continue
		}
		out = append(out, r)
	}
	if n = max(n, 0); len(out) > n {
		out = out[:n]
		if n > 0 {
			out[n-1] = '…'
		}
	}
	return string(out)
}
