//go:build linux

package worker

import (
	"fmt"
	"testing"

	"spikebook/gpu/device"
)

// BenchmarkLaunch measures launches that nobody waits for.
func BenchmarkLaunch(b *testing.B) {
	socket, _ := serveHost(b)
	d := open(b, socket, 0)
	l := scale(alloc(b, d, 4), 1, 1, 0)
	for b.Loop() {
		if err := d.Launch(l); err != nil {
			b.Fatal(err)
		}
	}
	if err := d.Sync(); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkSync measures a request that is answered.
func BenchmarkSync(b *testing.B) {
	socket, _ := serveHost(b)
	d := open(b, socket, 0)
	for b.Loop() {
		if err := d.Sync(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkTransfer(b *testing.B) {
	for _, size := range []int{4 << 10, 1 << 20, 64 << 20} {
		data := make([]byte, size)
		transfer := func(name string, copy func(d device.Device, p device.Pointer) error) {
			b.Run(fmt.Sprintf("%s/%d", name, size), func(b *testing.B) {
				socket, _ := serveHost(b)
				d := open(b, socket, 0)
				p := alloc(b, d, int64(size))
				b.SetBytes(int64(size))
				for b.Loop() {
					if err := copy(d, p); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		transfer("Upload", func(d device.Device, p device.Pointer) error { return d.Upload(p, data) })
		transfer("Download", func(d device.Device, p device.Pointer) error { return d.Download(data, p) })
	}
}
