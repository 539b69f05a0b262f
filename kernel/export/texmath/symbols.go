package texmath

import (
	"strings"
	"unicode"
)

// symbol is a command that stands for one character.
type symbol struct {
	text  string
	class class
	tag   string // mi or mo
	style string // "normal" for letters that stand upright
}

// table makes symbols of a list of alternating names and characters.
func table(into map[string]symbol, proto symbol, list string) {
	fields := strings.Fields(list)
	for i := 0; i+1 < len(fields); i += 2 {
		s := proto
		s.text = fields[i+1]
		into[fields[i]] = s
	}
}

// symbols has the commands for single characters by name.
var symbols = func() map[string]symbol {
	m := map[string]symbol{}
	table(m, symbol{tag: "mi"}, `
		alpha α beta β gamma γ delta δ epsilon ϵ varepsilon ε zeta ζ eta η theta θ vartheta ϑ iota ι kappa κ lambda λ
		mu μ nu ν xi ξ omicron ο pi π varpi ϖ rho ρ varrho ϱ sigma σ varsigma ς tau τ upsilon υ phi ϕ varphi φ chi χ
		psi ψ omega ω ell ℓ imath ı jmath ȷ wp ℘ partial ∂`)
	table(m, symbol{tag: "mi", style: "normal"}, `
		Gamma Γ Delta Δ Theta Θ Lambda Λ Xi Ξ Pi Π Sigma Σ Upsilon Υ Phi Φ Psi Ψ Omega Ω infty ∞ hbar ℏ Re ℜ Im ℑ
		aleph ℵ emptyset ∅ varnothing ∅ nabla ∇ forall ∀ exists ∃ nexists ∄ neg ¬ lnot ¬ top ⊤ bot ⊥ angle ∠ degree °
		prime ′ dagger † ddagger ‡ checkmark ✓ square □ triangle △ S § P ¶ ldots … dots … dotsc … cdots ⋯
		dotsb ⋯ vdots ⋮ ddots ⋱ # # % % & & _ _ $ $`)
	table(m, symbol{tag: "mo", class: bin}, `
		pm ± mp ∓ times × div ÷ cdot ⋅ ast ∗ star ⋆ circ ∘ bullet ∙ cap ∩ cup ∪ setminus ∖ wedge ∧ land ∧ vee ∨ lor ∨
		oplus ⊕ ominus ⊖ otimes ⊗ odot ⊙ oslash ⊘ sqcap ⊓ sqcup ⊔ uplus ⊎ amalg ⨿ bmod mod`)
	table(m, symbol{tag: "mo", class: rel}, `
		leq ≤ le ≤ leqslant ⩽ geq ≥ ge ≥ geqslant ⩾ neq ≠ ne ≠ equiv ≡ approx ≈ sim ∼ simeq ≃ cong ≅ propto ∝ ll ≪ gg ≫
		lt < gt > doteq ≐ triangleq ≜ coloneqq ≔ asymp ≍ prec ≺ succ ≻ preceq ⪯ succeq ⪰ in ∈ notin ∉ ni ∋ subset ⊂
		supset ⊃ subseteq ⊆ supseteq ⊇ subsetneq ⊊ perp ⊥ parallel ∥ mid ∣ nmid ∤ vdash ⊢ models ⊨ to → rightarrow →
		leftarrow ← gets ← leftrightarrow ↔ Rightarrow ⇒ Leftarrow ⇐ Leftrightarrow ⇔ implies ⟹ impliedby ⟸ iff ⟺
		mapsto ↦ longmapsto ⟼ longrightarrow ⟶ longleftarrow ⟵ hookrightarrow ↪ uparrow ↑ downarrow ↓ updownarrow ↕
		Uparrow ⇑ Downarrow ⇓ nearrow ↗ searrow ↘ rightleftharpoons ⇌ leadsto ⇝ therefore ∴ because ∵ colon :`)
	table(m, symbol{tag: "mo", class: bigOp}, `
		sum ∑ prod ∏ coprod ∐ bigcap ⋂ bigcup ⋃ bigwedge ⋀ bigvee ⋁ bigoplus ⨁ bigotimes ⨂ bigodot ⨀
		int ∫ iint ∬ iiint ∭ oint ∮`)
	return m
}()

