package cmdinfo

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
)

// errUnknown is what FromReply answers when the server does not know the
// command either.
var errUnknown = errors.New("redis: the server does not know this command")

// flagWords gives the server's words for the flags that matter to a client.
var flagWords = map[string]Flag{
	"readonly":          ReadOnly,
	"write":             Write,
	"blocking":          Blocking,
	"pubsub":            PubSub,
	"noscript":          NoScript,
	"movablekeys":       MovableKeys,
	"no_mandatory_keys": NoMandatoryKeys,
	"no_multi":          NoMulti,
	"admin":             Admin,
	"fast":              Fast,
	"no_auth":           NoAuth,
}

var requestWords = map[string]RequestPolicy{
	"all_nodes":   ReqAllNodes,
	"all_shards":  ReqAllShards,
	"multi_shard": ReqMultiShard,
	"special":     ReqSpecial,
}

var responseWords = map[string]ResponsePolicy{
	"one_succeeded":   RespOneSucceeded,
	"all_succeeded":   RespAllSucceeded,
	"agg_logical_and": RespLogicalAnd,
	"agg_logical_or":  RespLogicalOr,
	"agg_min":         RespMin,
	"agg_max":         RespMax,
	"agg_sum":         RespSum,
	"special":         RespSpecial,
}

// FromReply reads one element of the reply to COMMAND or COMMAND INFO, so that
// a command which is not in the table can be learnt from a server. Lists must
// be []any, numbers int64, text string, and maps either []any in pairs or a Go
// map with keys of type any or string. What servers before Redis 7 do not tell
// is left empty.
func FromReply(element any) (*Command, error) {
	if element == nil {
		return nil, errUnknown
	}
	row, ok := element.([]any)
	if !ok || len(row) < 6 {
		return nil, fmt.Errorf("redis: a COMMAND entry has the unexpected form %T", element)
	}
	name, ok := row[0].(string)
	if !ok {
		return nil, fmt.Errorf("redis: a COMMAND entry has the unexpected name %v", row[0])
	}
	c := &Command{Name: strings.ToLower(name)}
	arity, ok := row[1].(int64)
	if !ok {
		return nil, c.replyError("arity", row[1])
	}
	c.Arity = int(arity)
	for _, word := range texts(row[2]) {
		c.Flags |= flagWords[word]
	}
	for i, field := range []*int8{&c.FirstKey, &c.LastKey, &c.KeyStep} {
		if *field, ok = small(row[3+i]); !ok {
			return nil, c.replyError("key position", row[3+i])
		}
	}
	if len(row) > 7 {
		c.readTips(texts(row[7]))
	}
	if len(row) > 8 && c.Flags&MovableKeys != 0 {
		c.readSpecs(row[8])
	}
	if len(row) > 9 {
		if err := c.readSubs(row[9]); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func (c *Command) replyError(what string, got any) error {
	return fmt.Errorf("redis: COMMAND tells an unexpected %s of %s: %v", what, c.Name, got)
}

func (c *Command) readTips(tips []string) {
	for _, tip := range tips {
		kind, policy, _ := strings.Cut(tip, ":")
		switch kind {
		case "request_policy":
			c.Request = requestWords[policy]
		case "response_policy":
			c.Response = responseWords[policy]
		}
	}
}

// readSpecs keeps the key specifications that tell where keys are. Those that
// the server calls unknown or incomplete are of no use.
func (c *Command) readSpecs(v any) {
	list, _ := v.([]any)
	for _, element := range list {
		fields := pairs(element)
		if slices.Contains(texts(fields["flags"]), "incomplete") {
			continue
		}
		var s keySpec
		if s.readBegin(pairs(fields["begin_search"])) && s.readFind(pairs(fields["find_keys"])) {
			c.specs = append(c.specs, s)
		}
	}
}

func (s *keySpec) readBegin(fields map[string]any) (ok bool) {
	spec := pairs(fields["spec"])
	switch fields["type"] {
	case "index":
		s.at, ok = small(spec["index"])
	case "keyword":
		s.word, _ = spec["keyword"].(string)
		s.at, ok = small(spec["startfrom"])
	}
	return ok
}

func (s *keySpec) readFind(fields map[string]any) bool {
	spec := pairs(fields["spec"])
	var ok [4]bool
	switch fields["type"] {
	case "range":
		s.find = findRange
		s.last, ok[0] = small(spec["lastkey"])
		s.limit, ok[1] = small(spec["limit"])
	case "keynum":
		s.find = findCounted
		s.number, ok[0] = small(spec["keynumidx"])
		s.first, ok[1] = small(spec["firstkey"])
	}
	s.step, ok[2] = small(spec["keystep"])
	ok[3] = s.step > 0
	return ok == [4]bool{true, true, true, true}
}

func (c *Command) readSubs(v any) error {
	list, _ := v.([]any)
	subs := make(map[string]*Command, len(list))
	for _, element := range list {
		sub, err := FromReply(element)
		if err != nil {
			return err
		}
		subs[strings.TrimPrefix(sub.Name, c.Name+"|")] = sub
	}
	if len(subs) > 0 {
		c.subs = newIndex(subs)
	}
	return nil
}

func texts(v any) []string {
	list, _ := v.([]any)
	out := make([]string, 0, len(list))
	for _, element := range list {
		if s, ok := element.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

func small(v any) (int8, bool) {
	n, ok := v.(int64)
	return int8(n), ok && math.MinInt8 <= n && n <= math.MaxInt8
}

// pairs returns a reply's map, which RESP2 sends as a list of keys and values.
func pairs(v any) map[string]any {
	out := map[string]any{}
	switch v := v.(type) {
	case map[string]any:
		return v
	case map[any]any:
		for key, value := range v {
			if s, ok := key.(string); ok {
				out[s] = value
			}
		}
	case []any:
		for i := 0; i+1 < len(v); i += 2 {
			if s, ok := v[i].(string); ok {
				out[s] = v[i+1]
			}
		}
	}
	return out
}
