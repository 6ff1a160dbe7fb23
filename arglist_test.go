package redis

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// A list holds what was added however many there are, and a clone of it is
// another list.
func TestArgList(t *testing.T) {
	t.Parallel()
	text := func(l *argList) (all []string) {
		for _, a := range l.list() {
			all = append(all, a.str())
		}
		return all
	}
	for n := range 40 {
		for _, room := range []int{0, 1, n} {
			var l argList
			var want []string
			l.grow(room)
			for i := range n {
				l.add(intArg(int64(i)))
				want = append(want, strconv.Itoa(i))
			}
			require.Equal(t, n, l.len())
			require.Equal(t, want, text(&l))

			own := l.clone()
			require.Equal(t, want, text(&own))
			own.add(textArg("more"))
			if n > 0 {
				own.list()[0] = textArg("changed")
			}
			require.Equal(t, want, text(&l))
			l.add(textArg("other"))
			require.Equal(t, "more", text(&own)[n])
		}
	}
}

// What is rare of a command is its own, though a null reply costs none.
func TestErrorsOfCommands(t *testing.T) {
	var a, b, c StringCmd
	for _, cmd := range []*StringCmd{&a, &b, &c} {
		require.NoError(t, cmd.Err())
		cmd.SetErr(Nil)
		require.Equal(t, Nil, cmd.Err())
	}
	a.SetErr(ErrClosed)
	b.SetErr(nil)
	c.SetFirstKeyPos(2)
	require.Equal(t, ErrClosed, a.Err())
	require.NoError(t, b.Err())
	require.Equal(t, Nil, c.Err())
	c.SetErr(nil)
	require.NoError(t, c.Err())
	require.True(t, c.peculiar().keySet)

	var untouched StringCmd
	untouched.SetErr(Nil)
	require.Equal(t, Nil, untouched.Err())
	require.False(t, untouched.peculiar().keySet)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		var cmd StringCmd
		cmd.SetErr(Nil)
		cmd.SetErr(nil)
	}))
}
