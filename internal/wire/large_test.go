package wire

import (
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// noise is a string of n bytes in which a misplaced piece shows.
func noise(n int) string {
	twice := noiseTwice()
	at := n % noisePeriod
	if n <= noisePeriod {
		return twice[at:][:n]
	}
	return strings.Repeat(twice[:noisePeriod], n/noisePeriod+2)[at:][:n]
}

const noisePeriod = 65521 // a prime, that no power of two goes into

var noiseTwice = sync.OnceValue(func() string {
	b := make([]byte, noisePeriod)
	source := rand.New(rand.NewPCG(1, 2))
	for i := range b {
		b[i] = byte('a' + source.IntN(26))
	}
	return string(b) + string(b)
})

// same is Equal without pages of output.
func same(t *testing.T, want, got string) {
	t.Helper()
	if want != got {
		at := 0
		for at < min(len(want), len(got)) && want[at] == got[at] {
			at++
		}
		require.Fail(t, "another reply", "lengths %d and %d, first difference at %d", len(want), len(got), at)
	}
}

func sequence(n int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "*%d\r\n", n)
	for i := range n {
		fmt.Fprintf(&b, "$6\r\n%06d\r\n", i)
	}
	return b.String()
}

// Replies of all sizes follow each other, those before and after a large one
// included.
func TestLargeReplies(t *testing.T) {
	t.Parallel()
	const MiB = 1 << 20
	replies := []string{
		"+first\r\n",
		bulkReply(noise(1 * MiB)),
		"+small\r\n", ":2\r\n",
		sequence(100_000),
		"+between\r\n",
		bulkReply(noise(20 * MiB)), // beyond what is set aside on the word of a length
		bulkReply(noise(directRead - 1)), bulkReply(noise(directRead)), bulkReply(noise(directRead + 1)),
		"*3\r\n" + bulkReply(noise(MiB)) + "*0\r\n" + bulkReply(noise(MiB)),
		"*2\r\n" + sequence(10_000) + bulkReply(noise(100_000)),
		bulkReply(noise(defaultReadBuffer - 13)), bulkReply(noise(defaultReadBuffer)),
		"+last\r\n",
	}
	addr := listen(t, func(p *peer) {
		for {
			args, err := p.request()
			if err != nil {
				return
			}
			i, _ := strconv.Atoi(args[1])
			if _, err := io.WriteString(p, replies[i]); err != nil {
				return
			}
		}
	})
	for _, size := range []int{64, 0} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			t.Parallel()
			c := dial(t, addr, Options{ReadBuffer: size})
			calls := make([]*Call, len(replies))
			for i := range calls {
				calls[i] = command("GET", strconv.Itoa(i))
				require.NoError(t, c.Submit(t.Context(), calls[i]))
			}
			for i, call := range calls {
				require.NoError(t, c.Wait(t.Context(), call))
				same(t, replies[i], reply(call))
			}
			for i, want := range replies { // one after the other
				call := command("GET", strconv.Itoa(i))
				require.NoError(t, c.Do(t.Context(), call))
				same(t, want, reply(call))
			}
			require.False(t, c.Busy())
		})
	}
}

// A block of large and small replies is put together in order.
func TestBlockOfLargeReplies(t *testing.T) {
	t.Parallel()
	sizes := []int{1, 100, 70_000, 5, 300_000, 0, 20_000, 3}
	var want strings.Builder
	for _, size := range sizes {
		want.WriteString(bulkReply(noise(size)))
	}
	addr := listen(t, func(p *peer) {
		for i := 0; ; i++ {
			if _, err := p.request(); err != nil {
				return
			}
			if _, err := io.WriteString(p, bulkReply(noise(sizes[i%len(sizes)]))); err != nil {
				return
			}
		}
	})
	for _, size := range buffers {
		c := dial(t, addr, Options{ReadBuffer: size})
		for range 2 {
			call := block(len(sizes), "GET", "k")
			require.NoError(t, c.Do(t.Context(), call))
			same(t, want.String(), reply(call))
		}
	}
}

// Large strings are written from where they lie, between what was copied.
func TestLargeStrings(t *testing.T) {
	t.Parallel()
	addr := listen(t, echo)
	c := dial(t, addr, Options{})
	for _, size := range []int{0, 1, LargeString, 1 << 20, 8 << 20} {
		text := noise(size)
		call := large("ECHO", text)
		require.Equal(t, len(appendCommand(nil, "ECHO", text)), call.Size())
		require.NoError(t, c.Do(t.Context(), call))
		same(t, bulkReply(text), reply(call))
	}

	// Several in one call, and calls with and without them in one batch.
	texts := []string{noise(100_000), noise(200_000), "short", noise(50_000)}
	calls := make([]*Call, 0, 40)
	for range 10 {
		several := block(0)
		several.Replies = len(texts)
		for _, text := range texts {
			one := large("ECHO", text)
			several.Request.Bytes = append(several.Request.Bytes, one.Request.Bytes[:len(one.Request.Bytes)-2]...)
			several.Request.AppendLarge(text)
		}
		calls = append(calls, several, command("ECHO", "x"))
	}
	for _, call := range calls {
		require.NoError(t, c.Submit(t.Context(), call))
	}
	var want string
	for _, text := range texts {
		want += bulkReply(text)
	}
	for i, call := range calls {
		require.NoError(t, c.Wait(t.Context(), call))
		same(t, []string{want, bulkReply("x")}[i%2], reply(call))
	}
}

