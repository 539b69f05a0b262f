package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"go.yaml.in/yaml/v3"

	"spikebook/kernel/notebook"
)

// papermillSubcommand is what the translator in the folder papermill calls,
// so that what a parameters cell means is decided here alone.
const papermillSubcommand = "papermill"

// papermillMain reads a papermillRequest and writes a papermillReply, both JSON.
func papermillMain() int {
	err := translate(os.Stdin, os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

type papermillRequest struct {
	Cell       *string              `yaml:"cell"` // the source of the parameters cell; null: there is none
	Parameters map[string]yaml.Node `yaml:"parameters"`
}

type papermillReply struct {
	Declared []notebook.Declared `json:"declared"`
	Source   string              `json:"source"` // of the cell that sets the parameters, without its comment
}

func translate(r io.Reader, w io.Writer) error {
	var request papermillRequest
	if err := yaml.NewDecoder(r).Decode(&request); err != nil { // JSON is YAML
		return err
	}
	params, err := yamlParameters(request.Parameters)
	if err != nil {
		return err
	}
	nb := &notebook.Notebook{}
	var reply papermillReply
	if request.Cell != nil {
		nb.Cells = []*notebook.Cell{{
			Type: notebook.Code, Source: *request.Cell, Metadata: map[string]any{"tags": []any{notebook.TagParameters}},
		}}
		if reply.Declared, err = notebook.Declarations(*request.Cell); err != nil {
			return err
		}
	}
	if err := nb.Inject(params); err != nil {
		return err
	}
	for _, c := range nb.Cells {
		if c.Tagged(notebook.TagInjected) {
			reply.Source = strings.TrimPrefix(c.Source, notebook.InjectedComment)
		}
	}
	return json.NewEncoder(w).Encode(reply)
}