// beside names the large operators whose scripts stand beside them.
var beside = map[string]bool{"int": true, "iint": true, "iiint": true, "oint": true}

// delimiters has what may follow \left, \right and \big, by name or character.
// The empty string is a delimiter that is not seen.
var delimiters = map[string]string{
	"(": "(", ")": ")", "[": "[", "]": "]", "|": "|", "/": "/", "<": "⟨", ">": "⟩", ".": "",
	`\{`: "{", `\}`: "}", `\|`: "‖", `\lbrace`: "{", `\rbrace`: "}", `\lbrack`: "[", `\rbrack`: "]",
	`\langle`: "⟨", `\rangle`: "⟩", `\lfloor`: "⌊", `\rfloor`: "⌋", `\lceil`: "⌈", `\rceil`: "⌉",
	`\vert`: "|", `\Vert`: "‖", `\lvert`: "|", `\rvert`: "|", `\lVert`: "‖", `\rVert`: "‖",
	`\backslash`: "∖", `\uparrow`: "↑", `\downarrow`: "↓",
}

// side returns the class that a delimiter has where it stands by itself.
func side(name string) class {
	switch name {
	case "(", "[", `\{`, `\lbrace`, `\lbrack`, `\langle`, `\lfloor`, `\lceil`, `\lvert`, `\lVert`:
		return opening
	case ")", "]", `\}`, `\rbrace`, `\rbrack`, `\rangle`, `\rfloor`, `\rceil`, `\rvert`, `\rVert`:
		return closing
	}
	return ord
}

// functions are names written upright; those with true take limits below.
var functions = map[string]bool{
	"sin": false, "cos": false, "tan": false, "cot": false, "sec": false, "csc": false, "arcsin": false, "arccos": false,
	"arctan": false, "sinh": false, "cosh": false, "tanh": false, "coth": false, "exp": false, "log": false, "ln": false,
	"lg": false, "arg": false, "deg": false, "dim": false, "hom": false, "ker": false,
	"det": true, "gcd": true, "inf": true, "lim": true, "liminf": true, "limsup": true, "max": true, "min": true, "Pr": true, "sup": true,
}

// spaces in em; a backslash before a space or newline is an ordinary space.
var spaces = map[string]string{
	",": "0.1667em", "thinspace": "0.1667em", ":": "0.2222em", ">": "0.2222em", "medspace": "0.2222em",
	";": "0.2778em", "thickspace": "0.2778em", "!": "-0.1667em", "negthinspace": "-0.1667em",
	" ": "0.25em", "\n": "0.25em", "\t": "0.25em", "enspace": "0.5em", "enskip": "0.5em", "quad": "1em", "qquad": "2em",
}

// accent is a mark above or below its argument.
type accent struct {
	mark     string
	below    bool
	stretchy bool
	limits   bool // a script of the whole stands beyond the mark
}

var accents = map[string]accent{
	"hat": {mark: "^"}, "check": {mark: "ˇ"}, "tilde": {mark: "~"}, "acute": {mark: "´"}, "grave": {mark: "`"},
	"dot": {mark: "˙"}, "ddot": {mark: "¨"}, "breve": {mark: "˘"}, "bar": {mark: "¯"}, "vec": {mark: "→"}, "mathring": {mark: "˚"},
	"widehat": {mark: "^", stretchy: true}, "widetilde": {mark: "~", stretchy: true},
	"overrightarrow": {mark: "→", stretchy: true}, "overleftarrow": {mark: "←", stretchy: true},
	"overbrace": {mark: "⏞", stretchy: true, limits: true}, "underbrace": {mark: "⏟", below: true, stretchy: true, limits: true},
}

