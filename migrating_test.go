package redis

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The line in MIGRATING.md changes the import paths of go-redis, in whatever
// form, and nothing else.
func TestMigratingLine(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("sed -i takes other arguments elsewhere")
	}
	text, err := os.ReadFile("MIGRATING.md")
	require.NoError(t, err)
	line := regexp.MustCompile("(?s)```sh\n(find .*?)```").FindSubmatch(text)
	require.NotNil(t, line)

	dir := t.TempDir()
	below := filepath.Join(dir, "a", "b")
	require.NoError(t, os.MkdirAll(below, 0o700))
	const before = `package a

import "github.com/redis/go-redis/v9"

import (
	goredis "github.com/redis/go-redis/v9"
	. "github.com/go-redis/redis/v8"
	"github.com/redis/go-redis/v9/maintnotifications"
)

var _ = "see github.com/redis/go-redis/v9"
`
	after := strings.NewReplacer(
		`"github.com/redis/go-redis/v9"`, `"github.com/seed-e06f3def/rediscluster"`,
		`"github.com/go-redis/redis/v8"`, `"github.com/seed-e06f3def/rediscluster"`,
	).Replace(before)
	files := map[string]string{
		filepath.Join(dir, "a.go"): after, filepath.Join(below, "b.go"): after,
		filepath.Join(below, "README.md"): before,
	}
	for name := range files {
		require.NoError(t, os.WriteFile(name, []byte(before), 0o600))
	}
	command := exec.Command("sh", "-c", string(line[1]))
	command.Dir = dir
	out, err := command.CombinedOutput()
	require.NoError(t, err, string(out))
	for name, want := range files {
		got, err := os.ReadFile(name)
		require.NoError(t, err)
		require.Equal(t, want, string(got), name)
	}
}
