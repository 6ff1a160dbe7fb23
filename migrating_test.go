package redis

import (
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
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

// The line for the members of sorted sets, which were pointers in go-redis v8.
func TestMigratingMembers(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("MIGRATING.md")
	require.NoError(t, err)
	rule := regexp.MustCompile("gofmt -r '(.+)' -w").FindSubmatch(text)
	require.NotNil(t, rule)

	name := filepath.Join(t.TempDir(), "a.go")
	const before = "package a\n\nfunc f() {\n\trdb.ZAdd(ctx, \"k\", &redis.Z{Score: 1, Member: \"a\"}, &redis.Z{Score: x + 2, Member: f()})\n}\n"
	require.NoError(t, os.WriteFile(name, []byte(before), 0o600))
	out, err := exec.Command("gofmt", "-r", string(rule[1]), "-w", name).CombinedOutput()
	require.NoError(t, err, string(out))
	got, err := os.ReadFile(name)
	require.NoError(t, err)
	require.Equal(t, strings.ReplaceAll(before, "&redis.Z", "redis.Z"), string(got))
}

// What MIGRATING.md shows as the code afterwards compiles.
func TestMigratingCode(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("MIGRATING.md")
	require.NoError(t, err)
	blocks := regexp.MustCompile("(?s)```go\n// before\n.*?\n// after\n(.*?)```").FindAllStringSubmatch(string(text), -1)
	sections := strings.Count(string(text), "\n## From ")
	require.Equal(t, sections, len(blocks), "each section has one")

	compiled := exportedPackages(t, ".", "context", "errors", "time")
	for i, block := range blocks {
		source := fmt.Sprintf(`package after
import (
	"context"
	"errors"
	"time"
	redis "github.com/seed-e06f3def/rediscluster"
)
var (
	_ = errors.Is
	_ = time.Second
	ctx context.Context
	addr string
	rdb *redis.ClusterClient
)
func after() {
%s
}`, strings.ReplaceAll(block[1], "…", "panic(0)"))
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, fmt.Sprintf("block %d", i), source, 0)
		require.NoError(t, err, block[1])
		config := types.Config{
			Importer: importer.ForCompiler(fset, "gc", compiled),
			Error: func(err error) {
				var e types.Error // one that is soft tells of variables not used
				require.True(t, errors.As(err, &e) && e.Soft, "%v in\n%s", err, block[1])
			},
		}
		_, _ = config.Check("after", fset, []*ast.File{file}, nil)
	}
}

// exportedPackages has the packages and what they import compiled, and finds
// what the compiler says of each.
func exportedPackages(t *testing.T, paths ...string) importer.Lookup {
	t.Helper()
	list := exec.Command("go", append([]string{"list", "-export", "-deps", "-f", "{{.ImportPath}} {{.Export}}"}, paths...)...)
	out, err := list.Output()
	require.NoError(t, err)
	files := map[string]string{}
	for line := range strings.Lines(string(out)) {
		path, file, _ := strings.Cut(strings.TrimSpace(line), " ")
		files[path] = file
	}
	return func(path string) (io.ReadCloser, error) { return os.Open(files[path]) }
}
