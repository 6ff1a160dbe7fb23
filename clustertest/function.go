package clustertest

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// libraries are the functions of FUNCTION LOAD that the nodes of one shard know.
// A call runs as a script that begins with the code of the library.
type libraries struct {
	mu     sync.Mutex
	byName map[string]library
}

type library struct {
	name, code string
	functions  []function // by name
}

type function struct {
	name, description string
	flags             []string
	library           library // without its functions
}

// libraries returns those of a shard.
func (c *Cluster) libraries(shard int) *libraries {
	found, _ := c.functions.LoadOrStore(shard, &libraries{byName: map[string]library{}})
	return found.(*libraries)
}

func (l *libraries) find(name string) (function, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, lib := range l.byName {
		for _, f := range lib.functions {
			if f.name == name {
				return f, true
			}
		}
	}
	return function{}, false
}

func (l *libraries) add(lib library, replace bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, ok := l.byName[lib.name]; ok && !replace {
		return fmt.Errorf("ERR Library '%s' already exists", lib.name)
	}
	for _, other := range l.byName {
		if other.name == lib.name {
			continue
		}
		for _, f := range other.functions {
			if slices.ContainsFunc(lib.functions, func(g function) bool { return g.name == f.name }) {
				return fmt.Errorf("ERR Function %s already exists", f.name)
			}
		}
	}
	l.byName[lib.name] = lib
	return nil
}

func (l *libraries) remove(name string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, ok := l.byName[name]; !ok {
		return errors.New("ERR Library not found")
	}
	delete(l.byName, name)
	return nil
}

func (l *libraries) clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	clear(l.byName)
}

// matching returns the libraries whose name matches, by name.
func (l *libraries) matching(pattern string) []library {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.SortedFunc(func(yield func(library) bool) {
		for lib := range maps.Values(l.byName) {
			if globMatch(pattern, lib.name) && !yield(lib) {
				return
			}
		}
	}, func(a, b library) int { return cmp.Compare(a.name, b.name) })
}

var (
	libraryHeader = regexp.MustCompile(`^#!(\w+)((?: +\S+)*)\r?$`)
	libraryName   = regexp.MustCompile(`^\w+$`)
)

// parseLibrary reads the first line of a library. The code that it returns has
// that line as a comment.
func parseLibrary(text string) (library, error) {
	first, rest, _ := strings.Cut(text, "\n")
	header := libraryHeader.FindStringSubmatch(first)
	if header == nil {
		return library{}, errors.New("ERR Missing library metadata")
	}
	if !strings.EqualFold(header[1], "lua") {
		return library{}, fmt.Errorf("ERR Engine '%s' not found", header[1])
	}
	lib := library{code: text}
	for _, word := range strings.Fields(header[2]) {
		name, ok := strings.CutPrefix(word, "name=")
		if !ok {
			return library{}, fmt.Errorf("ERR Invalid metadata value given: %s", word)
		}
		lib.name = name
	}
	switch {
	case lib.name == "":
		return library{}, errors.New("ERR Library name was not given")
	case !libraryName.MatchString(lib.name):
		return library{}, errors.New("ERR Library names can only contain letters, numbers, or underscores(_) and must be at least one character long")
	}
	lib.code = "--" + first + "\n" + rest
	return lib, nil
}

// script is the code of the library followed by another: there, registered holds
// the functions by name.
func (l library) script(then string) string {
	return `local registered = {}
redis.register_function = function(first, callback)
  local f = first
  if type(first) ~= 'table' then f = {function_name = first, callback = callback} end
  if registered[f.function_name] then error('Function already exists in the library') end
  registered[f.function_name] = f
end
local load = function()
` + l.code + `
end
load()
` + then
}

const listRegistered = `local list = {}
for name, f in pairs(registered) do
  list[#list + 1] = {name, f.description or '', f.flags or {}}
end
return list`

// read finds out which functions the library registers.
func (l *library) read(s *session) error {
	reply, err := parseReply([]byte(s.do("EVAL", l.script(listRegistered), "0")))
	if err != nil {
		return fmt.Errorf("ERR Error registering functions: %s", strings.TrimPrefix(err.Error(), "ERR "))
	}
	list, _ := reply.([]any)
	if len(list) == 0 {
		return errors.New("ERR No functions registered")
	}
	for _, item := range list {
		parts, _ := item.([]any)
		f := function{library: library{name: l.name, code: l.code}}
		f.name, _ = parts[0].(string)
		f.description, _ = parts[1].(string)
		flags, _ := parts[2].([]any)
		for _, flag := range flags {
			f.flags = append(f.flags, fmt.Sprint(flag))
		}
		if !libraryName.MatchString(f.name) {
			return errors.New("ERR Function names can only contain letters, numbers, or underscores(_) and must be at least one character long")
		}
		l.functions = append(l.functions, f)
	}
	slices.SortFunc(l.functions, func(a, b function) int { return cmp.Compare(a.name, b.name) })
	return nil
}

