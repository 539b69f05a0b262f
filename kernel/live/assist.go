package live

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"spikebook/kernel/assist"
	"spikebook/kernel/bridge"
	"spikebook/kernel/cell"
	"spikebook/kernel/session"
)

// Complete returns the content of a complete_reply.
func (n *Notebook) Complete(code string, cursor int) map[string]any {
	return assist.Complete(n.questions(), code, cursor).Content()
}

// Inspect returns the content of an inspect_reply.
func (n *Notebook) Inspect(code string, cursor, detail int) map[string]any {
	return assist.Inspect(n.questions(), code, cursor, detail).Content()
}

// questions is what questions are answered from. Before the notebook is open nothing
// is known, so it is waited for.
func (n *Notebook) questions() assist.Env {
	<-n.opened
	env := assist.Env{Dir: n.Dir()}
	if n.failed != nil {
		return env
	}
	n.mu.Lock()
	env.View = n.memory.View
	n.mu.Unlock()
	// A damaged store is said to the next cell that reads it.
	if info, err := session.Inspect(n.config.Store); err == nil {
		env.Variables = map[string]assist.Variable{}
		for _, v := range info.Vars {
			env.Variables[v.Name] = assist.Variable{Size: v.Size, Preview: v.Preview}
		}
	}
	return env
}

// question answers "neuron.NewLIF?", as IPython does: by a page.
func (n *Notebook) question(name string) (bridge.Page, error) {
	found := assist.Inspect(n.questions(), name, len([]rune(name)), 0)
	if !found.Found {
		return bridge.Page{}, fmt.Errorf("nothing is known of %s", name)
	}
	return bridge.Page{Pager: found.Data}, nil
}

func (n *Notebook) resetMagic(_ context.Context, words []string) (bridge.Page, error) {
	if len(words) > 0 {
		return bridge.Page{}, errors.New("%reset forgets all variables and declarations and wants no word; restart the kernel for a new go.mod")
	}
	return said("all variables and declarations are forgotten", n.reset())
}

func (n *Notebook) timeMagic(context.Context, []string) (bridge.Page, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.timed = true
	return bridge.Page{}, nil
}

const backendUsage = `%backend                says which backends cells can set layers and tensors to
%backend cuda emulated  adds "cuda": an interpreter of GPU kernels on the CPU
%backend cpu            takes it away`

func (n *Notebook) backendMagic(_ context.Context, words []string) (bridge.Page, error) {
	switch strings.Join(words, " ") {
	case "":
	case "cuda emulated":
		n.memory.SetEmulate(true)
	case "cpu":
		n.memory.SetEmulate(false)
		if err := session.Forget(n.config.Store, cell.GPUState); err != nil {
			return bridge.Page{}, err
		}
	case "cuda":
		return bridge.Page{}, errors.New("%backend cuda: cells of this version reach no GPU; `%backend cuda emulated` runs its kernels in an interpreter on the CPU")
	default:
		return bridge.Page{}, fmt.Errorf("%%backend %s is unknown; there are\n%s", strings.Join(words, " "), backendUsage)
	}
	if n.emulates() {
		return said("cpu\ncuda: PTX interpreter on the CPU, not a GPU", nil)
	}
	return said("cpu", nil)
}

// emulates says whether cells have the interpreter of CUDA kernels.
func (n *Notebook) emulates() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	info, err := n.inspect()
	return n.memory.Emulates() || err == nil && slices.ContainsFunc(info.Vars, func(v session.VarInfo) bool { return v.Name == cell.GPUState })
}

const snnHelp = `# spikebook

Imported in every cell: ` + "`snn`, `snn/dense`, `snn/dynamics`, `snn/neuron`, `snn/surrogate`, `snn/layer`, `snn/functional`, `snn/optim`, `display`" + `; the standard library as it is named.
` + "`neuron.NewLIF?`" + ` or Shift-Tab tells what something is, Tab completes.

| line | what |
| --- | --- |
| ` + "`%session`" + ` | the variables; ` + "`%session forget x`, `%session save FILE`, `%session restore [FILE]`" + ` |
| ` + "`%ls`, `%rm NAME`, `%reset`" + ` | the declarations; forget one; forget all and the variables |
| ` + "`%time`" + ` | says how long the cell took |
| ` + "`%help`" + ` | the magics of GoNB |
`

func (n *Notebook) helpMagic(context.Context, []string) (bridge.Page, error) {
	return bridge.Page{Pager: map[string]string{"text/plain": snnHelp, "text/markdown": snnHelp}}, nil
}
