package redis

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
)

// A dial that fails at the handshake leaves the connections alone that work.
func TestRefusedDialsLeaveTheOthers(t *testing.T) {
	t.Parallel()
	hello := func(reply string) func(*scripted, *Options) {
		return func(s *scripted, _ *Options) { s.on("HELLO", inTurn(greets, says(reply))) }
	}
	for name, refuse := range map[string]func(*scripted, *Options){
		"too many clients": hello("-ERR max number of clients reached\r\n"),
		"wrong password":   hello("-WRONGPASS invalid username-password pair or user is disabled.\r\n"),
		"hangs up":         func(s *scripted, _ *Options) { s.on("HELLO", inTurn(greets, hangsUp)) },
		"OnConnect": func(_ *scripted, o *Options) {
			dials := 0
			o.OnConnect = func(context.Context, *Conn) error {
				if dials++; dials > 1 {
					return errScripted
				}
				return nil
			}
		},
		"credentials": func(_ *scripted, o *Options) {
			dials := 0
			o.CredentialsProviderContext = func(context.Context) (string, string, error) {
				if dials++; dials > 1 {
					return "", "", errScripted
				}
				return "user", "password", nil
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScripted(t)
			c := clientOf(t, s, func(o *Options) {
				o.MaxRetries = -1
				refuse(s, o)
			})
			ctx := background(t)
			require.NoError(t, c.Ping(ctx).Err())
			first := (*c.pool.shared.Load())[0]

			conn := c.Conn()
			var refused *DialError
			require.ErrorAs(t, conn.Ping(ctx).Err(), &refused)
			require.NoError(t, conn.Close())
			require.NoError(t, c.Ping(ctx).Err())
			require.Same(t, first, (*c.pool.shared.Load())[0])
			require.False(t, c.pool.unreachable())
		})
	}
}