// While bulk is on its way, in either direction, the connection says so.
func TestBusy(t *testing.T) {
	t.Parallel()
	c, p := pipe(t, Options{})
	require.False(t, c.Busy())

	s := start(t.Context(), c, large("ECHO", noise(10*bulk)))
	soon(t, c.Busy)
	_, err := p.request()
	require.NoError(t, err)
	soon(t, func() bool { return !c.Busy() })

	p.send("$1000000\r\n" + noise(100_000))
	soon(t, c.Busy)
	p.send(noise(900_000 - bulk/2))
	soon(t, func() bool { return !c.Busy() })
	p.send(noise(bulk/2) + "\r\n")
	<-s.over
	require.NoError(t, s.err)
	require.Len(t, reply(s.Call), 1_000_000+12)
	require.False(t, c.Busy())
}

// A reply of many small elements, and the replies to a long pipeline, keep others waiting as
// a long string does.
func TestBusyWithManySmallOnes(t *testing.T) {
	t.Parallel()
	for name, reply := range map[string]string{
		"an aggregate": "*100000\r\n" + strings.Repeat(":1\r\n", 50_000),
		"a pipeline":   strings.Repeat("+0123456789\r\n", 20_000),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, p := pipe(t, Options{})
			call := block(1, "LRANGE")
			rest := strings.Repeat(":1\r\n", 50_000)
			if name == "a pipeline" {
				call.Replies = 40_000
				rest = reply
			}
			s := start(t.Context(), c, call)
			p.expect("LRANGE")
			p.send(reply)
			soon(t, c.Busy)
			p.send(rest)
			s.gets(t, reply+rest)
			require.False(t, c.Busy())
		})
	}
}

// A reply beyond the bound ends the connection, and its caller learns why.
func TestMaxReply(t *testing.T) {
	t.Parallel()
	const limit = 100_000
	for name, test := range map[string]struct {
		reply string
		fits  bool
	}{
		"as long as may be":   {bulkReply(noise(limit - len("$99989\r\n\r\n"))), true},
		"one byte more":       {bulkReply(noise(limit + 1 - len("$99990\r\n\r\n"))), false},
		"announced":           {"$500000000\r\nabc", false},
		"an aggregate":        {sequence(20_000), false},
		"within an aggregate": {"*2\r\n" + bulkReply(noise(60_000)) + "$60000\r\n", false},
	} {
		for _, size := range []int{64, 0, 1 << 20} {
			t.Run(fmt.Sprint(name, " ", size), func(t *testing.T) {
				t.Parallel()
				c, p := pipe(t, Options{MaxReply: limit, ReadBuffer: size})
				s := start(t.Context(), c, command("GET", "k"))
				p.expect("GET", "k")
				behind := start(t.Context(), c, command("GET", "k"))
				p.expect("GET", "k")
				go func() { _, _ = io.WriteString(p, test.reply) }()
				if test.fits {
					s.gets(t, test.reply)
					return
				}
				require.Positive(t, s.fails(t, ErrReplyTooLarge).Received)
				require.Zero(t, behind.fails(t, ErrReplyTooLarge).Received)
			})
		}
	}
}

// A server that refuses a request while it is still being written has answered it.
func TestRefusalOfALargeRequest(t *testing.T) {
	t.Parallel()
	const refusal = "-ERR Protocol error: invalid bulk length\r\n"
	c, p := socket(t, Options{})
	first := start(t.Context(), c, command("GET", "k"))
	p.expect("GET", "k")
	s := start(t.Context(), c, large("SET", noise(15<<20)))
	soon(t, c.Busy)
	behind := start(t.Context(), c, command("INCR", "n"))
	soon(t, func() bool { return submitted(c, behind) })
	p.send("+v\r\n" + refusal)
	require.NoError(t, p.Close()) // with requests unread, which resets the connection
	first.gets(t, "+v\r\n")
	s.gets(t, refusal)
	<-behind.over
	require.Zero(t, failure(t, behind.err).Wrote)
}

// Of a large request that is cut off it is known that it did not run.
func TestLargeRequestThatIsCutOff(t *testing.T) {
	t.Parallel()
	c, p := socket(t, Options{})
	s := start(t.Context(), c, large("SET", noise(30<<20)))
	soon(t, c.Busy)
	p.reset()
	<-s.over
	e := failure(t, s.err)
	require.Less(t, e.Wrote, e.Size)
	require.False(t, e.MayHaveRun())
}
