package redis

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// The errors of an attempt that was followed by another do not stay.
func TestTransactionForgetsEarlierErrors(t *testing.T) {
	t.Parallel()
	s, gone := newScripted(t), newScripted(t)
	gone.stop()
	s.on("MULTI", says("+OK\r\n"))
	s.on("SET", says(fmt.Sprintf("-MOVED %d %s\r\n", keySlot("key"), gone.addr)))
	s.on("EXEC", says("-EXECABORT Transaction discarded because of previous errors.\r\n"))
	c := clusterOf(t, []*scripted{s}, func(o *ClusterOptions) { o.FailoverTimeout = -1 })
	ctx := background(t)
	var set *StatusCmd
	_, err := c.TxPipelined(ctx, func(pipe Pipeliner) error {
		set = pipe.Set(ctx, "key", "v", 0)
		return nil
	})
	require.Error(t, err)
	require.False(t, HasErrorPrefix(err, "MOVED"), "%v", err)
	require.Equal(t, err, set.Err())
}

// Where MULTI is refused, the commands have run though the transaction failed.
func TestMultiRefused(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	s.on("MULTI", says("-NOPERM this user has no permissions to run the 'multi' command\r\n"))
	s.on("INCR", says(":1\r\n"))
	s.on("EXEC", says("-ERR EXEC without MULTI\r\n"))
	ctx := background(t)
	for name, c := range map[string]UniversalClient{"server": clientOf(t, s, nil), "cluster": clusterOf(t, []*scripted{s}, nil)} {
		t.Run(name, func(t *testing.T) {
			var incr *IntCmd
			_, err := c.TxPipelined(ctx, func(pipe Pipeliner) error {
				incr = pipe.Incr(ctx, "k")
				return nil
			})
			require.ErrorIs(t, err, ErrWriteInDoubt)
			require.True(t, IsPermissionError(err), "%v", err)
			require.Equal(t, err, incr.Err())
		})
	}
	require.Equal(t, 2, s.count("INCR"), "none was sent again")
}

// bystander is a hook that does nothing.
type bystander struct{}

func (bystander) DialHook(next DialHook) DialHook                                  { return next }
func (bystander) ProcessHook(next ProcessHook) ProcessHook                         { return next }
func (bystander) ProcessPipelineHook(next ProcessPipelineHook) ProcessPipelineHook { return next }

// Whichever command a server refuses, and whoever sends the transaction, its error is
// EXECABORT and the reason.
func TestOneCommandRefused(t *testing.T) {
	t.Parallel()
	const oom = "OOM command not allowed when used memory > 'maxmemory'."
	newServer := func(t *testing.T) *scripted {
		s := newScripted(t)
		for _, command := range []string{"MULTI", "WATCH", "UNWATCH"} {
			s.on(command, says("+OK\r\n"))
		}
		s.on("INCR", says("+QUEUED\r\n"))
		s.on("APPEND", says("-"+oom+"\r\n"))
		s.on("EXEC", says("-EXECABORT Transaction discarded because of previous errors.\r\n"))
		return s
	}
	type transaction = func(ctx context.Context, fn func(Pipeliner) error) ([]Cmder, error)
	inWatch := func(c UniversalClient) transaction {
		return func(ctx context.Context, fn func(Pipeliner) error) (cmds []Cmder, err error) {
			err = c.Watch(ctx, func(tx *Tx) error {
				cmds, err = tx.TxPipelined(ctx, fn)
				return err
			}, "k")
			return cmds, err
		}
	}
	for name, begin := range map[string]func(*testing.T, *scripted) transaction{
		"Client":        func(t *testing.T, s *scripted) transaction { return clientOf(t, s, nil).TxPipelined },
		"ClusterClient": func(t *testing.T, s *scripted) transaction { return clusterOf(t, []*scripted{s}, nil).TxPipelined },
		"Tx":            func(t *testing.T, s *scripted) transaction { return inWatch(clientOf(t, s, nil)) },
		"Tx of a cluster": func(t *testing.T, s *scripted) transaction {
			return inWatch(clusterOf(t, []*scripted{s}, nil))
		},
		"Conn": func(t *testing.T, s *scripted) transaction {
			conn := clientOf(t, s, nil).Conn()
			t.Cleanup(func() { _ = conn.Close() })
			return conn.TxPipelined
		},
		"hooks of a node": func(t *testing.T, s *scripted) transaction {
			c := clusterOf(t, []*scripted{s}, nil)
			c.OnNewNode(func(node *Client) { node.AddHook(bystander{}) })
			return c.TxPipelined
		},
	} {
		for refused := range 3 {
			t.Run(fmt.Sprint(name, " ", refused), func(t *testing.T) {
				t.Parallel()
				run := begin(t, newServer(t))
				ctx := background(t)
				cmds, err := run(ctx, func(p Pipeliner) error {
					for i := range 3 {
						if i == refused {
							p.Append(ctx, "k", "v")
						} else {
							p.Incr(ctx, "k")
						}
					}
					return nil
				})
				require.Len(t, cmds, 3)
				require.Equal(t, cmds[0].Err(), err)
				require.Equal(t, oom, cmds[refused].Err().Error())
				for _, cmd := range cmds {
					require.Implements(t, new(Error), cmd.Err())
					require.True(t, IsExecAbortError(cmd.Err()), "%v", cmd)
					require.True(t, IsOOMError(cmd.Err()), "%v", cmd)
					require.ErrorContains(t, cmd.Err(), oom)
				}
			})
		}
	}
}

