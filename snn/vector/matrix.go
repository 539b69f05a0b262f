package vector

// MostTerms is how many terms [Product] adds at most.
const MostTerms = 256

// slack is how many values more than it needs the results of pack have room for.
const slack = 16

// Terms is a place for those of a sum that are not 0: rows of a matrix and their
// weights.
type Terms struct {
	weights [MostTerms + slack]float32
	rows    [MostTerms + slack]int32
}

// Product sets dst to a row of a product of matrices: to the sum of the rows of
// matrix, each of the length of dst and so far from the one before as apart says,
// times one of the values, at most [MostTerms]. The sum begins with 0, or if there are more terms to one that
// was begun, with what is in dst. It goes through the rows in order, a product is
// rounded before it is added, and a row whose value is 0 adds nothing, whatever is
// there.
func Product(more bool, dst, values, matrix []float32, apart int, t *Terms) {
	if n := pack(t.weights[:], t.rows[:], values); n > 0 {
		combine(more, dst, t.weights[:n], t.rows[:n], matrix[:(len(values)-1)*apart+len(dst)], apart)
	} else if !more {
		clear(dst)
	}
}

// pack sets weights to those values that are not 0, one after the other, and rows to
// their numbers. It returns how many they are. weights and rows have room for all
// values, and for slack more.
func pack(weights []float32, rows []int32, values []float32) (n int) {
	weights, rows = weights[:len(values)+slack], rows[:len(values)+slack]
	done := packVectors(weights, rows, values, &n)
	for i, v := range values[done:] {
		weights[n], rows[n] = v, int32(done+i)
		if v != 0 { // without a jump, which nobody could foresee
			n++
		}
	}
	return n
}

// combine sets dst to the sum of rows of a matrix, which has them all, times their
// weights. There is at least one.
func combine(more bool, dst, weights []float32, rows []int32, matrix []float32, apart int) {
	if combineVectors(more, dst, weights, rows, matrix, apart) {
		return
	}
	if !more {
		clear(dst)
	}
	for i, r := range rows {
		w, row := weights[i], matrix[int(r)*apart:][:len(dst)]
		for j, v := range row {
			dst[j] += float32(w * v)
		}
	}
}

// Transpose turns a matrix on its side: it sets dst, which has rows, so far apart, and
// columns, to values of src, in which a column of dst lies together and the next one
// is stride values further.
func Transpose(dst []float32, apart, rows, columns int, src []float32, stride int) {
	if rows <= 0 || columns <= 0 {
		return
	}
	// The loops over vectors do not look at lengths.
	_, _ = dst[(rows-1)*apart+columns-1], src[(columns-1)*stride+rows-1]
	const side = 8 // of squares: few enough rows for a cache to hold, whatever the stride
	for top := 0; top < rows; top += side {
		for left := 0; left < columns; left += side {
			if top+side <= rows && left+side <= columns && transposeSquare(dst[top*apart+left:], apart, src[left*stride+top:], stride) {
				continue
			}
			for i := top; i < min(top+side, rows); i++ {
				row := dst[i*apart:][:columns]
				for j := left; j < min(left+side, columns); j++ {
					row[j] = src[i+j*stride]
				}
			}
		}
	}
}
