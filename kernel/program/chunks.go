package program

import (
	"time"
	"unicode/utf8"
)

const (
	// maxChunk is the largest piece of text that is passed on at once.
	maxChunk = 64 << 10
	// maxDelay is how long text may wait for more.
	maxDelay = 20 * time.Millisecond

	// maxTurns and turnTime bound how often the streams may take turns: at
	// once, and one more after each turnTime. A Jupyter server drops what comes
	// after 1000 messages a second.
	maxTurns = 1000
	turnTime = 2 * time.Millisecond
)

// The streams of a program.
const (
	stdout = iota
	stderr
	streams
)

var streamNames = [streams]string{"stdout", "stderr"}

// chunks makes few pieces of the many writes of a program. It keeps the order
// of the streams, unless they take turns too often, and does not cut a UTF-8
// encoded rune. The time is told to it.
type chunks struct {
	emit   func(name string, text []byte)
	buf    [streams][]byte
	oldest [streams]time.Time // when the first byte came that could be passed on; zero if there is none
	last   time.Time          // when something was passed on
	turns  time.Time          // when all turns will be allowed again
}

// add takes text that was read from a stream. What comes after a pause is
// passed on at once.
func (c *chunks) add(stream int, text []byte, now time.Time) {
	for other := range c.buf {
		if other != stream && whole(c.buf[other]) > 0 && c.turn(now) {
			c.flushStream(other, now)
		}
	}
	all := append(c.buf[stream], text...)
	left := all
	for len(left) >= maxChunk {
		n := whole(left[:maxChunk])
		c.pass(stream, left[:n], now)
		left = left[n:]
		c.oldest[stream] = time.Time{}
	}
	c.buf[stream] = all[:copy(all, left)]
	switch {
	case whole(c.buf[stream]) == 0:
		c.oldest[stream] = time.Time{}
	case c.oldest[stream].IsZero():
		c.oldest[stream] = now
	}
	if now.Sub(c.last) >= maxDelay {
		c.flush(now)
	}
}

// turn says whether another stream may be passed on for the order's sake.
func (c *chunks) turn(now time.Time) bool {
	if c.turns.Before(now) {
		c.turns = now
	}
	if c.turns.Sub(now) > (maxTurns-1)*turnTime {
		return false
	}
	c.turns = c.turns.Add(turnTime)
	return true
}

// flush passes on all that is there, but for runes that are not complete.
func (c *chunks) flush(now time.Time) {
	for stream := range c.buf {
		c.flushStream(stream, now)
	}
}

func (c *chunks) flushStream(stream int, now time.Time) {
	b := c.buf[stream]
	n := whole(b)
	if n == 0 {
		return
	}
	c.pass(stream, b[:n], now)
	c.buf[stream] = b[:copy(b, b[n:])]
	c.oldest[stream] = time.Time{}
}

// end passes on all that is there. Nothing comes after it.
func (c *chunks) end(now time.Time) {
	c.flush(now)
	for stream, b := range c.buf {
		if len(b) > 0 {
			c.pass(stream, b, now)
			c.buf[stream] = nil
		}
	}
}

func (c *chunks) pass(stream int, text []byte, now time.Time) {
	c.last = now
	c.emit(streamNames[stream], text)
}

// due returns when flush must be called; the zero time if it need not.
func (c *chunks) due() time.Time {
	var first time.Time
	for _, t := range c.oldest {
		if !t.IsZero() && (first.IsZero() || t.Before(first)) {
			first = t
		}
	}
	if first.IsZero() {
		return first
	}
	return first.Add(maxDelay)
}

// whole returns the length of b without an incomplete rune at its end.
func whole(b []byte) int {
	for n := len(b) - 1; n >= 0 && n > len(b)-utf8.UTFMax; n-- {
		if !utf8.RuneStart(b[n]) {
			continue
		}
		if !utf8.FullRune(b[n:]) {
			return n
		}
		break
	}
	return len(b)
}
