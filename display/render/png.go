package render

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"io"
	"math"
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

// deflate compresses the rows, each less the one above it.
func deflate(m *image.RGBA) ([]byte, error) {
	const up = 2 // the filter's number
	var b bytes.Buffer
	z, err := zlib.NewWriterLevel(&b, zlib.BestSpeed)
	if err != nil {
		return nil, err
	}
	w := m.Rect.Dx()
	above := make([]byte, 4*w) // the first row has zeros above
	row := make([]byte, 1+3*w)
	row[0] = up
	for y := range m.Rect.Dy() {
		pixels := m.Pix[y*m.Stride:][:4*w]
		for from, to := 0, 1; from < len(pixels); from, to = from+4, to+3 {
			p, a, r := pixels[from:from+3], above[from:from+3], row[to:to+3]
			r[0], r[1], r[2] = p[0]-a[0], p[1]-a[1], p[2]-a[2]
		}
		if _, err := z.Write(row); err != nil {
			return nil, err
		}
		above = pixels
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// appendChunk appends a chunk: its length, name, content and checksum.
func appendChunk(file []byte, name string, content []byte) []byte {
	file = binary.BigEndian.AppendUint32(file, uint32(len(content)))
	start := len(file)
	file = append(append(file, name...), content...)
	return binary.BigEndian.AppendUint32(file, crc32.ChecksumIEEE(file[start:]))
}
