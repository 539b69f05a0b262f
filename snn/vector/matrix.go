package vector

import "fmt"

// Slack is how many values more than it needs the results of [Pack] must have room
// for.
const Slack = 16

// Pack sets weights to those values that are not 0, one after the other, and rows to
// their numbers, of which that of the first value is first. It returns how many they
// are. weights and rows have room for all values, and for Slack more.
func Pack(weights []float32, rows []int32, values []float32, first int32) (n int) {
	weights, rows = weights[:len(values)+Slack], rows[:len(values)+Slack]
	done := packVectors(weights, rows, values, first, &n)
	for i, v := range values[done:] {
		weights[n], rows[n] = v, first+int32(done+i)
		if v != 0 { // without a jump, which nobody could foresee
			n++
		}
	}
	return n
}

// Combine sets dst to a sum of rows of a matrix, each times its weight: to the sum
// over i of weights[i] times row number rows[i]. The rows are of the length of dst
// and lie one after the other. The sum begins with 0, or if there are more terms to
// one that was begun, with what is in dst. It goes through the rows in order, and a
// product is rounded before it is added. That is a row of the product of two
// matrices, with what is 0 in the first one left out.
func Combine(more bool, dst, weights []float32, rows []int32, matrix []float32) {
	n := len(dst)
	if n == 0 {
		return
	}
	weights = weights[:len(rows)]
	height := len(matrix) / n
	for _, r := range rows { // the loops over vectors do not look
		if uint(r) >= uint(height) {
			panic(fmt.Sprintf("vector: row %d of a matrix of %d rows", r, height))
		}
	}
	if combineVectors(more, dst, weights, rows, matrix) {
		return
	}
	if !more {
		clear(dst)
	}
	for i, r := range rows {
		w, row := weights[i], matrix[int(r)*n:][:n]
		for j, v := range row {
			dst[j] += float32(w * v)
		}
	}
}

// Transpose turns a matrix on its side: it sets dst, which has rows and columns and
// no gaps, to values of src, in which a column of dst lies together and the next one
// is stride values further.
func Transpose(dst []float32, rows, columns int, src []float32, stride int) {
	if rows <= 0 || columns <= 0 {
		return
	}
	// The loops over vectors do not look at lengths.
	_, _ = dst[rows*columns-1], src[(columns-1)*stride+rows-1]
	const side = 8 // of squares: few enough rows for a cache to hold, whatever the stride
	for top := 0; top < rows; top += side {
		for left := 0; left < columns; left += side {
			if top+side <= rows && left+side <= columns && transposeSquare(dst[top*columns+left:], columns, src[left*stride+top:], stride) {
				continue
			}
			for i := top; i < min(top+side, rows); i++ {
				row := dst[i*columns : (i+1)*columns]
				for j := left; j < min(left+side, columns); j++ {
					row[j] = src[i+j*stride]
				}
			}
		}
	}
}
