package clustertest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/alicebob/miniredis/v2/server"
)

// composites are the commands that miniredis lacks, or answers differently from
// a server. Each is made of commands that miniredis has, which run in one atomic
// step. They work in transactions and in scripts too.
var composites = map[string]func(s *step, args []string) (any, error){
	// keys of any type
	"SORT":    sortKey,
	"SORT_RO": sortKey,

	// strings
	"BITCOUNT":    bitCount,
	"BITFIELD":    bitfield,
	"BITFIELD_RO": bitfield,
	"BITPOS":      bitPosition,
	"LCS":         lcs,
	"SUBSTR":      subString,

	// lists
	"BLMPOP": listMultiPop,

	// hashes
	"HEXPIRE":      hashExpire,
	"HEXPIREAT":    hashExpire,
	"HEXPIRETIME":  hashExpireTime,
	"HGETDEL":      hashGetDel,
	"HGETEX":       hashGetEx,
	"HPEXPIRE":     hashExpire,
	"HPEXPIREAT":   hashExpire,
	"HPEXPIRETIME": hashExpireTime,

	// sets
	"SDIFFSTORE":  storeOrDelete,
	"SINTERSTORE": storeOrDelete,
	"SUNIONSTORE": storeOrDelete,

	// sorted sets and places
	"GEOADD":         geoAdd,
	"GEOHASH":        geoHash,
	"GEOSEARCHSTORE": geoSearchStore,
	"ZADD":           zsetAdd,
	"ZDIFF":          zsetDiff,
	"ZDIFFSTORE":     zsetDiffStore,
	"ZINCRBY":        zsetIncrement,
	"ZINTERCARD":     zsetInterCard,
	"ZRANGESTORE":    zsetRangeStore,
	"ZINTERSTORE":    storeOrDelete,
	"ZUNIONSTORE":    storeOrDelete,

	"ZINTER":           withScores,
	"ZPOPMAX":          withScores,
	"ZPOPMIN":          withScores,
	"ZRANDMEMBER":      withScores,
	"ZRANGE":           withScores,
	"ZRANGEBYSCORE":    withScores,
	"ZREVRANGE":        withScores,
	"ZREVRANGEBYSCORE": withScores,
	"ZSCAN":            firstReply, // scores are text in RESP3 too
	"ZUNION":           withScores,

	// streams
	"XACK":       streamAck,
	"XAUTOCLAIM": streamAutoClaim,
	"XINFO":      streamInfo,
	"XLEN":       firstReply, // of a key of another type miniredis answers twice
	"XPENDING":   streamPending,
	"XREAD":      streamRead,
	"XREADGROUP": streamReadGroup,
}

// What a composite may return as its reply, besides nil, string (a bulk string),
// int, float64, []string and []any.
type (
	nullArray struct{}

	// replyFields is a map in RESP3: names and values in turn.
	replyFields []any

	// replySet is a set of words in RESP3.
	replySet []string

	// replyStreams is the reply of XREAD: a map in RESP3, pairs in RESP2.
	replyStreams []any

	// scored are members with their scores: pairs in RESP3, flat in RESP2.
	scored []scoredMember

	scoredMember struct {
		member string
		score  float64
	}
)

var (
	errSyntax     = errors.New("ERR syntax error")
	errNotInteger = errors.New("ERR value is not an integer or out of range")
	errWrongType  = errors.New("WRONGTYPE Operation against a key holding the wrong kind of value")
)

// ownPeer is the name of the peers that this package makes. Those without it
// belong to scripts: the composites have to be put under their calls.
const ownPeer = "clustertest"

// step runs commands of miniredis while nothing else runs there.
type step struct {
	backend *server.Server
	replies bytes.Buffer
	w       *bufio.Writer
	peer    *server.Peer
}

// newStep makes a step whose commands do not lock: ctx is the state that
// miniredis gives to the calls of a script, and its lock must be held.
func newStep(backend *server.Server, ctx any) *step {
	s := &step{backend: backend}
	s.w = bufio.NewWriter(&s.replies)
	s.peer = server.NewPeer(s.w)
	s.peer.ClientName = ownPeer
	s.peer.Ctx = ctx
	return s
}

// firstReply runs a command of miniredis whose reply is right in RESP2.
func firstReply(s *step, args []string) (any, error) { return s.do(args...) }

// do runs a command. The error is an error reply, also if miniredis panics, as it
// does with some senseless arguments.
func (s *step) do(args ...string) (reply any, err error) {
	defer func() {
		if problem := recover(); problem != nil {
			err = fmt.Errorf("ERR %s panics with these arguments: %v", strings.ToUpper(args[0]), problem)
		}
	}()
	s.replies.Reset()
	s.backend.Dispatch(s.peer, args)
	_ = s.w.Flush()
	return parseReply(s.replies.Bytes())
}

// parseReply reads a reply in RESP2. The error is an error reply.
func parseReply(encoded []byte) (any, error) {
	return server.ParseReply(bufio.NewReader(bytes.NewReader(encoded)))
}

