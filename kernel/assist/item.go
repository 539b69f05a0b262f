package assist

import (
	"cmp"
	"go/types"
	"slices"
	"strings"
	"unicode"

	"spikebook/kernel/cell"
)

// kind is the type of a match, in the words that front ends know.
type kind string

const (
	kindFunction kind = "function"
	kindModule   kind = "module"
	kindClass    kind = "class"
	kindInstance kind = "instance"
	kindProperty kind = "property"
	kindKeyword  kind = "keyword"
	kindMagic    kind = "magic"
	kindPath     kind = "path"
)

// item is a way in which a word may go on.
type item struct {
	text      string
	kind      kind
	signature string
	rank      int // the least comes first
}

// Ranks of names, by how likely they are meant.
const (
	rankExpected = iota - 1
	rankField
	rankLocal
	rankSession
	rankPackage
	rankPredeclared
	rankKeyword
	rankUnimported
)

// describe makes an item of an object.
func describe(v *cell.View, obj types.Object) item {
	it := item{text: userName(obj.Name()), kind: kindInstance, signature: typeString(v, obj.Type())}
	switch o := obj.(type) {
	case *types.PkgName:
		it.kind, it.signature = kindModule, o.Imported().Path()
	case *types.Func:
		it.kind, it.signature = kindFunction, strings.TrimPrefix(it.signature, "func")
	case *types.Builtin:
		it.kind, it.signature = kindFunction, ""
	case *types.TypeName:
		it.kind, it.signature = kindClass, typeString(v, obj.Type().Underlying())
		if len(it.signature) > 60 {
			it.signature = it.signature[:strings.IndexAny(it.signature+" ", " {")]
		}
	case *types.Const:
		it.signature += " = " + o.Val().String()
	case *types.Var:
		if o.IsField() {
			it.kind = kindProperty
		}
	case *types.Nil:
		it.signature = ""
	}
	return it
}

// typeString prints a type as the user would write it.
func typeString(v *cell.View, t types.Type) string {
	if t == nil {
		return ""
	}
	return types.TypeString(t, qualifier(v))
}

// qualifier names packages as the cell does.
func qualifier(v *cell.View) types.Qualifier {
	return func(p *types.Package) string {
		if p == v.Pkg {
			return ""
		}
		return p.Name()
	}
}

// userName returns the user's name of a variable. One whose name a package or
// a predeclared name has is called v_NAME__ in a view.
func userName(name string) string {
	if own, ok := strings.CutPrefix(name, "v_"); ok {
		if own, ok = strings.CutSuffix(own, "__"); ok {
			return own
		}
	}
	return name
}

// hidden says whether a name is one that the user did not write.
func hidden(name string) bool {
	return name == "_" || name == "init" || strings.HasSuffix(name, "__") || strings.ContainsFunc(name, func(r rune) bool {
		return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
}

// choose returns the items that may complete what is typed, the best first:
// those that begin with it; if there are none, those that contain its letters
// in order. Of items with equal text the first stays.
func choose(items []item, typed string) []item {
	const (
		exact = iota
		folded
		fuzzy
		not
	)
	quality := func(text string) int {
		// A qualified name is found by the name, too.
		name := text[strings.LastIndexByte(text, '.')+1:]
		switch {
		case strings.HasPrefix(text, typed), strings.HasPrefix(name, typed):
			return exact
		case hasPrefixFold(text, typed), hasPrefixFold(name, typed):
			return folded
		case subsequence(text, typed):
			return fuzzy
		}
		return not
	}
	best := not
	for _, it := range items {
		best = min(best, quality(it.text))
	}
	if best == exact {
		best = folded
	}
	seen := map[string]bool{}
	var chosen []item
	for _, it := range items {
		if q := quality(it.text); q <= best && q != not && !seen[it.text] {
			seen[it.text] = true
			chosen = append(chosen, it)
		}
	}
	slices.SortStableFunc(chosen, func(a, b item) int {
		return cmp.Or(cmp.Compare(quality(a.text), quality(b.text)), cmp.Compare(a.rank, b.rank),
			strings.Compare(strings.ToLower(a.text), strings.ToLower(b.text)))
	})
	return chosen
}

func hasPrefixFold(text, prefix string) bool {
	return len(text) >= len(prefix) && strings.EqualFold(text[:len(prefix)], prefix)
}

// subsequence says whether the letters of a word occur in a text in order.
func subsequence(text, letters string) bool {
	rest := []rune(strings.ToLower(letters))
	for _, r := range strings.ToLower(text) {
		if len(rest) > 0 && r == rest[0] {
			rest = rest[1:]
		}
	}
	return len(rest) == 0
}
