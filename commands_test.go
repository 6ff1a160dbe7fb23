package redis

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seed-e06f3def/rediscluster/internal/redistest"
	"github.com/seed-e06f3def/rediscluster/internal/resp"
)

// commandTest is one call of one method. It is made under RESP2 and under
// RESP3, on an empty server, and must send and give the same both times.
type commandTest struct {
	// name is the method, and after a slash what is special about the row.
	name string
	call func(context.Context, testCommands) Cmder
	// args is what must be sent, word by word as commandWords splits it; ""
	// when the command must be rejected before.
	args string
	// want is the value that Result must give: values{…} when it gives several,
	// and fails("…") or Nil for an error.
	want any
	// check takes the place of want where the value cannot be foretold. There
	// must be no error.
	check func(*testing.T, Cmder)
	// unordered says that the elements of want may come in any order.
	unordered bool
	// setup and cleanup are commands to send before and after.
	setup, cleanup []string
	// others are commands that another connection sends before, in RESP2. It
	// stays open for the call.
	others []string
	// alone gives the row a server of its own, as it ends that or the connection.
	alone bool
	// scripted are the replies under RESP2 and RESP3, for what a server answers
	// only in a state that the row cannot bring about, or should not answer at
	// all; and, with since, for servers that do not have the command. One is
	// enough if it is the same for both.
	scripted []string
	// since is the version of Redis from which on the server itself answers, of
	// Valkey after that word, or both: "8.4, valkey 8.1". Valkey counts as the
	// Redis that it says it can stand in for, too. An older server gets neither
	// setup nor cleanup; the scripted replies stand in.
	since string
}

// values are the results of a method that gives several.
type values []any

// fails is an error whose text has this in it.
type fails string

// commandGroup is a list of rows that share a server.
type commandGroup struct {
	name   string
	server redistest.Options
	rows   []commandTest
}

var commandGroups []commandGroup

// testCommandGroup has TestCommands run the rows.
func testCommandGroup(g commandGroup) struct{} {
	commandGroups = append(commandGroups, g)
	return struct{}{}
}

// testCommands has the commands of a connection.
type testCommands struct {
	cmdable
	statefulCmdable
}

func TestCommands(t *testing.T) {
	t.Parallel()
	for _, group := range commandGroups {
		t.Run(group.name, func(t *testing.T) {
			t.Parallel()
			node := redistest.StartServer(t, group.server)
			for _, version := range []int{2, 3} {
				conn := dialTestConn(t, node.Addr(), version)
				for _, row := range group.rows {
					t.Run(fmt.Sprintf("RESP%d/%s", version, row.name), func(t *testing.T) {
						if row.alone {
							own := redistest.StartServer(t, group.server)
							row.run(t, dialTestConn(t, own.Addr(), version))
							return
						}
						row.run(t, conn)
					})
				}
			}
		})
	}
}

func (row commandTest) run(t *testing.T, conn *testConn) {
	conn.do(t, "flushall")
	scripted := row.scripted != nil
	if row.since != "" {
		scripted = !conn.since(t, row.since)
		if scripted {
			row.setup, row.cleanup = nil, nil
		}
	}
	for _, command := range row.setup {
		conn.do(t, command)
	}
	process := conn.process
	if scripted {
		reply := row.scripted[min(conn.version-2, len(row.scripted)-1)]
		process = func(_ context.Context, cmd Cmder) error { return conn.answer(cmd, []byte(reply)) }
	}
	if row.others != nil {
		other := dialTestConn(t, conn.RemoteAddr().String(), 2)
		for _, command := range row.others {
			other.do(t, command)
		}
		defer other.do(t, "reset")
	}
	conn.sent = nil
	cmd := row.call(t.Context(), testCommands{process, process})
	sent := conn.sent
	for _, command := range row.cleanup {
		conn.do(t, command)
	}

	require.Equal(t, string(encodeWords(commandWords(t, row.args))), string(sent), "sent")
	got, err := resultOf(cmd)
	require.Equal(t, cmd.Err(), err)
	switch want := row.want.(type) {
	case error:
		require.ErrorIs(t, err, want)
		return
	case fails:
		require.ErrorContains(t, err, string(want))
		return
	}
	require.NoError(t, err)
	switch {
	case row.check != nil:
		row.check(t, cmd)
	case row.unordered:
		require.ElementsMatch(t, row.want, got)
	default:
		require.Equal(t, row.want, got)
	}
}

// resultOf calls the method Result, whose type differs from command to command.
func resultOf(cmd Cmder) (any, error) {
	out := reflect.ValueOf(cmd).MethodByName("Result").Call(nil)
	last := len(out) - 1
	err, _ := out[last].Interface().(error)
	if last == 1 {
		return out[0].Interface(), err
	}
	var got values
	for _, v := range out[:last] {
		got = append(got, v.Interface())
	}
	return got, err
}

// commandWords splits at spaces; a word with a space in it, or an empty one, is
// written as Go writes strings.
func commandWords(t *testing.T, line string) (words []string) {
	for line = strings.TrimLeft(line, " "); line != ""; line = strings.TrimLeft(line, " ") {
		if line[0] != '"' {
			word, rest, _ := strings.Cut(line, " ")
			words, line = append(words, word), rest
			continue
		}
		quoted, err := strconv.QuotedPrefix(line)
		require.NoError(t, err, line)
		word, err := strconv.Unquote(quoted)
		require.NoError(t, err, line)
		words, line = append(words, word), line[len(quoted):]
	}
	return words
}

