package assist

import "unicode/utf8"

// byteOffset converts a cursor of the protocol, which counts Unicode code
// points, to an offset in bytes. A cursor outside of the text is moved to its
// nearest end. Half of a surrogate pair cannot occur: decoding JSON has made
// U+FFFD of it, one code point on both sides. A carriage return counts as any
// other code point.
func byteOffset(text string, cursor int) int {
	offset := 0
	for ; cursor > 0 && offset < len(text); cursor-- {
		_, size := utf8.DecodeRuneInString(text[offset:])
		offset += size
	}
	return offset
}

// codePoints converts an offset in bytes to a cursor of the protocol.
func codePoints(text string, offset int) int {
	return utf8.RuneCountInString(text[:min(max(offset, 0), len(text))])
}
