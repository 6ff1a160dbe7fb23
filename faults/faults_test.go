package main

import (
	"strings"
	"testing"
	"time"

	"github.com/seed-e06f3def/rediscluster/internal/redistest"
	"github.com/stretchr/testify/require"
)

// selection is the part of the matrix that every test run goes through.
var selection = []plan{
	{fault: mustFind("kill"), workload: "append", fullCoverage: true},
	{fault: mustFind("stop"), workload: "get", timeout: 500 * time.Millisecond},
	{fault: mustFind("cut"), workload: "set"},
	{fault: mustFind("replica-cut"), workload: "get", replicas: true},
	{fault: mustFind("failover"), workload: "incr", fullCoverage: true},
	{fault: mustFind("migrate"), workload: "register", fullCoverage: true},
}

func mustFind(name string) fault {
	f, err := findFault(name)
	if err != nil {
		panic(err)
	}
	return f
}

// testSlack is for machines that are busy with other tests.
const testSlack = time.Second

// The tests run one after the other: each counts what its client leaves behind.
func TestFaults(t *testing.T) {
	if testing.Short() {
		t.Skip("hurts real clusters, which takes a while")
	}
	redistest.Require(t)
	for _, p := range selection {
		p.lib, p.slack, p.callers = ours, testSlack, callersPerShard
		t.Run(p.fault.name+" "+p.describe(), func(t *testing.T) {
			r, err := run(t.Context(), p)
			require.NoError(t, err)
			var row strings.Builder
			writeRow(&row, r)
			t.Log(row.String())
			require.Empty(t, r.failures)
			require.Positive(t, r.hurt.calls)
			require.Positive(t, r.healthy.calls)
		})
	}
}
