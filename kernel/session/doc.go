// Package session keeps the values of package-level variables from one process to the next.
//
// A cell is a program. Its main calls [Main], which restores the variables that the cell uses, runs the cell and commits
// them. Whatever ends the program in another way (a panic, os.Exit, a signal) leaves the stored values as they were.
//
// What is stored is the graph of objects that the variables reach: shared memory stays shared, cycles close, interfaces keep
// their dynamic types. See the comments of region (what a piece of memory is),
// component (what is read and written together) and manifest (what is on the disk).
//
// The package is linked into every cell, so it imports little. It knows nothing of Go source, of notebooks or of Jupyter.
// It rests on four facts about Go's run time: an interface is two words, an itab has the dynamic type in its second word,
// a func value points to its code pointer, and reflect.typelinks lists the types of the program. [SelfTest] checks them.
package session
