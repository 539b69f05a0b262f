package main

import (
	"fmt"
	"regexp"
	"strings"
)

// number is a version that is released, with a tag of its own. git describe has other
// names for what lies between them.
var number = regexp.MustCompile(`^\d+\.\d+\.\d+(-[0-9A-Za-z.]+)?$`)

// notes cuts from CHANGELOG.md what it says about a version. What is between versions has
// the first section, of what is to come or has just been released.
func notes(changes, version string) (string, error) {
	heading := "\n## "
	if number.MatchString(version) {
		heading += version + "\n"
	}
	_, rest, found := strings.Cut("\n"+changes, heading)
	if !number.MatchString(version) {
		_, rest, _ = strings.Cut(rest, "\n") // its title
	}
	section, _, _ := strings.Cut("\n"+rest, "\n## ")
	if section = strings.TrimSpace(section); !found || section == "" {
		return "", fmt.Errorf("CHANGELOG.md has no section %q with something in it: rename \"## Unreleased\" before you set the tag", strings.TrimSpace(heading))
	}
	return section + "\n", nil
}
