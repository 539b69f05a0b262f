package export

import (
	"encoding/base64"
	"fmt"
	"html"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// maxImage is the size in bytes up to which a picture file becomes part of the
// page.
const maxImage = 20 << 20

// imageTypes has the MIME types of pictures that browsers show, by extension.
var imageTypes = map[string]string{
	".svg": "image/svg+xml", ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg",
	".gif": "image/gif", ".webp": "image/webp", ".avif": "image/avif",
}

var (
	imageTag  = regexp.MustCompile(`(?is)<img\s(?:[^>"']|"[^"]*"|'[^']*')*>`)
	attribute = func(name string) *regexp.Regexp {
		return regexp.MustCompile(`(?is)(\s` + name + `\s*=\s*)("[^"]*"|'[^']*'|[^\s>"']+)`)
	}
	sourceAttribute = attribute("src")
	altAttribute    = attribute("alt")
)

// embedImages makes the pictures in HTML part of it: files beside the notebook
// and attachments of the cell. A picture elsewhere becomes a link.
func (p *page) embedImages(page string, attachments map[string]any) string {
	return imageTag.ReplaceAllStringFunc(page, func(tag string) string {
		at := sourceAttribute.FindStringSubmatchIndex(tag)
		if at == nil {
			return tag
		}
		source := unquote(tag[at[4]:at[5]])
		alt := ""
		if m := altAttribute.FindStringSubmatch(tag); m != nil {
			alt = unquote(m[2])
		}
		data, err := p.image(source, attachments)
		switch {
		case err != nil:
			return missing(err.Error(), alt)
		case data == "":
			text := alt
			if text == "" {
				text = source
			}
			return fmt.Sprintf(`<a href="%s">%s</a>`, html.EscapeString(source), html.EscapeString(text))
		}
		return tag[:at[4]] + `"` + html.EscapeString(data) + `"` + tag[at[5]:]
	})
}

func unquote(value string) string {
	if value != "" && (value[0] == '"' || value[0] == '\'') {
		value = value[1 : len(value)-1]
	}
	return html.UnescapeString(value)
}

// image returns the picture as a data URI, "" if it is on another machine.
func (p *page) image(source string, attachments map[string]any) (string, error) {
	if strings.HasPrefix(strings.ToLower(source), "data:") {
		return source, nil
	}
	if name, ok := strings.CutPrefix(source, "attachment:"); ok {
		if plain, err := url.PathUnescape(name); err == nil {
			name = plain
		}
		bundle, _ := attachments[name].(map[string]any)
		for mime, data := range bundle {
			if text, ok := data.(string); ok && strings.HasPrefix(mime, "image/") {
				return "data:" + mime + ";base64," + base64Of(mime, text), nil
			}
		}
		return "", fmt.Errorf("the cell has no attachment %s", name)
	}
	u, err := url.Parse(source)
	if err != nil || u.Scheme != "" || u.Host != "" {
		return "", nil
	}
	path := u.Path
	mime := imageTypes[strings.ToLower(filepath.Ext(path))]
	if mime == "" {
		return "", fmt.Errorf("%s is not a kind of picture that browsers show", path)
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(p.options.Dir, filepath.FromSlash(path))
	}
	info, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("picture %s not found", u.Path)
	}
	if !info.Mode().IsRegular() || info.Size() > maxImage {
		return "", fmt.Errorf("picture %s is larger than %d MB", u.Path, maxImage>>20)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("picture %s cannot be read", u.Path)
	}
	return "data:" + mime + ";base64," + base64.StdEncoding.EncodeToString(data), nil
}

// base64Of returns the base64 of data in a MIME bundle: SVG is there as text,
// other pictures are encoded already.
func base64Of(mime, data string) string {
	if mime == "image/svg+xml" {
		return base64.StdEncoding.EncodeToString([]byte(data))
	}
	return strings.Join(strings.Fields(data), "")
}
