package vector

// Combine sets dst to a sum of rows of a matrix, each times its weight: to the sum
// over i of weights[i] times row number rows[i]. The rows are of the length of dst
// and lie one after the other. The sum begins with 0 and goes through the rows in
// order, and a product is rounded before it is added. That is a row of the product
// of two matrices, with what is 0 in the first one left out.
func Combine(dst, weights []float32, rows []int, matrix []float32) {
	n := len(dst)
	if n == 0 {
		return
	}
	weights = weights[:len(rows)]
	for _, r := range rows { // the loops over vectors do not look
		_ = matrix[r*n : (r+1)*n]
	}
	if combineVectors(dst, weights, rows, matrix) {
		return
	}
	clear(dst)
	for i, r := range rows {
		w, row := weights[i], matrix[r*n:(r+1)*n]
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