// What redirects a command is no less a redirect because EXEC failed of it.
func TestTransactionRedirected(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	s.on("MULTI", says("+OK\r\n"))
	s.on("INCR", says("-MOVED 5 10.0.0.2:6379\r\n"))
	s.on("EXEC", says("-EXECABORT Transaction discarded because of previous errors.\r\n"))
	ctx := background(t)
	_, err := clientOf(t, s, nil).TxPipelined(ctx, func(p Pipeliner) error { return p.Incr(ctx, "k").Err() })
	require.True(t, IsExecAbortError(err), "%v", err)
	addr, ok := IsMovedError(err)
	require.True(t, ok)
	require.Equal(t, "10.0.0.2:6379", addr)
}

// A transaction whose EXEC was refused for the state of the node or of the cluster did
// not run, and is tried again like any other command.
func TestExecRefusedIsTriedAgain(t *testing.T) {
	t.Parallel()
	for _, cause := range []string{
		"READONLY You can't write against a read only replica.", "CLUSTERDOWN The cluster is down",
		"LOADING Redis is loading the dataset in memory", "MASTERDOWN Link with MASTER is down",
		"NOREPLICAS Not enough good replicas to write.", "TRYAGAIN Multiple keys request during rehashing of slot", "-CLUSTERDOWN Hash slot not served",
	} {
		for name, run := range map[string]func(context.Context, *ClusterClient) error{
			"TxPipelined": func(ctx context.Context, c *ClusterClient) error {
				_, err := c.TxPipelined(ctx, func(p Pipeliner) error { return p.Incr(ctx, "k").Err() })
				return err
			},
			"Watch": func(ctx context.Context, c *ClusterClient) error {
				return c.Watch(ctx, func(tx *Tx) error {
					_, err := tx.TxPipelined(ctx, func(p Pipeliner) error { return p.Incr(ctx, "k").Err() })
					return err
				}, "k")
			},
		} {
			t.Run(name+" "+cause, func(t *testing.T) {
				t.Parallel()
				s := newScripted(t)
				for _, command := range []string{"MULTI", "WATCH", "UNWATCH"} {
					s.on(command, says("+OK\r\n"))
				}
				s.on("INCR", says("+QUEUED\r\n"))
				refused := says("-EXECABORT Transaction discarded because of: " + cause + "\r\n")
				s.on("EXEC", inTurn(refused, refused, says("*1\r\n:1\r\n")))
				require.NoError(t, run(background(t), clusterOf(t, []*scripted{s}, nil)))
				require.Equal(t, 3, s.count("EXEC"))
			})
		}
	}
	t.Run("to no end", func(t *testing.T) {
		t.Parallel()
		s := newScripted(t)
		s.on("MULTI", says("+OK\r\n"))
		s.on("INCR", says("+QUEUED\r\n"))
		s.on("EXEC", says("-EXECABORT Transaction discarded because of: OOM command not allowed when used memory > 'maxmemory'.\r\n"))
		ctx := background(t)
		_, err := clusterOf(t, []*scripted{s}, nil).TxPipelined(ctx, func(p Pipeliner) error { return p.Incr(ctx, "k").Err() })
		require.True(t, IsExecAbortError(err), "%v", err)
		require.True(t, IsOOMError(err), "%v", err)
		require.Equal(t, 1, s.count("EXEC"))
	})
}

// A key that the command table does not know can belong to another shard than the
// others: to wait mends nothing.
func TestTransactionWithAHiddenKeyOfAnotherShard(t *testing.T) {
	t.Parallel()
	servers := newScriptedCluster(t, 2)
	here, there := keyOn(0, 8191), keyOn(8192, 16383)
	for i, s := range servers {
		s.on("MULTI", says("+OK\r\n"))
		s.on("EXEC", says("-EXECABORT Transaction discarded because of previous errors.\r\n"))
		other := servers[1-i]
		for key, command := range map[string]string{here: "SET", there: "MODULE.SET"} {
			if (i == 0) != (key == here) {
				s.on(command, says(fmt.Sprintf("-MOVED %d %s\r\n", keySlot(key), other.addr)))
			} else {
				s.on(command, says("+QUEUED\r\n"))
			}
		}
	}
	c := clusterOf(t, servers, nil)
	ctx := background(t)
	_, err := c.TxPipelined(ctx, func(p Pipeliner) error {
		p.Set(ctx, here, "v", 0)
		return p.Do(ctx, "module.set", "option", there).Err()
	})
	_, moved := IsMovedError(err)
	require.True(t, moved, "%v", err)
	require.ErrorContains(t, err, fmt.Sprintf("(the transaction is in slot %d: keys with the same {tag} share a slot)", keySlot(here)))
}
