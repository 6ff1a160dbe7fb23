package cmdinfo

import (
	"bytes"
	"flag"
	"fmt"
	"go/format"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	tableFile    = "table_gen.go"
	tableVersion = "7.0.15"
)

var update = flag.Bool("update", false, "write "+tableFile+" anew from the server's answers")

// TestTableMatchesServer is also the generator: with -update it writes the
// table instead of comparing it.
func TestTableMatchesServer(t *testing.T) {
	s := startServer(t)
	info, _ := s.do(t, "INFO", "server").(string)
	if !strings.Contains(info, "redis_version:"+tableVersion+"\r\n") {
		require.False(t, *update, "the table must come from redis-server %s", tableVersion)
		t.Skipf("the table comes from redis-server %s; this is another version", tableVersion)
	}
	source := renderTable(t, s.do(t, "COMMAND"))
	if *update {
		require.NoError(t, os.WriteFile(tableFile, source, 0o644))
		return
	}
	file, err := os.ReadFile(tableFile)
	require.NoError(t, err)
	require.Equal(t, string(source), string(file), "run go generate ./internal/cmdinfo")
}

func renderTable(t *testing.T, reply any) []byte {
	t.Helper()
	rows := map[string]*Command{}
	list, _ := reply.([]any)
	for _, element := range list {
		c, err := FromReply(element)
		require.NoError(t, err)
		rows[c.Name] = c
		if !c.IsContainer() {
			continue
		}
		for _, slot := range c.subs.slots {
			if slot.c != nil {
				rows[slot.c.Name] = slot.c
			}
		}
	}
	var b bytes.Buffer
	b.WriteString("// Code generated from redis-server " + tableVersion + "; DO NOT EDIT.\n\npackage cmdinfo\n\n")
	b.WriteString("// generated is what the server answers to COMMAND, in order of names.\n")
	b.WriteString("var generated = [...]Command{\n")
	for _, name := range slices.Sorted(maps.Keys(rows)) {
		writeRow(&b, rows[name])
	}
	b.WriteString("}\n")
	source, err := format.Source(b.Bytes())
	require.NoError(t, err)
	return source
}

func writeRow(b *bytes.Buffer, c *Command) {
	fmt.Fprintf(b, "\t{Name: %q, Arity: %d", c.Name, c.Arity)
	if c.FirstKey != 0 {
		fmt.Fprintf(b, ", FirstKey: %d, LastKey: %d, KeyStep: %d", c.FirstKey, c.LastKey, c.KeyStep)
	}
	if c.Flags != 0 {
		fmt.Fprintf(b, ", Flags: %v", c.Flags)
	}
	if c.Request != ReqDefault {
		fmt.Fprintf(b, ", Request: %v", c.Request)
	}
	if c.Response != RespDefault {
		fmt.Fprintf(b, ", Response: %v", c.Response)
	}
	if c.specs != nil {
		b.WriteString(", specs: []keySpec{")
		for i, s := range c.specs {
			if i > 0 {
				b.WriteString(", ")
			}
			writeSpec(b, s)
		}
		b.WriteString("}")
	}
	b.WriteString("},\n")
}

func writeSpec(b *bytes.Buffer, s keySpec) {
	var fields []string
	if s.word != "" {
		fields = append(fields, fmt.Sprintf("word: %q", s.word))
	}
	if s.find != findRange {
		fields = append(fields, "find: "+findNames[s.find])
	}
	for _, f := range []struct {
		name  string
		value int8
	}{{"at", s.at}, {"number", s.number}, {"first", s.first}, {"last", s.last}, {"step", s.step}, {"limit", s.limit}} {
		if f.value != 0 {
			fields = append(fields, fmt.Sprintf("%s: %d", f.name, f.value))
		}
	}
	b.WriteString("{" + strings.Join(fields, ", ") + "}")
}

func TestHandKeptRows(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, c := range generated {
		known[c.Name] = true
	}
	for _, c := range corrections {
		require.True(t, known[c.Name], "%s is corrected but not in the generated table", c.Name)
	}
	for _, c := range slices.Concat(additions, moduleCommands()) {
		require.False(t, known[c.Name], "%s is there twice", c.Name)
		known[c.Name] = true
	}
	for _, name := range slices.Concat(inquiries, sessionCommands) {
		require.True(t, known[name], "%s has a property but no row", name)
	}
	for name := range known {
		container, _, _ := strings.Cut(name, "|")
		require.True(t, known[container], "%s has no container", name)
	}
}

func TestEveryRowIsSound(t *testing.T) {
	t.Parallel()
	for name, c := range table {
		require.Equal(t, name, c.Name)
		require.Equal(t, strings.ToLower(name), name)
		require.Falsef(t, c.IsReadOnly() && c.has(Write), "%s both reads and writes", name)
		require.Equalf(t, c.FirstKey > 0, c.KeyStep > 0, "key range of %s", name)
		if c.Request == ReqMultiShard {
			require.True(t, c.FirstKey > 0 || c.specs != nil, "%s has no keys to split by", name)
		}
		if c.Request == ReqAllNodes || c.Request == ReqAllShards {
			require.Zero(t, c.FirstKey, name)
		}
		if parent, sub, ok := strings.Cut(name, "|"); ok {
			require.Same(t, c, table[parent].Sub(sub))
		}
	}
}

func TestFlagString(t *testing.T) {
	t.Parallel()
	require.Equal(t, "0", Flag(0).String())
	require.Equal(t, "ReadOnly | Fast", (ReadOnly | Fast).String())
	require.Equal(t, "Session", flagNames[len(flagNames)-1])
	require.Equal(t, Session, Flag(1)<<(len(flagNames)-1))
	require.Equal(t, "ReqSpecial", ReqSpecial.String())
	require.Equal(t, "RespSpecial", RespSpecial.String())
}