// fonts maps the commands that choose an alphabet to its key in alphabets, the
// ones with an argument and the old ones that hold to the end of the group.
var (
	fonts = map[string]string{
		"mathrm": "rm", "mathit": "it", "mathbf": "bf", "mathbb": "bb", "mathcal": "cal", "mathscr": "cal", "mathfrak": "frak",
		"mathsf": "sf", "mathtt": "tt", "boldsymbol": "bm", "bm": "bm", "mathnormal": "",
	}
	fontSwitches = map[string]string{"rm": "rm", "it": "it", "bf": "bf", "sf": "sf", "tt": "tt", "cal": "cal"}
)

// alphabet says where Unicode keeps the letters of a mathematical alphabet; 0
// where it has none. Letters that were there before the alphabet are elsewhere.
type alphabet struct {
	upper, lower, digit, greekUpper, greekLower rune
	elsewhere                                   map[rune]rune
}

var alphabets = map[string]alphabet{
	"bf": {upper: 0x1D400, lower: 0x1D41A, digit: 0x1D7CE, greekUpper: 0x1D6A8, greekLower: 0x1D6C2},
	"bm": {upper: 0x1D468, lower: 0x1D482, digit: 0x1D7CE, greekUpper: 0x1D71C, greekLower: 0x1D736},
	"cal": {upper: 0x1D49C, lower: 0x1D4B6, elsewhere: map[rune]rune{
		'B': 'ℬ', 'E': 'ℰ', 'F': 'ℱ', 'H': 'ℋ', 'I': 'ℐ', 'L': 'ℒ', 'M': 'ℳ', 'R': 'ℛ', 'e': 'ℯ', 'g': 'ℊ', 'o': 'ℴ'}},
	"frak": {upper: 0x1D504, lower: 0x1D51E, elsewhere: map[rune]rune{'C': 'ℭ', 'H': 'ℌ', 'I': 'ℑ', 'R': 'ℜ', 'Z': 'ℨ'}},
	"bb": {upper: 0x1D538, lower: 0x1D552, digit: 0x1D7D8, elsewhere: map[rune]rune{
		'C': 'ℂ', 'H': 'ℍ', 'N': 'ℕ', 'P': 'ℙ', 'Q': 'ℚ', 'R': 'ℝ', 'Z': 'ℤ'}},
	"sf": {upper: 0x1D5A0, lower: 0x1D5BA, digit: 0x1D7E2},
	"tt": {upper: 0x1D670, lower: 0x1D68A, digit: 0x1D7F6},
}

// letter returns r in the alphabet, r itself if the alphabet lacks it.
func (a alphabet) letter(r rune) rune {
	if other, ok := a.elsewhere[r]; ok {
		return other
	}
	for _, run := range []struct{ first, last, to rune }{
		{'A', 'Z', a.upper}, {'a', 'z', a.lower}, {'0', '9', a.digit}, {'Α', 'Ω', a.greekUpper}, {'α', 'ω', a.greekLower},
	} {
		if run.to != 0 && r >= run.first && r <= run.last {
			return run.to + r - run.first
		}
	}
	return r
}

// styled returns a letter or digit in a font.
func styled(r rune, font string) *node {
	tag := "mi"
	if unicode.IsDigit(r) {
		tag = "mn"
	}
	a, ok := alphabets[font]
	switch {
	case ok:
		r = a.letter(r)
	case font == "rm" && tag == "mi":
		n := upright(string(r))
		n.word = true
		return n
	}
	return leaf(tag, string(r))
}

// characters gives the class of characters that are written as they are.
var characters = func() map[rune]symbol {
	m := map[rune]symbol{
		'+': {text: "+", class: bin}, '-': {text: "−", class: bin}, '*': {text: "∗", class: bin},
		'=': {text: "=", class: rel}, '<': {text: "<", class: rel}, '>': {text: ">", class: rel}, ':': {text: ":", class: rel},
		',': {text: ",", class: punct}, ';': {text: ";", class: punct}, '!': {text: "!", class: closing},
	}
	for _, s := range symbols {
		r := []rune(s.text)
		if _, ok := m[r[0]]; !ok && len(r) == 1 && r[0] > unicode.MaxASCII && s.tag == "mo" {
			m[r[0]] = symbol{text: s.text, class: s.class}
		}
	}
	return m
}()
