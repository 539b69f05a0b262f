// Package cell turns the source of a notebook cell into the Go source of a
// program whose variables outlive it, and remembers the declarations and the
// types of variables from cell to cell. Source in, source out: it starts no
// process, touches no file, and knows neither values nor messages. Values are
// kept by kernel/session, which the programs link; packages come from
// whoever implements [Packages].
//
// # How a cell becomes a program
//
// [Split] blanks the lines that are not Go. The rest is separated by tokens
// into declarations and statements, which may be mixed in any order. A first
// type check, of the cell as it was written among all that is remembered,
// finds the types of what the top level defines. Edits then make the program:
//
//	x := f()            x = f(), and x is a package-level variable
//	var x T             session__.Zero(&x)
//	x := g(x)           x = g(old_x__), when x gets another type
//	len := 3            v_len__ = 3, as len cannot be package-level
//	func(…) {…}         lit_HASH__, a function, when it captures nothing local
//	f()                 session__.Check(f()), when it returns an error last
//	f() (at the end)    session__.Show(f())
//	fmt.Scan(&x)        session__.Scan(&x); os.Stdin as a reader and os.Stderr as
//	                    a writer likewise, and package log writes to the latter
//	0.5                 l0__, read from the request
//
// A second type check, of that program, finds the user's errors. Each byte of
// the program knows the byte of the cell that it comes from, so they are placed
// exactly; no edit changes the number of lines, so the line directives keep
// stack traces right. Of the memory only what the cell reaches is written: one
// file for each cell that declared something, with the imports of that cell.
//
// # Where this could change what Go means, and what is done about it
//
// Variables of the top level are package-level.
//   - A function of the cell sees them, as it would see a package's variables.
//     That is the purpose.
//   - goto may jump over their definition, and they may go unused. Both are
//     errors in Go and harmless here.
//   - x := 1 twice in one cell stays an error: it is found by the first check.
//   - A cell that returns before it comes to x := … must not lose the x of
//     before: variables of cells with return, goto or defer are restored even
//     when the cell sets them.
//   - Goroutines and closures share them, as they would share locals. Loop
//     variables and all that is inside a block stay local.
//   - x := g(x) with another type needs both: the old value is a variable of
//     its own, which is restored and not stored.
//   - := with a name whose type cannot be written elsewhere (a type declared
//     in a function) leaves all its names local and says so; those of its
//     names that were lifted before get their value by an assignment after it.
//   - A type that is unexported in its package is inferred from a function or
//     variable of that package, which is not called for it.
//
// Names. What we add ends in two underscores, which cells do not use.
//   - A variable may have the name of a package or a predeclared name. Of a
//     selector the variable is meant if it has that member, else the package;
//     what is called or stands for a type is the predeclared name unless the
//     variable is a function; a declaration means what was there when its cell
//     ran. Fields and methods are never touched: only free names are resolved.
//   - Two cells may give one name to two packages: each file has the imports of
//     its own cell. A cell without an import of its own uses the latest.
//
// Function literals become functions only if they name nothing of the function
// around them, and are not called where they stand. The name is made of their
// text, so equal literals are one function; functions cannot be compared in Go.
//
// Errors. A call statement at the top level whose last result is an error
// fails the cell when it is not nil. _ = f() says that it is meant, calls of
// package fmt are exempt, and so are blocks, functions and func main. The
// result is passed to a function: that f is evaluated once, and when, stays.
//
// The last expression is evaluated where it stands, and shown unless a
// semicolon follows; a call without value, or with (int, error) as Write has,
// is not shown.
//
// var at the top level of a natural cell is a statement: it runs each time. In
// a plain main cell (%%, %main, func main, %exec) it is a declaration, whose
// initialiser runs once for each text of it, before the statements, in Go's
// order, when what it needs is restored; what calls package flag runs always.
// func init runs then, too; in a natural cell behind what defines the variables
// that it uses.
//
// Unused variables and imports never fail a cell: _ = x is added where x is in
// scope, and imports are left out.
//
// Redefinition. What a later cell declares replaces what an earlier one did.
// A declaration that it breaks hurts only cells that use it; a method that no
// longer fits its type is left out, and said, as long as nobody calls it.
//
// Values of types that nobody can name need the functions that make them in the
// program: see makers.go. They are linked, not called.
//
// Streams. os.Stdin and os.Stderr are those of package session where an interface
// with methods is wanted or one of their methods is called. Whoever looks for an
// *os.File in it finds none. A cell that sets one of these variables has the
// variable itself, and so have the outputs of commands and what is copied first:
// w := os.Stderr.
//
// Literals: see literals.go. They are replaced after the second check, so
// meaning and errors are those of the text.
//
// Not supported: cgo, go:embed, wasm, and line directives of the user's own.
package cell
