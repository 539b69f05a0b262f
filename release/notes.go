package main

import (
	"fmt"
	"regexp"
	"strings"
)

// number is a version that is released, with a tag of its own. git describe has other
// names for what lies between them.
var number = regexp.MustCompile(`^\d+\.\d+\.\d+(-[0-9A-Za-z.]+)?$`)

// notes cuts from CHANGELOG.md what it says about a version. What is not released has
// the section of what is to come.
func notes(changes, version string) (string, error) {
	title, cure := version, "rename \"## Unreleased\" before you set the tag"
	if !number.MatchString(version) {
		title, cure = "Unreleased", "write what a user notices since the last version"
	}
	_, rest, found := strings.Cut("\n"+changes, "\n## "+title+"\n")
	section, _, _ := strings.Cut(rest, "\n## ")
	if section = strings.TrimSpace(section); !found || section == "" {
		return "", fmt.Errorf("CHANGELOG.md has no section \"## %s\" with something in it: %s", title, cure)
	}
	return section + "\n", nil
}