// text returns a reply that is a bulk string, and false if it is null.
func (s *step) text(args ...string) (string, bool, error) {
	reply, err := s.do(args...)
	text, ok := reply.(string)
	return text, ok, err
}

// list returns a reply that is an array of bulk strings.
func (s *step) list(args ...string) ([]string, error) {
	reply, err := s.do(args...)
	items, _ := reply.([]any)
	texts := make([]string, len(items))
	for i, item := range items {
		texts[i], _ = item.(string)
	}
	return texts, err
}

// typeOf returns the type of a key as TYPE does, "none" if there is no such key.
func (s *step) typeOf(key string) (string, error) {
	reply, err := s.do("TYPE", key)
	kind, _ := reply.(server.Simple)
	return string(kind), err
}

// enableComposites makes scripts see the composites, and takes from a script the
// state that makes commands run under a lock that is held already.
func (c *Cluster) enableComposites() {
	c.backend.SetPreHook(func(p *server.Peer, _ string, _ ...string) bool {
		if p.ClientName != ownPeer {
			c.locked = p.Ctx
		}
		return false
	})
	c.newSession(0).do("EVAL", "return redis.call('PING')", "0")
	c.backend.SetPreHook(func(p *server.Peer, name string, args ...string) bool {
		run, check := composites[name], checks[name]
		if run == nil && check == nil || p.ClientName == ownPeer {
			return false
		}
		args = append([]string{name}, args...)
		if !commands[name].allows(len(args)) {
			p.WriteError(wrongNumber(name))
			return true
		}
		if err := refusedBy(check, args); err != nil {
			p.WriteError(err.Error())
			return true
		}
		if run == nil {
			return false
		}
		reply, err := run(newStep(c.backend, p.Ctx), args)
		writeReply(p, reply, err)
		return true
	})
}

func refusedBy(check func(args []string) error, args []string) error {
	if check == nil {
		return nil
	}
	return check(args)
}

// compose runs a composite for a client.
func (c *conn) compose(run func(s *step, args []string) (any, error), args []string) {
	reply, err := c.cluster.atomically(c.node.shard, func(s *step) (any, error) { return run(s, args) })
	writeReply(c.peer, reply, err)
}

// atomically runs commands on the data of a shard, in one step.
func (c *Cluster) atomically(shard int, run func(s *step) (any, error)) (any, error) {
	c.data.Lock()
	defer c.data.Unlock()
	s := newStep(c.backend, c.locked)
	if _, err := s.do("SELECT", strconv.Itoa(shard)); err != nil {
		return nil, err
	}
	return run(s)
}

// queued is the form in which a composite waits in a transaction of miniredis.
func queued(args []string) []string {
	return append([]string{"EVAL", "return redis.pcall(unpack(ARGV))", "0"}, args...)
}

func writeReply(p *server.Peer, reply any, err error) {
	if err != nil {
		p.WriteError(err.Error())
		return
	}
	switch reply := reply.(type) {
	case nil:
		p.WriteNull()
	case server.Simple:
		p.WriteInline(string(reply))
	case string:
		p.WriteBulk(reply)
	case int:
		p.WriteInt(reply)
	case float64:
		p.WriteFloat(reply)
	case []string:
		p.WriteStrings(reply)
	case nullArray:
		if p.Resp3 {
			p.WriteNull()
		} else {
			p.WriteLen(-1)
		}
	case []any:
		p.WriteLen(len(reply))
		writeItems(p, reply)
	case replyFields:
		p.WriteMapLen(len(reply) / 2)
		writeItems(p, reply)
	case replySet:
		reply.write(p)
	case replyStreams:
		writeStreams(p, reply)
	case scored:
		writeScored(p, reply)
	default:
		p.WriteError(fmt.Sprintf("ERR clustertest cannot encode a %T", reply))
	}
}

func writeItems(p *server.Peer, items []any) {
	for _, item := range items {
		writeReply(p, item, nil)
	}
}

func (r replySet) write(p *server.Peer) {
	p.WriteSetLen(len(r))
	for _, word := range r {
		p.WriteInline(word)
	}
}

func writeStreams(p *server.Peer, streams replyStreams) {
	if !p.Resp3 {
		writeReply(p, []any(streams), nil)
		return
	}
	var fields replyFields
	for _, stream := range streams {
		pair, _ := stream.([]any)
		fields = append(fields, pair...)
	}
	writeReply(p, fields, nil)
}

func writeScored(p *server.Peer, members scored) {
	if p.Resp3 {
		p.WriteLen(len(members))
	} else {
		p.WriteLen(2 * len(members))
	}
	for _, m := range members {
		if p.Resp3 {
			p.WriteLen(2)
		}
		p.WriteBulk(m.member)
		p.WriteFloat(m.score)
	}
}

func wrongNumber(name string) string {
	return fmt.Sprintf("ERR wrong number of arguments for '%s' command", strings.ToLower(name))
}

// integer parses an argument.
func integer(arg string) (int, error) {
	n, err := strconv.Atoi(arg)
	if err != nil {
		return 0, errNotInteger
	}
	return n, nil
}
