package redis

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-e06f3def/rediscluster/internal/resp"
)

func TestErrorsOfServers(t *testing.T) {
	t.Parallel()
	is := map[string]func(error) bool{
		"loading":     IsLoadingError,
		"readonly":    IsReadOnlyError,
		"clusterdown": IsClusterDownError,
		"tryagain":    IsTryAgainError,
		"masterdown":  IsMasterDownError,
		"maxclients":  IsMaxClientsError,
		"auth":        IsAuthError,
		"permission":  IsPermissionError,
		"execabort":   IsExecAbortError,
		"oom":         IsOOMError,
		"noreplicas":  IsNoReplicasError,
		"moved":       func(err error) bool { _, ok := IsMovedError(err); return ok },
		"ask":         func(err error) bool { _, ok := IsAskError(err); return ok },
	}
	for _, test := range []struct{ reply, want string }{
		{"LOADING Redis is loading the dataset in memory", "loading"},
		{"READONLY You can't write against a read only replica.", "readonly"},
		{"ERR Error running script (call to f_e0e1f9fabfc9d4800c877a703b823ac0578ff8db): @user_script:1: @user_script: 1: -READONLY You can't write against a read only replica.", "readonly"},
		{"ERR Error running script (call to f_e0e1f9fabfc9d4800c877a703b823ac0578ff8db): @user_script:1: @user_script: 1: -READONLY You can't write against a read only slave.  ", "readonly"},
		{"ERR Error running script (call to f_e0e1f9fabfc9d4800c877a703b823ac0578ff8db): @user_script:1: user_script:1: no -READONLY for a read only replica.", ""},
		{"ERR unknown subcommand: -READONLY You can't write against a read only replica.", ""},
		{"CLUSTERDOWN The cluster is down", "clusterdown"},
		{"TRYAGAIN Multiple keys request during rehashing of slot", "tryagain"},
		{"MASTERDOWN Link with MASTER is down", "masterdown"},
		{"ERR max number of clients reached", "maxclients"},
		{"NOAUTH Authentication required.", "auth"},
		{"WRONGPASS invalid username-password pair or user is disabled.", "auth"},
		{"NOPERM this user has no permissions to run the 'get' command", "permission"},
		{"EXECABORT Transaction discarded because of previous errors.", "execabort"},
		{"OOM command not allowed when used memory > 'maxmemory'.", "oom"},
		{"NOREPLICAS Not enough good replicas to write.", "noreplicas"},
		{"MOVED 3999 127.0.0.1:6381", "moved"},
		{"ASK 3999 127.0.0.1:6381", "ask"},
		{"ERR syntax error", ""},
		{"MOVED", ""},
		{"", ""},
	} {
		reply := error(resp.Error(test.reply))
		for _, err := range []error{
			reply,
			fmt.Errorf("while shopping: %w", reply),
			&DialError{"127.0.0.1:1", "authenticate", reply},
			errors.Join(io.EOF, reply),
		} {
			for name, is := range is {
				require.Equal(t, name == test.want, is(err), "%s: %v", name, err)
			}
		}
		for name, is := range is {
			require.False(t, is(errors.New(test.reply)), "%s of an error of our own", name)
		}
	}
	for name, is := range is {
		for _, err := range []error{nil, io.EOF, context.Canceled, Nil, TxFailedErr} {
			require.False(t, is(err), "%s: %v", name, err)
		}
	}
}

func TestRedirectionAddress(t *testing.T) {
	t.Parallel()
	addr, ok := IsMovedError(fmt.Errorf("%w", resp.Error("MOVED 1 fe80::1:6379")))
	require.True(t, ok)
	require.Equal(t, "[fe80::1]:6379", addr)
	addr, ok = IsAskError(resp.Error("ASK 1 :6379"))
	require.True(t, ok)
	require.Equal(t, ":6379", addr, "the host that was asked")
	addr, ok = IsMovedError(resp.Error("ASK 1 :6379"))
	require.False(t, ok)
	require.Empty(t, addr)
}

func TestHasErrorPrefix(t *testing.T) {
	t.Parallel()
	require.True(t, HasErrorPrefix(resp.Error("BUSY Redis is busy"), "BUSY"))
	require.True(t, HasErrorPrefix(resp.Error("ERR no such key"), "no such key"))
	require.False(t, HasErrorPrefix(resp.Error("ERR no such key"), "such"))
	require.False(t, HasErrorPrefix(nil, ""))
	require.True(t, HasErrorPrefix(ErrCrossSlot, "CROSSSLOT"))
}

// A server that does not know a command repeats its arguments.
func TestErrorsHideSecrets(t *testing.T) {
	const secret = "hunter2Secret"
	repeats := func(c *scriptedConn, args []string) {
		c.say("-ERR unknown command '" + args[0] + "', with args beginning with: '" + strings.Join(args[1:], "' '") + "'\r\n")
	}
	t.Run("of a command", func(t *testing.T) {
		s := newScripted(t)
		s.on("CONFIG", repeats)
		s.on("AUTH", repeats)
		s.on("MULTI", says("+OK\r\n"))
		s.on("EXEC", says("-EXECABORT Transaction discarded because of previous errors.\r\n"))
		c := NewClient(&Options{Addr: s.addr})
		defer c.Close()
		alone := c.Conn()
		defer alone.Close()
		ctx := t.Context()
		setsPassword := func(p Pipeliner) error { return p.ConfigSet(ctx, "requirepass", secret).Err() }
		_, piped := c.Pipelined(ctx, setsPassword)
		_, inTx := c.TxPipelined(ctx, setsPassword)
		for name, err := range map[string]error{
			"a command": c.ConfigSet(ctx, "requirepass", secret).Err(), "a Conn": alone.Auth(ctx, secret).Err(),
			"a pipeline": piped, "a transaction": inTx,
		} {
			require.ErrorContains(t, err, "unknown command", name)
			require.ErrorContains(t, err, "'***'", name)
			require.NotContains(t, err.Error(), secret, name)
		}
	})
	t.Run("of a dial", func(t *testing.T) {
		s := newScripted(t)
		s.on("HELLO", repeats)
		s.on("AUTH", repeats)
		c := NewClient(&Options{Addr: s.addr, Username: "user", Password: secret, MaxRetries: -1})
		defer c.Close()
		err := c.Get(t.Context(), "k").Err()
		var dial *DialError
		require.ErrorAs(t, err, &dial)
		require.Contains(t, dial.Err.Error(), "'user' '***'")
		require.NotContains(t, fmt.Sprintf("%v %#v", err, dial), secret)
	})
}

func TestErrorsKeepTheirCodeWhateverTheSecret(t *testing.T) {
	s := newScripted(t)
	s.on("AUTH", says("-WRONGPASS invalid username-password pair\r\n"))
	c := NewClient(&Options{Addr: s.addr})
	defer c.Close()
	alone := c.Conn()
	defer alone.Close()
	err := alone.Auth(t.Context(), "WRONG").Err()
	require.True(t, HasErrorPrefix(err, "WRONGPASS"), "%v", err)
}