// cmdFCall is FCALL and FCALL_RO.
func cmdFCall(c *conn, args []string) {
	name := strings.ToUpper(args[0])
	f, ok := c.cluster.libraries(c.node.shard).find(args[1])
	eval := "EVAL"
	switch {
	case !ok:
		c.fail("ERR Function not found")
		return
	case name == "FCALL_RO":
		if !slices.Contains(f.flags, "no-writes") {
			c.fail("ERR Can not execute a script with write flag using *_ro command.")
			return
		}
		eval = "EVAL_RO"
	}
	if _, err := strconv.Atoi(args[2]); err != nil {
		c.fail("ERR Bad number of keys provided")
		return
	}
	text := f.library.script("return registered['" + f.name + "'].callback(KEYS, ARGV)")
	script := append([]string{eval, text}, args[2:]...)
	cmd := commands[name]
	if slices.Contains(f.flags, "no-writes") {
		cmd.flags &^= write
	}
	c.routed(name, cmd, script, nil)
}

var functionCommands = map[string]func(c *conn, args []string){
	"DELETE": functionDelete,
	"FLUSH":  functionFlush,
	"KILL":   func(c *conn, _ []string) { c.fail("NOTBUSY No scripts in execution right now.") },
	"LIST":   functionList,
	"LOAD":   functionLoad,
	"STATS":  functionStats,
}

func cmdFunction(c *conn, args []string) {
	c.subcommand("FUNCTION", functionCommands, args)
}

// changesFunctions answers with an error, and returns false, on a replica.
func (c *conn) changesFunctions() bool {
	if c.node.IsPrimary() {
		return true
	}
	c.redirect(readOnlyReplica)
	return false
}

func functionLoad(c *conn, args []string) {
	if len(args) == 0 {
		c.fail(wrongNumber("function|load"))
		return
	}
	text, options := args[len(args)-1], args[:len(args)-1]
	for _, option := range options {
		if !strings.EqualFold(option, "REPLACE") {
			c.fail(fmt.Sprintf("ERR Unknown option given: %s", option))
			return
		}
	}
	if !c.changesFunctions() {
		return
	}
	lib, err := parseLibrary(text)
	if err == nil {
		err = lib.read(c.cluster.newSession(c.node.shard))
	}
	if err == nil {
		err = c.cluster.libraries(c.node.shard).add(lib, len(options) > 0)
	}
	if err != nil {
		c.fail(err.Error())
		return
	}
	c.peer.WriteBulk(lib.name)
}

func functionDelete(c *conn, args []string) {
	if !c.expect(args, 1, "function|delete") || !c.changesFunctions() {
		return
	}
	if err := c.cluster.libraries(c.node.shard).remove(args[0]); err != nil {
		c.fail(err.Error())
		return
	}
	c.peer.WriteOK()
}

func functionFlush(c *conn, args []string) {
	if len(args) > 1 || len(args) == 1 && !strings.EqualFold(args[0], "SYNC") && !strings.EqualFold(args[0], "ASYNC") {
		c.fail("ERR FUNCTION FLUSH only supports SYNC|ASYNC option")
		return
	}
	if c.changesFunctions() {
		c.cluster.libraries(c.node.shard).clear()
		c.peer.WriteOK()
	}
}

func functionList(c *conn, args []string) {
	pattern, withCode := "*", false
	for len(args) > 0 {
		switch option := strings.ToUpper(args[0]); {
		case option == "WITHCODE":
			withCode = true
			args = args[1:]
		case option == "LIBRARYNAME" && len(args) > 1:
			pattern = args[1]
			args = args[2:]
		default:
			c.fail(fmt.Sprintf("ERR Unknown argument %s", args[0]))
			return
		}
	}
	list := []any{}
	for _, lib := range c.cluster.libraries(c.node.shard).matching(pattern) {
		functions := []any{}
		for _, f := range lib.functions {
			var description any
			if f.description != "" {
				description = f.description
			}
			functions = append(functions, replyFields{"name", f.name, "description", description, "flags", replySet(f.flags)})
		}
		fields := replyFields{"library_name", lib.name, "engine", "LUA", "functions", functions}
		if withCode {
			fields = append(fields, "library_code", strings.TrimPrefix(lib.code, "--"))
		}
		list = append(list, fields)
	}
	writeReply(c.peer, list, nil)
}

func functionStats(c *conn, _ []string) {
	libs := c.cluster.libraries(c.node.shard).matching("*")
	count := 0
	for _, lib := range libs {
		count += len(lib.functions)
	}
	writeReply(c.peer, replyFields{
		"running_script", nil,
		"engines", replyFields{"LUA", replyFields{"libraries_count", len(libs), "functions_count", count}},
	}, nil)
}
