package export

import (
	"bytes"
	"fmt"
	"html"
	"strconv"
	"strings"

	"github.com/alecthomas/chroma/v2/lexers"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	markdownhtml "github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/util"
)

// converter is GitHub's Markdown, which is Jupyter's. HTML in it is kept: a
// notebook may contain any HTML in its outputs anyway.
var converter = goldmark.New(
	goldmark.WithExtensions(extension.GFM),
	goldmark.WithParserOptions(parser.WithAutoHeadingID()),
	goldmark.WithRendererOptions(
		markdownhtml.WithUnsafe(),
		renderer.WithNodeRenderers(util.Prioritized(fencedBlocks{}, 100)),
	),
)

// markdown returns Markdown as HTML. attachments are those of the cell, nil if
// there are none.
func (p *page) markdown(source string, attachments map[string]any) (string, error) {
	source, formulas := hide(source)
	var b bytes.Buffer
	context := parser.NewContext(parser.WithIDs(p.headings))
	if err := converter.Convert([]byte(source), &b, parser.WithContext(context)); err != nil {
		return "", err
	}
	return p.embedImages(formulas.restore(b.String()), attachments), nil
}

// headings are the anchors in use on the page. They are made as Jupyter makes
// them, so that links between headings work in both.
type headings map[string]bool

// Generate implements [parser.IDs].
func (h headings) Generate(value []byte, _ ast.NodeKind) []byte {
	base := strings.ReplaceAll(strings.TrimSpace(string(value)), " ", "-")
	if base == "" {
		base = "heading"
	}
	id := base
	for n := 1; h[id]; n++ {
		id = base + "-" + strconv.Itoa(n)
	}
	h[id] = true
	return []byte(id)
}

// Put implements [parser.IDs].
func (h headings) Put(value []byte) { h[string(value)] = true }

// fencedBlocks renders fenced code with colours.
type fencedBlocks struct{}

// RegisterFuncs implements [renderer.NodeRenderer].
func (fencedBlocks) RegisterFuncs(r renderer.NodeRendererFuncRegisterer) {
	r.Register(ast.KindFencedCodeBlock, func(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		block := n.(*ast.FencedCodeBlock)
		var code strings.Builder
		for _, line := range block.Lines().Sliced(0, block.Lines().Len()) {
			code.Write(line.Value(source))
		}
		text, err := highlight(code.String(), lexers.Get(string(block.Language(source))))
		if err != nil {
			return ast.WalkStop, err
		}
		fmt.Fprintf(w, "<pre class=\"chroma\"><code>%s</code></pre>\n", text)
		return ast.WalkSkipChildren, nil
	})
}

// missing stands where a picture cannot be shown.
func missing(what, alt string) string {
	if alt != "" {
		what = alt + ": " + what
	}
	return `<span class="missing">[` + html.EscapeString(what) + `]</span>`
}
