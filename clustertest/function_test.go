package clustertest

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFunctionsBelongToTheShard(t *testing.T) {
	t.Parallel()
	c := Start(t, Options{Shards: 2, Replicas: 1})
	key := keyIn(t, c, 0)
	primary, replica, other := dial(t, c.Primary(0)), dial(t, c.Replicas(0)[0]), dial(t, c.Primary(1))
	require.Equal(t, replyError(readOnlyReplica), replica.do("FUNCTION", "LOAD", likeServerTexts["@lib"]))
	require.Equal(t, "lib", primary.do("FUNCTION", "LOAD", likeServerTexts["@lib"]))
	require.Equal(t, "OK", primary.do("FCALL", "put", "1", key, "v"))
	require.Equal(t, replyError("ERR Function not found"), other.do("FCALL", "put", "1", key, "v"))

	require.Equal(t, moved(key, c.Primary(0)), replica.do("FCALL_RO", "fetch", "1", key))
	replica.do("READONLY")
	require.Equal(t, "v", replica.do("FCALL_RO", "fetch", "1", key))
	require.Equal(t, moved(key, c.Primary(0)), replica.do("FCALL", "put", "1", key, "v"))
	require.Equal(t, map[string]int{"FUNCTION": 1, "FCALL": 1}, c.Commands(c.Primary(0)))
}
