package redis

import (
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
