package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"slices"
	"strings"
)

// driver is what the workloads ask of a library. Many callers share one
// driver. Each method does what a user of the library would write, up to plain
// Go strings in hand.
type driver interface {
	Get(ctx context.Context, key string) (string, error)
	Set(ctx context.Context, key, value string) error

	// Pipeline sends a GET for every key in one explicit pipeline and puts
	// the values into out, which is as long as keys.
	Pipeline(ctx context.Context, keys, out []string) error

	// MGet reads keys of any slots the way the library offers it, and puts
	// the values into out, which is as long as keys.
	MGet(ctx context.Context, keys, out []string) error

	HGetAll(ctx context.Context, key string) (map[string]string, error)
	Close() error
}

// endpoint is where a cluster is. tls is nil for plain connections.
type endpoint struct {
	addrs []string
	tls   *tls.Config
}

// library is a client library in one configuration.
type library struct {
	name   string
	module string
	setup  string
	ours   bool
	open   func(endpoint) (driver, error)
}

const ourModule = "github.com/seed-e06f3def/rediscluster"

// libraries is everything that is compared, in the order of the report.
var libraries = []library{
	{
		name: "rediscluster", module: ourModule, ours: true,
		setup: "default options", open: openOurs,
	},
	{
		name: "go-redis", module: "github.com/redis/go-redis/v9",
		setup: "default options", open: openGoRedis,
	},
	{
		name: "go-redis-auto", module: "github.com/redis/go-redis/v9",
		setup: "default options, commands through AutoPipeline()", open: openGoRedisAuto,
	},
	{
		name: "rueidis", module: "github.com/redis/rueidis",
		setup: "default options", open: openRueidis,
	},
	{
		name: "rueidis-delay", module: "github.com/redis/rueidis",
		setup: "MaxFlushDelay: 50µs, PipelineMultiplex: -1", open: openRueidisDelay,
	},
}

// chooseLibraries picks libraries by their names, separated by commas. An
// empty list means all of them.
func chooseLibraries(names string) ([]library, error) {
	if names == "" {
		return libraries, nil
	}
	var chosen []library
	for name := range strings.SplitSeq(names, ",") {
		i := slices.IndexFunc(libraries, func(l library) bool { return l.name == name })
		if i < 0 {
			return nil, fmt.Errorf("no library %q; there are %s", name, libraryNames(libraries))
		}
		chosen = append(chosen, libraries[i])
	}
	return chosen, nil
}

func libraryNames(libs []library) string {
	names := make([]string, len(libs))
	for i, l := range libs {
		names[i] = l.name
	}
	return strings.Join(names, ", ")
}
