package library

import "spikebook/gpu/device"

// Pick takes from each row along an axis the value at a place, an int32 counted from
// 0: values[o, i] = rows[o, places[o, i], i]. It is NaN where there is no such place.
func Pick(values, rows, places device.Pointer, a Axis) ([]device.Launch, error) {
	return place("Pick", "pick", values, rows, places, a)
}

// Put is the reverse of Pick: rows[o, places[o, i], i] = values[o, i], and the rest
// of the rows stays as it is. What has no such place is not put anywhere.
func Put(rows, values, places device.Pointer, a Axis) ([]device.Launch, error) {
	return place("Put", "put", values, rows, places, a)
}

func place(op, kernel string, values, rows, places device.Pointer, a Axis) ([]device.Launch, error) {
	all, n, err := a.count(op)
	if err != nil || n == 0 {
		return nil, err
	}
	addresses := []address{{"the values", values, 4}, {"the places", places, 4}}
	if all > 0 {
		addresses = append(addresses, address{"the rows", rows, 4})
	}
	if err := aligned(op, addresses...); err != nil {
		return nil, err
	}
	return []device.Launch{perThread("place", kernel, n, values, rows, places, uint32(a.N), uint32(a.Inner))}, nil
}

// places returns the kernels of Pick and Put.
func places() string {
	return file("place", "$name", "pick", "$move", "mov.f32 %value, 0f7FC00000; // NaN\n\t@%inside ld.global.f32 %value, [%rows];\n\tst.global.f32 [%values], %value;") +
		file("place", "$name", "put", "$move", "ld.global.f32 %value, [%values];\n\t@%inside st.global.f32 [%rows], %value;")
}
