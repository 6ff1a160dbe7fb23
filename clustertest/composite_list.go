package clustertest

import (
	"strconv"
	"strings"
)

// listMultiPop is BLMPOP where nothing may wait: in a transaction or a script.
func listMultiPop(s *step, args []string) (any, error) {
	if text := timeoutError(args[1]); text != "" {
		return nil, replyText(text)
	}
	reply, err := s.do(append([]string{"LMPOP"}, args[2:]...)...)
	if reply == nil && err == nil {
		return nullArray{}, nil
	}
	return reply, err
}

// replyText is an error reply.
type replyText string

func (t replyText) Error() string { return string(t) }

func timeoutError(arg string) string {
	timeout, err := strconv.ParseFloat(arg, 64)
	switch {
	case err != nil:
		return "ERR timeout is not a float or out of range"
	case timeout < 0:
		return "ERR timeout is negative"
	}
	return ""
}

// popBlocking is BLMPOP, and returns its encoded reply. If nothing is there it
// waits as BLPOP or BRPOP do and then fetches the rest: another client may come
// between.
func (c *conn) popBlocking(args []string) []byte {
	_ = c.w.Flush()
	start := c.replies.Len()
	reply, err := c.cluster.atomically(c.node.shard, func(s *step) (any, error) { return listMultiPop(s, args) })
	if _, empty := reply.(nullArray); empty && err == nil {
		reply, err = c.awaitPop(args)
	}
	if reply != nil || err != nil { // otherwise interrupted
		writeReply(c.peer, reply, err)
	}
	_ = c.w.Flush()
	return c.replies.Bytes()[start:]
}

func (c *conn) awaitPop(args []string) (any, error) {
	keys := countedKeys(args, 2)
	options := args[3+len(keys):]
	pop := "LPOP"
	if strings.EqualFold(options[0], "RIGHT") {
		pop = "RPOP"
	}
	encoded := c.silently(append(append([]string{"B" + pop}, keys...), args[1])...)
	switch {
	case len(encoded) == 0:
		return nil, nil
	case encoded[0] == '_': // the null of RESP3
		return nullArray{}, nil
	}
	reply, err := parseReply(encoded)
	popped, _ := reply.([]any)
	if err != nil || len(popped) != 2 {
		return nullArray{}, err
	}
	key, _ := popped[0].(string)
	elements := []any{popped[1]}
	if len(options) == 3 {
		count, err := integer(options[2])
		if err != nil || count == 1 {
			return []any{key, elements}, err
		}
		rest, err := c.cluster.atomically(c.node.shard, func(s *step) (any, error) {
			return s.do(pop, key, strconv.Itoa(count-1))
		})
		if err != nil {
			return nil, err
		}
		more, _ := rest.([]any)
		elements = append(elements, more...)
	}
	return []any{key, elements}, nil
}
