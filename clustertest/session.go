package clustertest

import (
	"bufio"
	"bytes"
	"strconv"

	"github.com/alicebob/miniredis/v2/server"
)

// session runs the package's own commands in miniredis, on the data of one
// shard. One goroutine at a time may use it.
type session struct {
	backend *server.Server
	replies bytes.Buffer
	w       *bufio.Writer
	peer    *server.Peer
}

func (c *Cluster) newSession(shard int) *session {
	s := &session{backend: c.backend}
	s.w = bufio.NewWriter(&s.replies)
	s.peer = server.NewPeer(s.w)
	s.peer.ClientName = ownPeer
	s.do("SELECT", strconv.Itoa(shard))
	return s
}

// do runs one command and returns its encoded reply.
func (s *session) do(args ...string) string {
	s.replies.Reset()
	s.backend.Dispatch(s.peer, args)
	_ = s.w.Flush()
	return s.replies.String()
}
