package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
)

// driver is a client library under test. Many callers share one driver.
type driver interface {
	// Get returns errNil for a key that is not there.
	Get(ctx context.Context, key string) (string, error)
	Set(ctx context.Context, key, value string) error
	Incr(ctx context.Context, key string) (int64, error)
	Append(ctx context.Context, key, value string) (int64, error)
	Close() error
}

var errNil = errors.New("nil reply")

// settings is what a driver is opened with. Everything else is the library's
// default.
type settings struct {
	addrs    []string
	dial     func(ctx context.Context, network, addr string) (net.Conn, error)
	replicas bool // send reads to replicas
}

// library is a client library.
type library struct {
	name string
	// code is how the names of its functions begin in a stack trace.
	code []string
	open func(settings) (driver, error)
	// fate says what an error tells of the command that met it.
	fate func(error) fate
}

// fate is what became of a command.
type fate uint8

const (
	answered fate = iota
	refused       // it certainly did not run
	inDoubt       // the caller is told that it may have run
	unknown       // it may have run, but nothing in the error says so
)

var libraries = []library{ours, goRedis, rueidisLib}

func findLibrary(name string) (library, error) {
	i := slices.IndexFunc(libraries, func(l library) bool { return l.name == name })
	if i < 0 {
		return library{}, fmt.Errorf("no driver %q", name)
	}
	return libraries[i], nil
}

// replyErrors begin the error replies of a server: the command did not run.
var replyErrors = []string{
	"MOVED ", "ASK ", "TRYAGAIN", "CLUSTERDOWN", "LOADING", "MASTERDOWN",
	"READONLY", "ERR ", "NOREPLICAS", "WRONGTYPE", "NOAUTH",
}

func isReplyError(text string) bool {
	return slices.ContainsFunc(replyErrors, func(prefix string) bool { return strings.HasPrefix(text, prefix) })
}
