//go:build deps

package spikebook

import (
	_ "github.com/alecthomas/chroma/v2"
	_ "github.com/go-zeromq/zmq4"
	_ "github.com/google/uuid"
	_ "github.com/rogpeppe/go-internal/testscript"
	_ "github.com/schollz/progressbar/v3"
	_ "github.com/yuin/goldmark"
	_ "golang.org/x/term"
	_ "gonum.org/v1/plot"
	_ "gonum.org/v1/plot/vg/vgsvg"
	_ "gorgonia.org/tensor"
	_ "pgregory.net/rapid"
)
