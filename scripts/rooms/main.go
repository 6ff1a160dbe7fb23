// Command rooms measures how entangled the files of a package are. One file has an
// arrow to another if it uses a name that the other declares: a function, a type, a
// variable, a constant, a method or a field.
//
//	go run ./scripts/rooms [-v] [DIR]
//
// It prints the number of files, of lines and of arrows, the size of the largest
// circle (files of which each leads to every other) and the number of back arrows:
// those that run upwards in the best order of the files that was found. With -v it
// prints that order, with each file's back arrows.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"go/ast"
	"go/build"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	verbose := flag.Bool("v", false, "print the order of the files and the back arrows")
	flag.Parse()
	dir := "."
	if flag.NArg() > 0 {
		dir = flag.Arg(0)
	}
	g, err := read(dir)
	if err != nil {
		fmt.Fprintln(os.Stderr, "rooms:", err)
		os.Exit(1)
	}
	order := g.order()
	back := g.back(order)
	fmt.Printf("%d files, %d lines, %d arrows, largest circle %d files, %d back arrows\n",
		len(g.files), g.lines, g.arrows(), g.largestCircle(), len(back))
	if !*verbose {
		return
	}
	for _, from := range order {
		fmt.Printf("%s -> %d\n", g.files[from], len(g.to[from]))
		for _, b := range back {
			if b[0] == from {
				fmt.Printf("    back to %s\n", g.files[b[1]])
			}
		}
	}
}

// graph is the files of a package and their arrows, by index.
type graph struct {
	files []string
	lines int
	to    []map[int]bool
}

// read type-checks the package in dir, tests left out.
func read(dir string) (*graph, error) {
	pkg, err := build.ImportDir(dir, 0)
	if err != nil {
		return nil, err
	}
	fset := token.NewFileSet()
	g := &graph{files: pkg.GoFiles}
	var parsed []*ast.File
	for _, name := range pkg.GoFiles {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return nil, err
		}
		g.lines += bytes.Count(text, []byte("\n"))
		file, err := parser.ParseFile(fset, filepath.Join(dir, name), text, 0)
		if err != nil {
			return nil, err
		}
		parsed = append(parsed, file)
		g.to = append(g.to, map[int]bool{})
	}
	info := &types.Info{Uses: map[*ast.Ident]types.Object{}}
	config := types.Config{Importer: importer.ForCompiler(fset, "source", nil)}
	checked, err := config.Check(pkg.ImportPath, fset, parsed, info)
	if err != nil {
		return nil, err
	}
	index := map[string]int{}
	for i, name := range g.files {
		index[name] = i
	}
	fileOf := func(pos token.Pos) int { return index[filepath.Base(fset.Position(pos).Filename)] }
	for use, object := range info.Uses {
		if object.Pkg() != checked || !isNamed(object) {
			continue
		}
		if from, to := fileOf(use.Pos()), fileOf(object.Pos()); from != to {
			g.to[from][to] = true
		}
	}
	return g, nil
}

// isNamed reports whether an object of the package is more than a local name: it is
// declared at package level, or a method, or a field.
func isNamed(object types.Object) bool {
	switch object := object.(type) {
	case *types.Func:
		return true
	case *types.Var:
		return object.IsField() || object.Parent() == object.Pkg().Scope()
	}
	return object.Parent() == object.Pkg().Scope()
}

func (g *graph) arrows() (n int) {
	for _, to := range g.to {
		n += len(to)
	}
	return n
}

// largestCircle is the size of the largest strongly connected component, by
// Tarjan's algorithm.
func (g *graph) largestCircle() (largest int) {
	var (
		next  = 1
		seen  = make([]int, len(g.files)) // 0: not yet
		low   = make([]int, len(g.files))
		open  = make([]bool, len(g.files))
		stack []int
		visit func(int)
	)
	visit = func(v int) {
		seen[v], low[v] = next, next
		next++
		stack, open[v] = append(stack, v), true
		for w := range g.to[v] {
			if seen[w] == 0 {
				visit(w)
				low[v] = min(low[v], low[w])
			} else if open[w] {
				low[v] = min(low[v], seen[w])
			}
		}
		if low[v] != seen[v] {
			return
		}
		start := slices.Index(stack, v)
		for _, w := range stack[start:] {
			open[w] = false
		}
		largest = max(largest, len(stack)-start)
		stack = stack[:start]
	}
	for v := range g.files {
		if seen[v] == 0 {
			visit(v)
		}
	}
	return largest
}

// order puts the files so that few arrows run upwards: to find the fewest is
// hard, so it starts with the names' order and moves single files to better
// places for as long as that helps.
func (g *graph) order() []int {
	order := make([]int, len(g.files))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return g.surplus(b) - g.surplus(a) })
	for improved := true; improved; {
		improved = false
		for _, v := range slices.Clone(order) {
			improved = g.settle(order, v) || improved
		}
	}
	return order
}

// surplus is how many more arrows leave v than arrive.
func (g *graph) surplus(v int) int {
	arriving := 0
	for _, to := range g.to {
		if to[v] {
			arriving++
		}
	}
	return len(g.to[v]) - arriving
}

// settle moves v to its best place in order, and reports whether that has fewer
// back arrows.
func (g *graph) settle(order []int, v int) bool {
	at := slices.Index(order, v)
	best, place := 0, at
	change := 0 // in back arrows, if v stood at i
	for i := at - 1; i >= 0; i-- {
		change += g.weight(v, order[i]) // from now on v stands before it
		if change < best {
			best, place = change, i
		}
	}
	change = 0
	for i := at + 1; i < len(order); i++ {
		change += g.weight(order[i], v)
		if change < best {
			best, place = change, i
		}
	}
	if place == at {
		return false
	}
	rest := slices.Delete(slices.Clone(order), at, at+1)
	copy(order, slices.Insert(rest, place, v))
	return true
}

// weight is what it changes in back arrows when a comes to stand before b.
func (g *graph) weight(a, b int) (change int) {
	if g.to[b][a] {
		change++
	}
	if g.to[a][b] {
		change--
	}
	return change
}

// back lists the arrows that run upwards in order.
func (g *graph) back(order []int) (list [][2]int) {
	rank := make([]int, len(order))
	for i, v := range order {
		rank[v] = i
	}
	for from, all := range g.to {
		for to := range all {
			if rank[to] < rank[from] {
				list = append(list, [2]int{from, to})
			}
		}
	}
	slices.SortFunc(list, func(a, b [2]int) int {
		return strings.Compare(g.files[a[0]]+g.files[a[1]], g.files[b[0]]+g.files[b[1]])
	})
	return list
}
