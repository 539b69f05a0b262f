package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"spikebook/kernel/notebook"
)

// paramVariable begins the names of environment variables that set parameters.
const paramVariable = "SPIKEBOOK_PARAM_"

// allParameters returns the parameters of all sources; the later ones hold.
func allParameters(a execArgs) ([]notebook.Parameter, error) {
	params, err := environmentParameters(os.Environ())
	if err != nil {
		return nil, err
	}
	for _, p := range params {
		fmt.Fprintf(os.Stderr, "spikebook exec: %s=%s, from the environment\n", p.Name, p.Value)
	}
	for _, name := range a.paramFiles {
		more, err := fileParameters(name)
		if err != nil {
			return nil, err
		}
		params = append(params, more...)
	}
	return append(params, a.params...), nil
}

// environmentParameters returns the parameters of an environment, and takes them
// out of this process's: what a notebook runs is not given its parameters.
func environmentParameters(environ []string) ([]notebook.Parameter, error) {
	var params []notebook.Parameter
	for _, entry := range slices.Sorted(slices.Values(environ)) {
		param, ours := strings.CutPrefix(entry, paramVariable)
		if !ours {
			continue
		}
		p, err := notebook.ParseParameter(param)
		if err != nil {
			return nil, fmt.Errorf("environment variable %s...: %w", paramVariable, err)
		}
		if err := os.Unsetenv(paramVariable + p.Name); err != nil {
			return nil, err
		}
		params = append(params, p)
	}
	return params, nil
}

// fileParameters returns the parameters of a YAML file, which JSON is, too; "-"
// is standard input.
func fileParameters(name string) ([]notebook.Parameter, error) {
	read := func() ([]byte, error) { return os.ReadFile(name) }
	if name == "-" {
		read = func() ([]byte, error) { return io.ReadAll(os.Stdin) }
	}
	data, err := read()
	if err != nil {
		return nil, err
	}
	var values map[string]yaml.Node
	if err := yaml.Unmarshal(data, &values); err != nil {
		return nil, fmt.Errorf("%s: expected YAML that maps the names of parameters to values, as in `tau: 2.0`: %w", name, err)
	}
	params, err := yamlParameters(values)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return params, nil
}

// yamlParameters returns values as they would stand on the command line, sorted
// by name: a scalar as it is written, for the declaration decides its type, and
// anything else as JSON.
func yamlParameters(values map[string]yaml.Node) ([]notebook.Parameter, error) {
	var params []notebook.Parameter
	for _, name := range slices.Sorted(maps.Keys(values)) {
		node := values[name]
		text, err := yamlText(&node)
		if err != nil {
			return nil, fmt.Errorf("parameter %s, line %d: %w", name, node.Line, err)
		}
		p, err := notebook.ParseParameter(name + "=" + text)
		if err != nil {
			return nil, err
		}
		params = append(params, p)
	}
	return params, nil
}

func yamlText(node *yaml.Node) (string, error) {
	for node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	if node.Kind == yaml.ScalarNode {
		if node.ShortTag() == "!!null" {
			return "", errors.New("it has no value; leave it out to keep that of the notebook")
		}
		return node.Value, nil
	}
	var value any
	if err := node.Decode(&value); err != nil {
		return "", err
	}
	text, err := json.Marshal(value)
	if err != nil {
		return "", fmt.Errorf("it cannot be written as JSON, which has finite numbers and names that are strings: %w", err)
	}
	return string(text), nil
}
