package clustertest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// nodeConfig is what CONFIG GET and SET show. Nothing acts on it.
type nodeConfig struct {
	mu     sync.Mutex
	values map[string]string
}

func (n *nodeConfig) init(opts Options) {
	coverage := "no"
	if opts.RequireFullCoverage {
		coverage = "yes"
	}
	n.values = map[string]string{
		"appendonly":                    "no",
		"cluster-enabled":               "yes",
		"cluster-node-timeout":          "15000",
		"cluster-require-full-coverage": coverage,
		"databases":                     "1",
		"maxmemory":                     "0",
		"maxmemory-policy":              "noeviction",
		"notify-keyspace-events":        "",
		"save":                          "",
		"timeout":                       "0",
	}
}

// set changes all values or, if there is no such parameter, none.
func (n *nodeConfig) set(pairs []string) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	for pair := range slices.Chunk(pairs, 2) {
		if _, ok := n.values[strings.ToLower(pair[0])]; !ok {
			return fmt.Errorf("ERR Unknown option or number of arguments for CONFIG SET - '%s'", pair[0])
		}
	}
	for pair := range slices.Chunk(pairs, 2) {
		n.values[strings.ToLower(pair[0])] = pair[1]
	}
	return nil
}

// matching returns names and values in turn.
func (n *nodeConfig) matching(patterns []string) []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	var found []string
	for _, name := range slices.Sorted(maps.Keys(n.values)) {
		if slices.ContainsFunc(patterns, func(p string) bool { return globMatch(strings.ToLower(p), name) }) {
			found = append(found, name, n.values[name])
		}
	}
	return found
}

var configCommands = map[string]func(c *conn, args []string){
	"GET":     configGet,
	"REWRITE": func(c *conn, _ []string) { c.peer.WriteOK() },
	"RESETSTAT": func(c *conn, _ []string) {
		c.node.stats.reset()
		c.peer.WriteOK()
	},
	"SET": configSet,
}

func cmdConfig(c *conn, args []string) {
	c.subcommand("CONFIG", configCommands, args)
}

func configGet(c *conn, args []string) {
	if len(args) == 0 {
		c.fail("ERR wrong number of arguments for 'config|get' command")
		return
	}
	found := c.node.config.matching(args)
	c.peer.WriteMapLen(len(found) / 2)
	for _, word := range found {
		c.peer.WriteBulk(word)
	}
}

func configSet(c *conn, args []string) {
	if len(args) == 0 || len(args)%2 != 0 {
		c.fail("ERR wrong number of arguments for 'config|set' command")
		return
	}
	if err := c.node.config.set(args); err != nil {
		c.fail(err.Error())
		return
	}
	c.peer.WriteOK()
}
