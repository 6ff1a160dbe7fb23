package redis

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A write that was sent and not answered when the client is closed is in doubt.
func TestCloseTellsOfDoubt(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"server", "cluster"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s := newScripted(t)
			sent := make(chan struct{})
			s.on("INCR", func(c *scriptedConn, args []string) {
				stalls(c, args)
				close(sent)
			})
			c := UniversalClient(clientOf(t, s, nil))
			if kind == "cluster" {
				c = clusterOf(t, []*scripted{s}, nil)
			}
			result := make(chan error, 1)
			go func() { result <- c.Incr(background(t), "k").Err() }()
			<-sent
			require.NoError(t, c.Close())
			err := resultFrom(t, result)
			require.ErrorIs(t, err, ErrWriteInDoubt)
			require.ErrorIs(t, err, ErrClosed)
		})
	}
}

// An answer that has come before the client is closed is the caller's.
func TestCloseKeepsAnswers(t *testing.T) {
	t.Parallel()
	s := newScripted(t)
	var c *ClusterClient
	s.on("GET", func(conn *scriptedConn, _ []string) {
		c.topology.end()
		conn.say("-WRONGTYPE not a string\r\n")
	})
	c = clusterOf(t, []*scripted{s}, nil)
	require.ErrorContains(t, c.Get(background(t), "k").Err(), "WRONGTYPE not a string")
}
