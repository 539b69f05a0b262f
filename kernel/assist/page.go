package assist

import (
	"cmp"
	"fmt"
	"go/doc"
	"go/doc/comment"
	"go/token"
	"go/types"
	"strings"
)

// page is what is shown of a thing.
type page struct {
	signature string
	language  string // of the signature, "" for Go
	value     string
	doc       string
	source    string
}

// inspection prints the page as Markdown and as plain text.
func (p page) inspection() Inspection {
	printer := comment.Printer{
		HeadingLevel: 4,
		HeadingID:    func(*comment.Heading) string { return "" },
		DocLinkURL:   func(*comment.DocLink) string { return "" },
		TextWidth:    80,
	}
	// Links lose their brackets; that they lead anywhere is not known.
	parser := comment.Parser{
		LookupSym: func(recv, name string) bool {
			return token.IsIdentifier(name) && (recv == "" || token.IsIdentifier(recv))
		},
		LookupPackage: func(name string) (string, bool) { return name, token.IsIdentifier(name) },
	}
	parsed := parser.Parse(p.doc)
	var markdown, plain strings.Builder
	part := func(md, text string) {
		if md = strings.TrimSpace(md); md != "" {
			fmt.Fprintf(&markdown, "%s\n\n", md)
			fmt.Fprintf(&plain, "%s\n\n", strings.Trim(text, "\n"))
		}
	}
	block := func(language, code string) {
		if code != "" {
			part("```"+language+"\n"+code+"\n```", code)
		}
	}
	block(cmp.Or(p.language, "go"), p.signature)
	block("text", p.value)
	part(string(printer.Markdown(parsed)), string(printer.Text(parsed)))
	block("go", p.source)
	return Inspection{Found: true, Data: map[string]string{
		"text/markdown": strings.TrimSpace(markdown.String()) + "\n",
		"text/plain":    strings.TrimSpace(plain.String()) + "\n",
	}}
}

// explain makes the page of an object.
func (s *site) explain(env Env, obj types.Object, detail int) page {
	p := page{signature: s.signature(obj)}
	if name, ok := obj.(*types.PkgName); ok {
		p.doc = packageDoc(s.folder(name.Imported().Path()))
		if detail > 0 {
			p.source = s.contents(name.Imported())
		}
		return p
	}
	d, _ := s.declared(obj)
	p.doc = d.doc
	if detail > 0 {
		p.source = d.text
	}
	v, ok := obj.(*types.Var)
	if !ok {
		return p
	}
	if value, ok := env.Variables[userName(obj.Name())]; ok && !v.IsField() && obj.Parent() == s.Pkg.Scope() {
		p.value = fmt.Sprintf("%s (%s)", value.Preview, size(value.Size))
	}
	if named := namedOf(v.Type()); named != nil && named.Obj().Pkg() != nil {
		if d, ok := s.declared(named.Obj()); ok && p.doc == "" {
			p.doc = new(doc.Package).Synopsis(d.doc)
		}
	}
	return p
}

// size prints a number of bytes.
func size(n int64) string {
	for i, unit := range []string{"B", "KiB", "MiB"} {
		if scaled := float64(n) / float64(int64(1)<<(10*i)); scaled < 1024 {
			return strings.TrimSuffix(fmt.Sprintf("%.1f", scaled), ".0") + " " + unit
		}
	}
	return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
}

// namedOf returns the named type that a type is or points to, nil if there is
// none.
func namedOf(t types.Type) *types.Named {
	t = types.Unalias(t)
	if p, ok := t.(*types.Pointer); ok {
		t = types.Unalias(p.Elem())
	}
	named, _ := t.(*types.Named)
	return named
}
