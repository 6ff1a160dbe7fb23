package redis

import (
	"errors"

	"github.com/seed-e06f3def/rediscluster/internal/resp"
)

// Error is an error that the server sent in reply to a command, as opposed to
// one that kept the reply from coming. Use [errors.As] to tell them apart, or
// the functions IsMovedError and the like for a certain one.
type Error interface {
	error
	// RedisError does nothing; it marks the replies of a server.
	RedisError()
}

var _ Error = resp.Error("")

// Nil is the error for a null reply: the key, field or member does not exist.
// Compare with errors.Is, or ==.
const Nil = resp.Nil

// ErrCrossSlot is returned, before anything is sent, for keys of different
// slots in a command or transaction that cannot be split.
var ErrCrossSlot error = resp.Error("CROSSSLOT Keys in request don't hash to the same slot")

var errNilContext = errors.New("redis: the context is nil")
