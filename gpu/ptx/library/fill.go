package library

import "spikebook/gpu/device"

// Fill sets n values.
func Fill(to device.Pointer, value float32, n int) ([]device.Launch, error) {
	if _, err := volume("Fill", n); err != nil || n == 0 {
		return nil, err
	}
	if err := aligned("Fill", address{"the result", to, 4}); err != nil {
		return nil, err
	}
	return []device.Launch{perThread("fill", "fill", n, to, value)}, nil
}
