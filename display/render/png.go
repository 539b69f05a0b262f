package render

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/adler32"
	"hash/crc32"
	"image"
	"io"
	"math"
	"sync"
)

// encodePNG writes an image that is opaque throughout. image/png tries five
// filters on each row of it, which takes three times as long as all the rest.
// Rows of a figure mostly equal the row above: the one filter that subtracts
// that row gives a file of the same size.
func encodePNG(out io.Writer, m *image.RGBA) error {
	w, h := m.Rect.Dx(), m.Rect.Dy()
	if w < 1 || h < 1 || w > math.MaxInt32 || h > math.MaxInt32 {
		return fmt.Errorf("an image of %d × %d pixels: expected at least one", w, h)
	}
	if !m.Opaque() {
		return errors.New("an image with transparent pixels: expected an opaque one")
	}
	pixels, err := deflate(m)
	if err != nil {
		return err
	}
	const eightBits, rgb = 8, 2 // the rest are zeros: deflate, filters, not interlaced
	header := binary.BigEndian.AppendUint32(nil, uint32(w))
	header = append(binary.BigEndian.AppendUint32(header, uint32(h)), eightBits, rgb, 0, 0, 0)
	file := []byte("\x89PNG\r\n\x1a\n")
	file = appendChunk(file, "IHDR", header)
	for len(pixels) > 0 {
		n := min(len(pixels), math.MaxInt32)
		file = appendChunk(file, "IDAT", pixels[:n])
		pixels = pixels[n:]
	}
	_, err = out.Write(appendChunk(file, "IEND", nil))
	return err
}

// deflate compresses the rows, each less the one above it. Bands of rows are
// compressed at the same time: each ends at a whole byte, so that they are one
// stream behind each other.
func deflate(m *image.RGBA) ([]byte, error) {
	h := m.Rect.Dy()
	n := min(4, h) // whatever the number of processors: the bytes are the same
	bands, errs := make([]band, n), make([]error, n)
	var wait sync.WaitGroup
	for i := range bands {
		wait.Go(func() { errs[i] = bands[i].compress(m, i*h/n, (i+1)*h/n) })
	}
	wait.Wait()
	file := []byte{0x78, 0x01} // zlib: deflate with a window of 32 KiB, compressed fast
	checksum := uint32(1)
	for i := range bands {
		file = append(file, bands[i].data.Bytes()...)
		checksum = join(checksum, bands[i].checksum, bands[i].length)
	}
	return binary.BigEndian.AppendUint32(file, checksum), errors.Join(errs...)
}

// band is a part of the rows, compressed.
type band struct {
	data     bytes.Buffer
	checksum uint32 // Adler-32 of what was compressed
	length   int    // in bytes, before
}

var compressors = sync.Pool{New: func() any {
	z, err := flate.NewWriter(nil, flate.BestSpeed)
	if err != nil {
		panic(err) // there is that level
	}
	return z
}}

func (b *band) compress(m *image.RGBA, from, to int) error {
	const up = 2 // the filter's number
	z := compressors.Get().(*flate.Writer)
	defer compressors.Put(z)
	z.Reset(&b.data)
	w := m.Rect.Dx()
	pixels := func(y int) []byte {
		if y < 0 {
			return make([]byte, 4*w) // the first row has zeros above
		}
		return m.Pix[y*m.Stride:][:4*w]
	}
	row := make([]byte, 1+3*w)
	sum := adler32.New()
	for y := from; y < to; y++ {
		subtract(row[1:], pixels(y), pixels(y-1))
		row[0] = up
		sum.Write(row)
		if _, err := z.Write(row); err != nil {
			return err
		}
	}
	b.checksum, b.length = sum.Sum32(), (to-from)*len(row)
	if to == m.Rect.Dy() {
		return z.Close()
	}
	return z.Flush()
}

// subtract sets row to the red, green and blue of pixels less those above.
func subtract(row, pixels, above []byte) {
	clear(row)
	for len(pixels) >= 8 { // most are equal
		if binary.NativeEndian.Uint64(pixels) != binary.NativeEndian.Uint64(above) {
			row[0], row[1], row[2] = pixels[0]-above[0], pixels[1]-above[1], pixels[2]-above[2]
			row[3], row[4], row[5] = pixels[4]-above[4], pixels[5]-above[5], pixels[6]-above[6]
		}
		row, pixels, above = row[6:], pixels[8:], above[8:]
	}
	if len(pixels) > 0 {
		row[0], row[1], row[2] = pixels[0]-above[0], pixels[1]-above[1], pixels[2]-above[2]
	}
}

// join returns the Adler-32 of two texts behind each other, from those of each,
// the second of n bytes. Both halves of it are sums modulo the largest prime below
// 1<<16, the lower one of the bytes and 1, the upper one of all lower ones so far.
func join(first, second uint32, n int) uint32 {
	const prime = 65521
	low, high := uint64(first&0xffff), uint64(first>>16)
	low2, high2 := uint64(second&0xffff), uint64(second>>16)
	length := uint64(n) % prime
	return uint32((low+low2+prime-1)%prime | (high+high2+length*(low+prime-1))%prime<<16)
}

// appendChunk appends a chunk: its length, name, content and checksum.
func appendChunk(file []byte, name string, content []byte) []byte {
	file = binary.BigEndian.AppendUint32(file, uint32(len(content)))
	start := len(file)
	file = append(append(file, name...), content...)
	return binary.BigEndian.AppendUint32(file, crc32.ChecksumIEEE(file[start:]))
}
