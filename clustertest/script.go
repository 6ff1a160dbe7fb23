package clustertest

import (
	"crypto/sha1"
	"encoding/hex"
	"strings"
	"sync"
)

// scriptCache is the set of scripts that one node has seen. miniredis keeps
// their texts for the whole cluster; a real node knows only those that were sent
// to it.
type scriptCache struct {
	mu  sync.Mutex
	sha map[string]struct{}
}

func (s *scriptCache) add(sha string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sha == nil {
		s.sha = map[string]struct{}{}
	}
	s.sha[sha] = struct{}{}
}

func (s *scriptCache) has(sha string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.sha[strings.ToLower(sha)]
	return ok
}

func (s *scriptCache) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sha = nil
}

func scriptSHA(text string) string {
	sum := sha1.Sum([]byte(text))
	return hex.EncodeToString(sum[:])
}

func cmdEval(c *conn, args []string) {
	name := strings.ToUpper(args[0])
	c.routed(name, commands[name], args, func() {
		// Loaded first: a script is known even if it fails.
		if sha := scriptSHA(args[1]); !c.node.scripts.has(sha) {
			if loaded := c.silently("SCRIPT", "LOAD", args[1]); loaded[0] != '-' {
				c.node.scripts.add(sha)
			}
		}
		c.dispatch(args)
	})
}

func cmdEvalSHA(c *conn, args []string) {
	name := strings.ToUpper(args[0])
	args[1] = strings.ToLower(args[1])
	c.routed(name, commands[name], args, func() {
		if !c.node.scripts.has(args[1]) {
			c.fail("NOSCRIPT No matching script. Please use EVAL.")
			return
		}
		c.dispatch(args)
	})
}

var scriptCommands = map[string]func(c *conn, args []string){
	"EXISTS": scriptExists,
	"FLUSH":  scriptFlush,
	"KILL": func(c *conn, _ []string) {
		c.fail("NOTBUSY No scripts in execution right now.")
	},
	"LOAD": scriptLoad,
}

func cmdScript(c *conn, args []string) {
	c.subcommand("SCRIPT", scriptCommands, args)
}

func scriptLoad(c *conn, args []string) {
	if !c.expect(args, 1, "script|load") {
		return
	}
	if reply := c.dispatch([]string{"SCRIPT", "LOAD", args[0]}); reply[0] != '-' {
		c.node.scripts.add(scriptSHA(args[0]))
	}
}

func scriptExists(c *conn, args []string) {
	if len(args) == 0 {
		c.fail("ERR wrong number of arguments for 'script|exists' command")
		return
	}
	c.peer.WriteLen(len(args))
	for _, sha := range args {
		found := 0
		if c.node.scripts.has(sha) {
			found = 1
		}
		c.peer.WriteInt(found)
	}
}

func scriptFlush(c *conn, args []string) {
	if len(args) > 1 || len(args) == 1 && !strings.EqualFold(args[0], "SYNC") && !strings.EqualFold(args[0], "ASYNC") {
		c.fail("ERR SCRIPT FLUSH only support SYNC|ASYNC option")
		return
	}
	c.node.scripts.clear()
	c.peer.WriteOK()
}
