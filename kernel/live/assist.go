package live

import (
	"context"
	"errors"
	"fmt"

	"spikebook/kernel/assist"
	"spikebook/kernel/bridge"
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

const snnHelp = `# spikebook

Imported in every cell: ` + "`snn`, `snn/dense`, `snn/dynamics`, `snn/neuron`, `snn/surrogate`, `snn/layer`, `snn/encoding`, `snn/functional`, `snn/optim`, `snn/learning`, `display`" + `; the standard library as it is named.
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
