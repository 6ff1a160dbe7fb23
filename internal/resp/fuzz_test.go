package resp

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// seed adds the short ones among the replies of the table tests, and all of
// those in a row.
func seed(add func(wire []byte)) {
	const short = 1000
	var all []byte
	for _, reply := range replies {
		if len(reply.wire) < short {
			add([]byte(reply.wire))
			all = append(all, reply.wire...)
		}
	}
	for _, reply := range garbage {
		if len(reply.wire) < short {
			add([]byte(reply.wire))
		}
	}
	add(all)
}

// FuzzFramer frames bytes whole and in three pieces: both must come to the same
// end. The Decoder must agree about where that is.
func FuzzFramer(f *testing.F) {
	seed(func(wire []byte) {
		f.Add(wire, uint(0), uint(0))
		f.Add(wire, uint(len(wire)/3), uint(len(wire)/2))
	})
	f.Fuzz(func(t *testing.T, wire []byte, first, second uint) {
		var whole Framer
		want, wantErr := whole.Next(wire)

		var pieces Framer
		a, b := int(first%uint(len(wire)+1)), int(second%uint(len(wire)+1))
		var got int
		var err error
		for _, cut := range []int{min(a, b), max(a, b), len(wire)} {
			got, err = pieces.Next(wire[:cut:cut])
			if got != 0 || err != nil {
				break
			}
			require.Positive(t, pieces.Missing())
			if want > 0 {
				require.LessOrEqual(t, pieces.Missing(), want-cut)
			}
		}
		require.Equal(t, want, got)
		require.Equal(t, wantErr, err)

		d := NewDecoder(wire, false)
		err = d.Skip()
		switch {
		case wantErr != nil:
			require.Equal(t, wantErr, err)
		case want == 0:
			require.Equal(t, errShort, err)
			require.Equal(t, whole.Missing(), pieces.Missing())
		default:
			require.NoError(t, err)
			require.Equal(t, want, d.pos)
		}
	})
}

// FuzzDecoder calls methods in any order on any bytes. They must not panic; on
// a whole reply they must come to its end and report nothing but what their
// documentation allows.
func FuzzDecoder(f *testing.F) {
	seed(func(wire []byte) {
		for i := range methods {
			f.Add(wire, []byte{byte(i)}, true)
		}
		f.Add(wire, []byte{5, 0, 1, 5, 2, 3, 6, 7, 4}, false)
	})
	f.Fuzz(func(t *testing.T, wire, calls []byte, share bool) {
		whole := true
		var framer Framer
		for rest := wire; len(rest) > 0 && whole; {
			n, err := framer.Next(rest)
			rest, whole = rest[n:], n > 0 && err == nil
		}

		d := NewDecoder(wire, share)
		for i := 0; d.More(); i++ {
			method := methods[len(methods)-1]
			if i < len(calls) {
				method = methods[int(calls[i])%len(methods)]
			}
			before := len(d.Rest())
			got, err := method.call(&d)
			switch err := err.(type) {
			case nil, Error, *TypeError:
				require.Less(t, len(d.Rest()), before, "%s consumed nothing", method.name)
			case ProtocolError:
				require.False(t, whole, "%s: %v", method.name, err)
				return
			default:
				require.Fail(t, "another error", "%s: %T %v", method.name, err, err)
			}
			if n, ok := got.(int); ok {
				require.GreaterOrEqual(t, n, 0)
			}
		}
		if whole {
			require.Zero(t, d.entered)
		}
	})
}
