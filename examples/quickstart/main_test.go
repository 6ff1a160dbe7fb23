package main

import (
	"bytes"
	"context"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	redis "github.com/seed-e06f3def/rediscluster"
	"github.com/seed-e06f3def/rediscluster/internal/redistest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The whole program, in a sixth of the time, as a terminal would see it.
func TestRunOnEmbeddedCluster(t *testing.T) {
	t.Setenv("REDIS_ADDRS", "")
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), 2*time.Second, newScreen(&out, true)))

	frames := strings.Split(out.String(), clearToEnd)
	require.Contains(t, frames[0], hideCursor)
	require.True(t, strings.HasSuffix(out.String(), showCursor))
	for _, event := range []string{"dies", "is elected primary", "takes writes again", "is back, as a replica"} {
		require.Contains(t, out.String(), event)
	}
	require.Contains(t, out.String(), "×", "nobody saw the node that was down")
	require.Equal(t, 2, strings.Count(lastFrame(out.String()), "errors 0   wrong 0"))
}

// lastFrame is what stays on the terminal.
func lastFrame(out string) string {
	return out[strings.LastIndex(out, "rediscluster quickstart"):]
}

// The same on servers, which the environment names, as a file would see it.
func TestRunOnServers(t *testing.T) {
	cluster := redistest.Start(t, redistest.Options{Replicas: 1, TLS: true, Password: "secret"})
	ca := filepath.Join(t.TempDir(), "ca.pem")
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cluster.CA().Raw})
	require.NoError(t, os.WriteFile(ca, certificate, 0o600))
	t.Setenv("REDIS_ADDRS", cluster.Addrs()[0]+", "+cluster.Addrs()[1])
	t.Setenv("REDIS_USERNAME", "default")
	t.Setenv("REDIS_PASSWORD", "secret")
	t.Setenv("REDIS_TLS", "1")
	t.Setenv("REDIS_CA", ca)

	var out bytes.Buffer
	require.NoError(t, run(t.Context(), 2*time.Second, newScreen(&out, false)))

	require.NotContains(t, out.String(), "\x1b")
	require.Contains(t, out.String(), "nothing is made to fail")
	require.Equal(t, 2, strings.Count(out.String(), "errors 0   wrong 0"))
	_, table, _ := strings.Cut(out.String(), "over time")
	for _, addr := range cluster.Addrs() {
		require.Contains(t, table, addr)
	}
	require.Equal(t, 3, strings.Count(table, string(primary)))
	require.Equal(t, 3, strings.Count(table, string(replica)))
	require.NotContains(t, table, string(down))
}

func TestOpenGivenRefuses(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty")
	require.NoError(t, os.WriteFile(empty, nil, 0o600))
	for _, tt := range []struct{ name, tls, ca, want string }{
		{"authority without TLS", "0", empty, "REDIS_TLS is not 1"},
		{"authority missing", "1", empty + "s", "no such file"},
		{"authority empty", "1", empty, "no certificate"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("REDIS_ADDRS", "localhost:6379")
			t.Setenv("REDIS_TLS", tt.tls)
			t.Setenv("REDIS_CA", tt.ca)
			require.ErrorContains(t, run(t.Context(), time.Second, newScreen(new(bytes.Buffer), false)), tt.want)
		})
	}
}

func TestVerdict(t *testing.T) {
	site, err := openEmbedded()
	require.NoError(t, err)
	defer site.close()
	rdb := redis.NewClusterClient(options(site.access()))
	defer func() { require.NoError(t, rdb.Close()) }()
	ctx := t.Context()

	work := newLoad(rdb)
	require.ErrorContains(t, work.verdict(), "nothing was read")
	require.NoError(t, work.prepare(ctx))
	for _, do := range []func(context.Context, time.Time) time.Time{work.readOne, work.readMany, work.writer()} {
		do(ctx, time.Now())
	}
	require.NoError(t, work.verdict())
	require.EqualValues(t, 1+pipelineLen+1, work.reads.done.Load())
	require.EqualValues(t, 1, work.writes.done.Load())

	for i := range keyCount {
		require.NoError(t, rdb.Set(ctx, readKey(i), "another value", 0).Err())
	}
	done := work.reads.done.Load()
	work.readOne(ctx, time.Now())
	work.readMany(ctx, time.Now())
	require.ErrorContains(t, work.verdict(), "another value")
	require.EqualValues(t, 2, work.reads.wrong.Load())
	require.Equal(t, done, work.reads.done.Load())

	work = newLoad(rdb)
	require.NoError(t, work.prepare(ctx))
	work.cleanUp()
	work.readOne(ctx, time.Now())
	require.ErrorIs(t, work.verdict(), redis.Nil)
	require.EqualValues(t, 1, work.reads.failed.Load())

	// An interrupted program is no failure.
	work = newLoad(rdb)
	require.NoError(t, work.prepare(ctx))
	work.readOne(ctx, time.Now())
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	work.readOne(cancelled, time.Now())
	require.NoError(t, work.verdict())
}

func TestShort(t *testing.T) {
	t.Parallel()
	for addr, want := range map[string]string{
		"127.0.0.1:6379": "127.0.0.1:6379",
		"demo-0001-001.demo.abcdef.euw1.cache.amazonaws.com:6379":        "demo-0001-001:6379",
		"a-very-long-name-0001-001.demo.abc.euw1.cache.example.com:6379": "a-very-long-nam…:6379",
		"[2001:db8:85a3:8d3:1319:8a2e:370:7348]:6379":                    "2001:db8:85a3:8…:6379",
		strings.Repeat("x", nodeWidth+1):                                 strings.Repeat("x", nodeWidth-1) + "…",
	} {
		require.Equal(t, want, short(addr))
	}
}

func TestGraph(t *testing.T) {
	t.Parallel()
	s := newScreen(new(bytes.Buffer), false)
	history := []point{{100, primary}, {50, primary}, {0, down}, {0, replica}, {100, replica}}
	require.Equal(t, "█▄×·█", s.graph(history, 100))

	// A long history is pressed together: the run always fits.
	var long []point
	for i := range 2 * graphWidth {
		long = append(long, point{float64(100 * (i % 2)), primary})
	}
	require.Equal(t, strings.Repeat("▄", graphWidth), s.graph(long, 100))

	s = newScreen(new(bytes.Buffer), true)
	require.Equal(t, "\x1b[36m█\x1b[0m\x1b[31m×\x1b[0m", s.graph([]point{{1, primary}, {0, down}}, 1))
}

func TestCallsIn(t *testing.T) {
	t.Parallel()
	require.EqualValues(t, 21, callsIn("calls=21,usec=175,usec_per_call=8.33"))
	require.Zero(t, callsIn(""))
}

func TestFigures(t *testing.T) {
	t.Parallel()
	require.Equal(t, "999", thousands(999))
	require.Equal(t, "1,234,567", thousands(1234567))
	require.Equal(t, "0.3 ms", seconds(300*time.Microsecond))
	require.Equal(t, "41 ms", seconds(41*time.Millisecond))
	require.Equal(t, "1.06 s", seconds(1060*time.Millisecond))
}
