// Package cmdinfo says what a cluster client must know about a command before
// sending it: where its keys are, whether it only reads, whether it may block,
// and which nodes it concerns.
//
// The facts are compiled in. table_gen.go holds what redis-server 7.0.15
// answers to COMMAND; additions.go and modules.go add newer commands, other
// servers' commands and corrections. Nothing here asks a server or takes a
// lock.
package cmdinfo

//go:generate go test -run ^TestTableMatchesServer$ -count=1 . -update

import (
	"strings"
)

// Command is what is known about one command or sub-command. The values that
// Lookup returns are shared and must not be changed.
//
// All methods accept a nil receiver, the command nobody knows: it has no keys
// and none of the properties.
type Command struct {
	// Name is in lower case; a sub-command is named "config|get".
	Name string

	// Arity counts the arguments, the name and the sub-command's name
	// included. A negative arity is a minimum; zero means that it is not
	// known.
	Arity int

	// FirstKey and LastKey are positions among all arguments, the command's
	// name being 0 and a sub-command's name 1. A negative LastKey counts from
	// the end, -1 being the last argument. FirstKey is 0 when there are no
	// keys at fixed positions; Keys and FirstKeyPos know the others too. For
	// the commands of sharded pub/sub the keys are the channels.
	FirstKey, LastKey, KeyStep int8

	Flags    Flag
	Request  RequestPolicy
	Response ResponsePolicy

	specs []keySpec // when the three fields above are not enough
	subs  *index    // of a container, by the sub-command's own name
}

// Flag is a set of properties of a command.
type Flag uint32

// The properties of a command. Those up to NoAuth are the server's own; the
// last two are this package's, as servers do not tell them.
const (
	// ReadOnly commands change no key: they may be sent again, and to a
	// replica.
	ReadOnly Flag = 1 << iota
	// Write commands may change keys.
	Write
	// Blocking commands may keep their connection waiting; see Blocks.
	Blocking
	// PubSub commands belong to publish and subscribe.
	PubSub
	// NoScript commands are refused inside scripts.
	NoScript
	// MovableKeys commands have keys whose positions depend on the arguments.
	MovableKeys
	// NoMandatoryKeys commands may come without keys, as EVAL does.
	NoMandatoryKeys
	// NoMulti commands are refused inside MULTI.
	NoMulti
	// Admin commands are for those who run the servers.
	Admin
	// Fast commands take constant or logarithmic time.
	Fast
	// NoAuth commands are allowed before authentication.
	NoAuth
	// Inquiry commands ask the server about itself or the connection and
	// change nothing. They may be sent again, but another node's answer is
	// not the same answer.
	Inquiry
	// Session commands change the state of their connection, or depend on
	// what was sent on it before. They must not be sent on a connection that
	// others use.
	Session
)

var flagNames = [...]string{
	"ReadOnly", "Write", "Blocking", "PubSub", "NoScript", "MovableKeys", "NoMandatoryKeys",
	"NoMulti", "Admin", "Fast", "NoAuth", "Inquiry", "Session",
}

// String lists the names of the set's flags, separated by " | ".
func (f Flag) String() string {
	if f == 0 {
		return "0"
	}
	var names []string
	for i, name := range flagNames {
		if f&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, " | ")
}

// RequestPolicy says to which nodes of a cluster a command goes.
type RequestPolicy uint8

// The request policies, as the command tips of the servers define them.
const (
	ReqDefault    RequestPolicy = iota // one shard: that of the keys, or any
	ReqAllNodes                        // every primary and every replica
	ReqAllShards                       // every primary
	ReqMultiShard                      // split by slot, one command for each slot
	ReqSpecial                         // in a way of its own, as SCAN
)

var requestNames = [...]string{"ReqDefault", "ReqAllNodes", "ReqAllShards", "ReqMultiShard", "ReqSpecial"}

// String is the name of the constant.
func (p RequestPolicy) String() string { return requestNames[p] }

// ResponsePolicy says how the replies of several nodes become one.
type ResponsePolicy uint8

// The response policies, as the command tips of the servers define them.
const (
	RespDefault      ResponsePolicy = iota // without keys: join the lists; with keys: in the order of the keys
	RespOneSucceeded                       // the first reply that is not an error
	RespAllSucceeded                       // an error if any node sent one
	RespLogicalAnd                         // the logical AND of the integers
	RespLogicalOr                          // the logical OR of the integers
	RespMin                                // the smallest number
	RespMax                                // the largest number
	RespSum                                // the sum of the numbers
	RespSpecial                            // in a way of its own, as INFO
)

var responseNames = [...]string{
	"RespDefault", "RespOneSucceeded", "RespAllSucceeded", "RespLogicalAnd", "RespLogicalOr",
	"RespMin", "RespMax", "RespSum", "RespSpecial",
}

// String is the name of the constant.
func (p ResponsePolicy) String() string { return responseNames[p] }

// IsReadOnly reports whether the command changes no key, so that it may be
// sent twice and to a replica.
func (c *Command) IsReadOnly() bool { return c.has(ReadOnly) }

// IsRepeatable reports whether sending the command twice does no harm: it is
// read-only or merely asks the server something.
func (c *Command) IsRepeatable() bool { return c.has(ReadOnly | Inquiry) }

// IsSession reports whether the command with n arguments, its name included, needs a
// connection that nobody else uses, because it changes or depends on the connection's
// state. HELLO alone only asks.
func (c *Command) IsSession(n int) bool {
	return c.has(Session) && (n > 1 || c.Name != "hello")
}

// ChangesConn reports whether the command leaves its connection in another state:
// of the session commands all but those that only wait for what was sent before.
func (c *Command) ChangesConn(n int) bool {
	return c.IsSession(n) && c.Name != "wait" && c.Name != "waitaof"
}

// IsContainer reports whether the command's second argument names a
// sub-command.
func (c *Command) IsContainer() bool { return c != nil && c.subs != nil }

func (c *Command) has(any Flag) bool { return c != nil && c.Flags&any != 0 }
