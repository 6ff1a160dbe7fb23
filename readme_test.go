package redis

import (
	"fmt"
	"os"
	"reflect"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// README.md lists every field of ClusterOptions, in their order, with its
// default.
func TestReadmeOptions(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("README.md")
	require.NoError(t, err)
	rows := regexp.MustCompile("(?m)^\\| `(\\w+)` \\| (.+?) \\| (.+) \\|$").FindAllStringSubmatch(string(text), -1)

	defaults, err := (&ClusterOptions{Addrs: []string{"localhost:6379"}}).withDefaults()
	require.NoError(t, err)
	value := reflect.ValueOf(*defaults)
	fields := reflect.VisibleFields(value.Type())
	for i := 0; i < len(fields); i++ {
		if !fields[i].IsExported() {
			fields = append(fields[:i], fields[i+1:]...)
			i--
		}
	}
	depends := map[string]string{ // on more than the library
		"Addrs":              "required",
		"PoolSize":           fmt.Sprintf("%d per CPU", defaultClusterConnsPerCPU),
		"MaxConcurrentDials": "`PoolSize`",
	}
	require.Len(t, rows, len(fields))
	for i, field := range fields {
		require.Equal(t, field.Name, rows[i][1])
		want, ok := depends[field.Name]
		if !ok {
			want = readmeDefault(value.FieldByIndex(field.Index))
		}
		require.Equal(t, want, rows[i][2], field.Name)
	}
}

// readmeDefault is how README.md writes a default.
func readmeDefault(v reflect.Value) string {
	switch value := v.Interface().(type) {
	case string:
		return "empty"
	case time.Duration:
		for _, unit := range []struct {
			length time.Duration
			name   string
		}{{time.Minute, "min"}, {time.Second, "s"}, {time.Millisecond, "ms"}} {
			if value >= unit.length && value%unit.length == 0 {
				return fmt.Sprintf("%d %s", value/unit.length, unit.name)
			}
		}
		return "none"
	case bool, int:
		return fmt.Sprint(value)
	}
	return "nil"
}
