// Package redistest starts, stops and hurts real Redis servers for the tests of
// this module.
//
// Start gives a test a cluster of its own, StartServer a single server; both are
// gone when the test ends, and on Linux even when the test process is killed.
// Run and RunServer do the same outside of tests.
//
// The servers listen on the loopback address only and keep nothing on disk.
// REDIS_SERVER in the environment names the program to run, in place of the
// redis-server on the PATH; Valkey's will do.
package redistest

import (
	"context"
	"testing"
)

// Require fails the test if there is no server to run. It does not skip it:
// tests that silently do not run are taken for tests that pass.
func Require(tb testing.TB) {
	tb.Helper()
	if _, err := serverPath(); err != nil {
		tb.Fatal(err)
	}
}

// Start is Run for the length of a test.
func Start(tb testing.TB, o Options) *Cluster {
	tb.Helper()
	return begin(tb, o, Run)
}

// StartServer is RunServer for the length of a test.
func StartServer(tb testing.TB, o Options) *Node {
	tb.Helper()
	return begin(tb, o, RunServer)
}

func begin[T any](tb testing.TB, o Options, run func(context.Context, Options) (T, func(), error)) T {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	started, stop, err := run(ctx, o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(stop)
	return started
}
