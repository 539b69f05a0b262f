package workspace

import (
	"path/filepath"

	"spikebook/kernel/build"
)

// packagesFile is the table of the packages that cells may import.
const packagesFile = "packages"

// CellsLimit is how many bytes the programs of cells may take in the cache.
const CellsLimit = 512 << 20

// roots are the packages that a cell imports without asking the go command:
// Go's library, those of spikebook, and gorgonia's tensors.
var roots = []string{"std", Module + "/...", "gorgonia.org/tensor"}

// BuildConfig returns what kernel/build must know of the workspace. A kernel
// adds what is its own: Scratch, Live and Dir.
func (w *Workspace) BuildConfig() build.Config {
	return build.Config{
		Go:      build.Go{Path: w.Go.Path, Version: w.Go.Version, Env: w.Go.Env()},
		File:    filepath.Join(w.Dir, packagesFile),
		Module:  filepath.Join(w.Dir, "cell"),
		Roots:   roots,
		Preload: Imports,
	}
}
