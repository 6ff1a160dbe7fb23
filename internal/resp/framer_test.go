package resp

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// cuts are the places where a test cuts a reply in two: everywhere, but of a
// long one only near its ends.
func cuts(wire string) []int {
	var at []int
	for i := range len(wire) {
		if i < 700 || i > len(wire)-100 {
			at = append(at, i)
		}
	}
	return at
}

func TestFramerFindsTheEnd(t *testing.T) {
	t.Parallel()
	for _, reply := range replies {
		t.Run(reply.name, func(t *testing.T) {
			t.Parallel()
			var f Framer
			n, err := f.Next([]byte(reply.wire))
			require.NoError(t, err)
			require.Equal(t, len(reply.wire), n)

			// The same Framer goes on with the next reply, and is not misled by
			// what stands behind this one.
			n, err = f.Next([]byte(reply.wire + "garbage"))
			require.NoError(t, err)
			require.Equal(t, len(reply.wire), n)
		})
	}
}

func TestFramerWaitsForTheRest(t *testing.T) {
	t.Parallel()
	for _, reply := range replies {
		t.Run(reply.name, func(t *testing.T) {
			t.Parallel()
			wire := []byte(reply.wire)
			for _, cut := range cuts(reply.wire) {
				var f Framer
				n, err := f.Next(wire[:cut:cut])
				require.NoError(t, err, "cut at %d", cut)
				require.Zero(t, n, "cut at %d", cut)
				require.Positive(t, f.Missing(), "cut at %d", cut)
				require.LessOrEqual(t, f.Missing(), len(wire)-cut, "cut at %d", cut)

				n, err = f.Next(wire)
				require.NoError(t, err, "cut at %d", cut)
				require.Equal(t, len(wire), n, "cut at %d", cut)
				require.Zero(t, f.Missing(), "cut at %d", cut)
			}
		})
	}
}

func TestFramerByteByByte(t *testing.T) {
	t.Parallel()
	for _, reply := range replies {
		if len(reply.wire) > 1000 {
			continue
		}
		t.Run(reply.name, func(t *testing.T) {
			t.Parallel()
			// Two of them, so that the second is framed after the first was in
			// pieces.
			var f Framer
			for range 2 {
				for i := range len(reply.wire) {
					n, err := f.Next([]byte(reply.wire[:i]))
					require.NoError(t, err)
					require.Zero(t, n)
				}
				n, err := f.Next([]byte(reply.wire))
				require.NoError(t, err)
				require.Equal(t, len(reply.wire), n)
			}
		})
	}
}

// TestFramerByWhatIsMissing reads only what Missing asks for: as that is the
// least, it never reads into the next reply.
func TestFramerByWhatIsMissing(t *testing.T) {
	t.Parallel()
	for _, reply := range replies {
		if len(reply.wire) > 1000 {
			continue
		}
		t.Run(reply.name, func(t *testing.T) {
			t.Parallel()
			wire := []byte(reply.wire + "+next reply\r\n")
			var f Framer
			for seen := 0; ; seen += f.Missing() {
				n, err := f.Next(wire[:seen])
				require.NoError(t, err)
				if n > 0 {
					require.Equal(t, len(reply.wire), n)
					require.Equal(t, n, seen)
					break
				}
				require.LessOrEqual(t, seen+f.Missing(), len(reply.wire))
			}
		})
	}
}

func TestFramerManyRepliesInABuffer(t *testing.T) {
	t.Parallel()
	var all []byte
	for _, reply := range replies {
		all = append(all, reply.wire...)
	}
	for _, step := range []int{61, 1000, len(all)} {
		var f Framer
		rest, seen := all, 0
		for _, reply := range replies {
			n := 0
			for n == 0 {
				var err error
				n, err = f.Next(rest[:seen])
				require.NoError(t, err)
				if n == 0 {
					require.Less(t, seen, len(rest))
					seen = min(seen+step, len(rest))
				}
			}
			require.Equal(t, len(reply.wire), n, reply.name)
			rest, seen = rest[n:], seen-n
		}
		require.Empty(t, rest)
	}
}

func TestFramerMissing(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		wire string
		want int
	}{
		{"", 3},
		{"+", 1},
		{"+OK", 1},
		{"+OK\r", 1},
		{"$", 1},
		{"$10", 1},
		{"$10\r", 1},
		{"$10\r\n", 12},
		{"$10\r\n12345", 7},
		{"$10\r\n1234567890", 2},
		{"$10\r\n1234567890\r", 1},
		{"$536870912\r\n", MaxBulk + 2},
		{"*2\r\n", 3},
		{"*2\r\n:1\r\n$100\r\n", 102},
		{"*268435456\r\n", 3},
		{"|1\r\n+a\r\n+b\r\n", 3},
		{"$?\r\n;10\r\n", 12},
	} {
		var f Framer
		n, err := f.Next([]byte(test.wire))
		require.NoError(t, err, test.wire)
		require.Zero(t, n, test.wire)
		require.Equal(t, test.want, f.Missing(), test.wire)
	}
}

func TestFramerRefusesGarbage(t *testing.T) {
	t.Parallel()
	for _, test := range garbage {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			wire := []byte(test.wire)
			var whole Framer
			n, err := whole.Next(wire)
			require.IsType(t, ProtocolError(""), err)
			require.ErrorContains(t, err, "redis: protocol error: ")
			require.ErrorContains(t, err, test.message)
			require.Zero(t, n)

			for _, cut := range cuts(test.wire) {
				var f Framer
				n, first := f.Next(wire[:cut:cut])
				require.Zero(t, n)
				if first == nil {
					n, first = f.Next(wire)
					require.Zero(t, n)
				}
				require.Equal(t, err, first, "cut at %d", cut)
			}
		})
	}
}

// A reply is framed without memory of its own, however much it announces.
func TestFramerAllocatesByDepthOnly(t *testing.T) {
	for _, wire := range []string{
		"$64\r\n" + strings.Repeat("x", 64) + "\r\n",
		"$536870912\r\nx",
		"*268435456\r\n*268435456\r\n%268435456\r\n$536870912\r\nx",
		"*100\r\n" + strings.Repeat("*1\r\n:1\r\n", 100),
	} {
		b := []byte(wire)
		outer := make([]level, 0, MaxDepth)
		require.Zero(t, testing.AllocsPerRun(100, func() {
			f := Framer{outer: outer}
			_, _ = f.Next(b)
		}), "%.20q", wire)
	}
}
