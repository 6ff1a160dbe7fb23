package redis

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A command has the arguments that were added, however many there are and
// whatever its name, and a copy of them is another one.
func TestArgumentsAdded(t *testing.T) {
	t.Parallel()
	text := func(c *baseCmd) (all []string) {
		for i := range c.argCount() {
			all = append(all, c.argText(i))
		}
		return all
	}
	require.Empty(t, text(new(baseCmd)))
	for name, short := range map[string]bool{
		"set": true, "SET": false, "frobnicate": false, "cluster": false, "config|get": true, "": false,
	} {
		for n := range 20 {
			for _, room := range []int{0, 1, n, n + 1} {
				var c baseCmd
				c.growArgs(room)
				c.addArg(textArg(name))
				c.growArgs(max(0, room-1))
				want := []string{name}
				for i := range n {
					a := intArg(int64(i))
					if i%2 == 1 {
						a = textArg("") // which is an argument like all others
					}
					c.addArg(a)
					want = append(want, a.str())
				}
				require.Equal(t, want, text(&c), "%q with %d", name, n)
				require.Equal(t, short && max(n, room-1) <= len(c.short), !c.isListed(), "%q with %d, %d", name, n, room)

				var own baseCmd
				own.SetErr(Nil)
				own.takeArgs(&c)
				require.Equal(t, want, text(&own))
				require.Equal(t, Nil, own.Err())
				own.addArg(textArg("more"))
				if n > 0 {
					own.setArg(1, textArg("changed"))
					require.Equal(t, "changed", own.argText(1))
				}
				require.Equal(t, want, text(&c))
				c.addArg(textArg("other"))
				require.Equal(t, "more", text(&own)[n+1])
			}
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