func encodeWords(words []string) []byte {
	if len(words) == 0 {
		return nil
	}
	b := resp.AppendArray(nil, len(words))
	for _, w := range words {
		b = resp.AppendString(b, w)
	}
	return b
}

// testConn is a connection that sends one command at a time.
type testConn struct {
	net.Conn
	version int    // of RESP
	redis   string // version of Redis; Valkey names the one it can stand in for
	valkey  string // version of Valkey, if it is one
	in      *bufio.Reader
	sent    []byte
}

func dialTestConn(t *testing.T, addr string, version int) *testConn {
	nc, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	t.Cleanup(func() { _ = nc.Close() })
	c := &testConn{Conn: nc, version: version, in: bufio.NewReader(nc)}
	if version == 3 {
		c.do(t, "hello 3")
	}
	info := cmdable(c.process).InfoMap(t.Context(), "server")
	require.NoError(t, info.Err())
	c.redis = info.Item("Server", "redis_version")
	c.valkey = info.Item("Server", "valkey_version")
	return c
}

// since reports whether the server is one of those that commandTest.since
// means.
func (c *testConn) since(t *testing.T, versions string) bool {
	t.Helper()
	for first := range strings.SplitSeq(versions, ", ") {
		version, isValkey := strings.CutPrefix(first, "valkey ")
		own := c.redis
		if isValkey {
			own = c.valkey
		}
		if own != "" && !olderThan(t, own, version) {
			return true
		}
	}
	return false
}

// olderThan compares versions by their first two numbers.
func olderThan(t *testing.T, version, other string) bool {
	t.Helper()
	var a, b [2]int
	_, err := fmt.Sscanf(version, "%d.%d", &a[0], &a[1])
	require.NoError(t, err, version)
	_, err = fmt.Sscanf(other, "%d.%d", &b[0], &b[1])
	require.NoError(t, err, other)
	return slices.Compare(a[:], b[:]) < 0
}

// do sends a command that must not fail.
func (c *testConn) do(t *testing.T, command string) {
	t.Helper()
	words := commandWords(t, command)
	cmd := new(Cmd)
	cmd.start(words[0], words[1:]...)
	if err := c.process(t.Context(), cmd); err != nil && !errors.Is(err, Nil) {
		require.NoError(t, err, command)
	}
}

// process sends a command, as a client's would.
func (c *testConn) process(_ context.Context, cmd Cmder) error {
	if b := cmd.command(); b.isInvalid() {
		return b.Err()
	}
	c.sent = encodeCommand(cmd)
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := c.Write(c.sent); err != nil {
		cmd.SetErr(err)
		return err
	}
	reply, err := c.read()
	if err != nil {
		cmd.SetErr(err)
		return err
	}
	return c.answer(cmd, reply)
}

func encodeCommand(cmd Cmder) []byte {
	b := resp.AppendArray(nil, cmd.command().argCount())
	for i := range cmd.command().argCount() {
		a := cmd.command().arg(i)
		b = a.append(b)
	}
	return b
}

// read reads one reply; pushes are none.
func (c *testConn) read() ([]byte, error) {
	var framer resp.Framer
	var reply []byte
	for {
		b, err := c.in.ReadByte()
		if err != nil {
			return nil, err
		}
		reply = append(reply, b)
		n, err := framer.Next(reply)
		if err != nil {
			return nil, err
		}
		if n > 0 && resp.Kind(reply[0]) != resp.Push {
			return reply, nil
		}
		if n > 0 {
			reply = nil
		}
	}
}

// answer decodes a reply into the command it is for. The whole of it must be
// consumed, unless it was refused.
func (c *testConn) answer(cmd Cmder, reply []byte) error {
	if b := cmd.command(); b.isInvalid() {
		return b.Err()
	}
	c.sent = encodeCommand(cmd)
	d := resp.NewDecoder(reply, true)
	err := cmd.decode(&d)
	if err == nil && d.More() {
		err = fmt.Errorf("%d bytes of the reply are left: %q", len(d.Rest()), d.Rest())
	}
	cmd.SetErr(err)
	return err
}

func TestEveryCommandIsTested(t *testing.T) {
	t.Parallel()
	tested := map[string]bool{}
	for _, group := range commandGroups {
		for _, row := range group.rows {
			method, _, _ := strings.Cut(row.name, "/")
			byServer := row.args != "" && (row.scripted == nil || row.since != "")
			tested[method] = tested[method] || byServer
		}
	}
	var untested []string
	all := reflect.TypeFor[StatefulCmdable]()
	for i := range all.NumMethod() {
		if name := all.Method(i).Name; !tested[name] && !notCommands[name] {
			untested = append(untested, name)
		}
	}
	require.Empty(t, untested, "methods without a row that a server answers")

	methods := reflect.TypeFor[testCommands]()
	for i := range methods.NumMethod() {
		delete(tested, methods.Method(i).Name)
	}
	require.Empty(t, tested, "rows of methods that do not exist")
}

// notCommands are the methods of StatefulCmdable that send nothing themselves.
var notCommands = map[string]bool{
	"Pipeline": true, "Pipelined": true, "TxPipeline": true, "TxPipelined": true,
}
