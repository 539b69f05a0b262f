// Package spikebook carries the source of the packages that cells import, and
// the versions of the tools that compile them, so that the binary works
// without a checkout wherever it is copied to. It has no other job.
package spikebook

import "embed"

// Source holds the packages that cells link, with their tests, which whoever
// unpacks them leaves out. The go.mod and go.sum are those of the repository:
// they pin the tools.
//
//go:embed LICENSE go.mod go.sum
//go:embed kernel/session/*.go kernel/session/*.s kernel/session/wire/*.go
//go:embed gpu/*.go gpu/backend/*.go gpu/device/*.go gpu/ptx/*.go gpu/ptx/library/*.go gpu/ptx/library/kernels/*.ptx gpu/ptxsim/*.go gpu/remote/*.go gpu/remote/wire/*.go
//go:embed snn/*.go snn/*/*.go snn/*/*.s display/*.go display/figure/*.go display/figure/socket/*.go display/sweep/*.go
var Source embed.FS
